// The tree of files: reads are synchronous (nothing can come between a read and the commit that follows it),
// writes go through the journal first and are applied at once. The indexes follow from the files by `derive`.

import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statfsSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import type { Clock } from '@fuchsbau/shared/clock.ts'
import { type Disk, makeDirectory, realDisk } from './disk.ts'
import { IndexFiles, type IndexRecord } from './index-file.ts'
import { Journal, type Op, StoreUnavailable } from './journal.ts'
import { paths } from './layout.ts'
import { Retirement } from './retire.ts'
import type { Cut } from './segment.ts'
import { ValueCache } from './value-cache.ts'

/** One entry that a file has in an index. */
export interface IndexEntry extends IndexRecord {
  index: string
}

/** Which index entries follow from a file. Pure; fsck and recovery use the same. */
export interface Derivation {
  /** Whether files of this path have index entries at all. */
  covers(path: string): boolean
  entries(path: string, value: unknown): IndexEntry[]
  /** The entries that follow from holding a value. They stay when it is done with. */
  held(path: string, value: unknown): IndexEntry[]
}

/** The operation that writes a value as a JSON file. */
export function putJson(path: string, value: unknown): Op {
  return { kind: 'put', path, text: JSON.stringify(value), value }
}

/** The operation that removes a file. */
export function removeFile(path: string): Op {
  return { kind: 'del', path }
}

export interface TreeOptions {
  directory: string
  clock: Clock
  derive: Derivation
  /** How long a live copy may take, ms: what happens meanwhile stays in the journal. */
  retentionMs: number
  /** The journal is not kept longer when it has this many bytes. */
  journalBytes: number
  /** Writes are refused while the disk has less than this free, in bytes. */
  minFreeBytes: number
  /** Bytes at which a journal segment is closed. */
  segmentBytes?: number
  disk?: Disk
}

/** An operation and what it means for the indexes; what is done already is taken off. */
interface Step {
  op: Op
  value: unknown
  cuts: IndexEntry[]
  adds: IndexEntry[]
  isWritten: boolean
}

const FREE_CHECK_MS = 1_000
const SEGMENT_BYTES = 16 * 1024 * 1024
const SEGMENT_MS = 5 * 60_000
const NEARLY_FULL = 'the disk is nearly full'
const OP_PATH = /^(?!keys\/)[a-z]+(?:\/[A-Za-z0-9_-][A-Za-z0-9._-]*)+$/

export class Tree {
  readonly directory: string
  readonly index: IndexFiles
  readonly journal: Journal
  readonly #held = new Map<string, string>()
  #heldCharacters = 0
  readonly #options: TreeOptions
  readonly #disk: Disk
  readonly #retirement: Retirement
  readonly #cache = new ValueCache()
  readonly #listeners = new Set<(path: string, value: unknown) => void>()
  #unapplied: Step[] = []
  #applyFailure: Error | undefined
  #checkedAt = Number.NEGATIVE_INFINITY
  #isFull = false
  #lost: string | undefined

  constructor(options: TreeOptions) {
    const { directory, clock, disk = realDisk, segmentBytes = SEGMENT_BYTES } = options
    this.#options = options
    this.#disk = disk
    this.directory = directory
    this.index = new IndexFiles(join(directory, 'index'), disk)
    this.journal = new Journal(join(directory, paths.journal), {
      clock,
      disk,
      segmentBytes,
      segmentMs: SEGMENT_MS,
    })
    const { retentionMs, journalBytes } = options
    this.#retirement = new Retirement(this, { clock, retentionMs, journalBytes })
  }

  /** The parsed file, or undefined when it is missing or damaged. Treat the value as frozen: it is shared. */
  read<T>(path: string): T | undefined {
    const cached = this.#cache.get(path)
    if (cached !== undefined) return cached as T
    const text = this.readText(path)
    if (text === undefined) return
    const value = parse(text)
    if (value !== undefined) this.#cache.set(path, value, text.length)
    return value as T | undefined
  }

  /** The same without keeping it in memory, for what is read once. */
  readOnce<T>(path: string): T | undefined {
    const text = this.readText(path)
    return text === undefined ? undefined : (parse(text) as T | undefined)
  }

  readText(path: string): string | undefined {
    const file = join(this.directory, path)
    // Asked first, because a thrown ENOENT costs five times as much as the question.
    return existsSync(file) ? readFileSync(file, 'utf8') : undefined
  }

  /** Names in a directory of the tree, without unfinished temporary files; empty when there is none. */
  list(directory: string): string[] {
    const folder = join(this.directory, directory)
    if (!existsSync(folder)) return []
    try {
      return readdirSync(folder).filter((name) => !name.endsWith('.tmp'))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return []
      throw error
    }
  }

  /** Accepted activities that have no file: path → text. */
  get held(): ReadonlyMap<string, string> {
    return this.#held
  }

  /** Length of all that is held. */
  get heldCharacters(): number {
    return this.#heldCharacters
  }

  /**
   * Calls back after every applied change; `value` is undefined when the file is gone. Returns the function that
   * ends it.
   */
  onChange(listener: (path: string, value: unknown) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /**
   * Writes one transaction: all of it or nothing. Applied when this returns; on disk when the promise resolves.
   * @throws StoreUnavailable (at once) when the disk is full or has failed; nothing was changed then.
   */
  commit(ops: readonly Op[]): Promise<void> {
    this.#checkSpace(ops.every(({ kind }) => kind === 'del'))
    const steps = this.#plan(ops)
    const durable = this.journal.append(withCuts(ops, steps))
    this.#unapplied.push(...steps)
    this.#applyAll()
    return durable
  }

  /**
   * Writes a file that may be lost (a copy of what a peer has). One that an index depends on goes through the
   * journal without waiting for the disk; the others are left out silently while the disk takes no data.
   * @throws StoreUnavailable for those in an index.
   */
  writeCached(path: string, value: unknown): void {
    if (this.#options.derive.covers(path)) {
      const ops = [putJson(path, value)]
      this.#checkSpace(false)
      const steps = this.#plan(ops)
      this.journal.appendLazily(withCuts(ops, steps))
      this.#unapplied.push(...steps)
      this.#applyAll()
      return
    }
    const text = JSON.stringify(value)
    this.#cache.set(path, value, text.length)
    if (this.unavailable() === undefined) {
      try {
        this.#disk.writeFile(join(this.directory, path), text)
      } catch (error) {
        if (!isDiskFull(error)) throw error
      }
    }
    this.#notify(path, value)
  }

  /** Removes a file that was written by `writeCached`, outside of the indexes. */
  removeCached(path: string): void {
    this.#cache.delete(path)
    rmSync(join(this.directory, path), { force: true })
    this.#notify(path, undefined)
  }

  /** Whether writes are refused now, and why. */
  unavailable(): string | undefined {
    if (this.#lost) return this.#lost
    if (this.journal.failure) return 'the journal failed; restart after mending the disk'
    if (this.#applyFailure) {
      return `journalled changes wait to be applied: ${this.#applyFailure.message}`
    }
    if (this.#isFull) return NEARLY_FULL
    return
  }

  /** Takes no more writes, for good. */
  giveUp(reason: string): void {
    this.#lost = reason
  }

  /**
   * Applies what a full disk kept back, and in the background lets go of journal segments whose effects are on
   * disk. Call about every 10 s.
   */
  maintain(): void {
    this.#applyAll()
    if (this.#unapplied.length === 0 && !this.#lost) this.#retirement.start()
  }

  /** Resolves when what `maintain` began in the background is done. */
  settled(): Promise<void> {
    return this.#retirement.settled()
  }

  /** Writes the current text of a waiting activity into the journal again; gives it a file if it has none. */
  journalAgain(path: string): Promise<void> {
    const held = this.#held.get(path)
    const text = held ?? this.readText(path)
    if (text === undefined) return Promise.resolve()
    if (held !== undefined) return this.commit([{ kind: 'put', path, text }])
    return this.journal.append([{ kind: 'put', path, text }])
  }

  /** Gives everything that is held a file, waits for the disk, and tells whether nothing is left to recover. */
  async close(): Promise<boolean> {
    await this.#retirement.stop()
    try {
      for (const path of [...this.#held.keys()]) this.journalAgain(path)
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error
    }
    const isDurable = await this.journal.close()
    this.index.close()
    return isDurable && this.#held.size === 0 && this.#unapplied.length === 0 && !this.#lost
  }

  /** Writes a file without the journal, as recovery does, and without touching the indexes. */
  restore(path: string, text: string | undefined): void {
    this.#cache.delete(path)
    const file = join(this.directory, path)
    if (text === undefined) rmSync(file, { force: true })
    else this.#disk.writeFile(file, text)
  }

  /** Moves a damaged file out of the way. */
  setAside(path: string): void {
    const target = join(this.directory, paths.damaged(path))
    makeDirectory(dirname(target))
    renameSync(join(this.directory, path), target)
    this.#cache.delete(path)
    this.#notify(path, undefined)
  }

  /** Keeps a text without a file. It must be in the journal. */
  hold(path: string, text: string): void {
    this.#release(path)
    this.#held.set(path, text)
    this.#heldCharacters += text.length
  }

  /** Removes a directory if it is empty. */
  removeEmpty(directory: string): void {
    try {
      rmdirSync(join(this.directory, directory))
    } catch {
      // not empty, or gone
    }
  }

  /** What each operation does to the indexes. */
  #plan(ops: readonly Op[]): Step[] {
    const { derive } = this.#options
    const planned = new Map<string, unknown>()
    return ops.map((op) => {
      checkPath(op.path)
      const value = op.kind === 'del' ? undefined : (op.value ?? parse(op.text))
      const step: Step = { op, value, cuts: [], adds: [], isWritten: false }
      if (op.kind === 'hold') return { ...step, adds: derive.held(op.path, value) }
      if (!derive.covers(op.path)) return step
      const before = planned.has(op.path) ? planned.get(op.path) : this.read(op.path)
      planned.set(op.path, value)
      const old = before === undefined ? [] : derive.entries(op.path, before)
      const now = value === undefined ? [] : derive.entries(op.path, value)
      return { ...step, cuts: without(old, now), adds: without(now, old) }
    })
  }

  #applyAll(): void {
    for (let step = this.#unapplied[0]; step !== undefined; step = this.#unapplied[0]) {
      try {
        this.#apply(step)
      } catch (error) {
        // In the journal, so not lost: `maintain` and a restart try again. Until then no new write is taken.
        this.#applyFailure = error as Error
        return
      }
      this.#unapplied.shift()
      if (step.op.kind !== 'hold') this.#notify(step.op.path, step.value)
    }
    this.#applyFailure = undefined
  }

  /** Object before index, so that an index never names what is not there. May be called again after it failed. */
  #apply(step: Step): void {
    const { op, value, cuts, adds } = step
    if (!step.isWritten) {
      if (op.kind === 'hold') this.hold(op.path, op.text)
      else if (op.kind === 'del') this.#remove(op.path)
      else this.#write(op.path, op.text, value)
      step.isWritten = true
    }
    for (let cut = cuts[0]; cut !== undefined; cut = cuts[0]) {
      this.index.remove(cut.index, cut)
      cuts.shift()
    }
    for (let add = adds[0]; add !== undefined; add = adds[0]) {
      this.index.append(add.index, add)
      adds.shift()
    }
  }

  #write(path: string, text: string, value: unknown): void {
    this.#disk.writeFile(join(this.directory, path), text)
    this.#release(path)
    if (value === undefined) this.#cache.delete(path)
    else this.#cache.set(path, value, text.length)
  }

  #remove(path: string): void {
    this.#cache.delete(path)
    // What is held has no file.
    if (!this.#release(path)) rmSync(join(this.directory, path), { force: true })
  }

  #release(path: string): boolean {
    this.#heldCharacters -= this.#held.get(path)?.length ?? 0
    return this.#held.delete(path)
  }

  #notify(path: string, value: unknown): void {
    for (const listener of this.#listeners) listener(path, value)
  }

  #checkSpace(isRemoval: boolean): void {
    const now = this.#options.clock.now()
    if (now - this.#checkedAt >= FREE_CHECK_MS || now < this.#checkedAt) {
      this.#checkedAt = now
      const { bavail, bsize } = statfsSync(this.directory)
      this.#isFull = bavail * bsize < this.#options.minFreeBytes
    }
    const reason = this.unavailable()
    // Removing is how there comes to be room again.
    if (reason && !(isRemoval && reason === NEARLY_FULL)) throw new StoreUnavailable(reason)
  }
}

function withCuts(ops: readonly Op[], steps: readonly Step[]): readonly (Op | Cut)[] {
  const cuts = steps.flatMap(({ cuts }) => cuts)
  if (cuts.length === 0) return ops
  return [
    ...ops,
    ...cuts.map(({ index, key, at }): Cut => ({ kind: 'cut', path: index, text: `${key} ${at}` })),
  ]
}

/** Paths come from ids and names that were parsed before; a bad one is a bug, and must not leave the tree. */
function checkPath(path: string): void {
  if (!OP_PATH.test(path)) throw new TypeError(`not a path for a transaction: ${path}`)
}

const without = (entries: IndexEntry[], others: IndexEntry[]) =>
  entries.filter(
    ({ index, key }) => !others.some((other) => other.index === index && other.key === key),
  )

function isDiskFull(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOSPC' || code === 'EDQUOT'
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
