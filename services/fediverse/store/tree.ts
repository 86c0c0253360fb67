// The tree of files: reads are synchronous (nothing can come between a read and the commit that follows it),
// writes go through the journal first and are applied at once. The indexes follow from the files by `derive`.

import { existsSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Clock } from '@fuchsbau/shared/clock.ts'
import { type Disk, makeDirectory, realDisk } from './disk.ts'
import { FreeSpace } from './free-space.ts'
import { Held } from './held.ts'
import { IndexFiles } from './index-file.ts'
import { Journal, type Op, StoreUnavailable } from './journal.ts'
import { paths } from './layout.ts'
import { Retirement } from './retire.ts'
import type { Cut } from './segment.ts'
import {
  type Derivation,
  type IndexEntry,
  parseJson,
  plan,
  type Step,
  withCuts,
} from './transaction.ts'
import { ValueCache } from './value-cache.ts'

export type { Derivation, IndexEntry }

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

const SEGMENT_BYTES = 16 * 1024 * 1024
const SEGMENT_MS = 5 * 60_000
const NEARLY_FULL = 'the disk is nearly full'

export class Tree {
  readonly directory: string
  readonly index: IndexFiles
  readonly journal: Journal
  /** Accepted activities that have no file. */
  readonly held = new Held()
  /** Deliveries that have no file. */
  readonly queued = new Held()
  readonly #options: TreeOptions
  readonly #disk: Disk
  readonly #retirement: Retirement
  readonly #cache = new ValueCache()
  readonly #listeners = new Set<(path: string, value: unknown) => void>()
  #unapplied: Step[] = []
  /**
   * New texts of files that exist already: they are replaced when the journal is on disk, because some file systems
   * leave neither the old nor the new content after a power cut. `line` counts transactions.
   */
  readonly #later = new Map<string, { text: string; line: number }>()
  #applyFailure: Error | undefined
  #laterFailure: Error | undefined
  readonly #space: FreeSpace
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
      onDurable: () => this.#writeLater(),
    })
    const { retentionMs, journalBytes, minFreeBytes } = options
    this.#space = new FreeSpace(directory, clock, minFreeBytes)
    this.#retirement = new Retirement(this, { clock, disk, retentionMs, journalBytes })
  }

  /** The parsed file, or undefined when it is missing or damaged. Treat the value as frozen: it is shared. */
  read<T>(path: string): T | undefined {
    const cached = this.#cache.get(path)
    if (cached !== undefined) return cached as T
    const text = this.readText(path)
    if (text === undefined) return
    const value = parseJson(text)
    if (value !== undefined) this.#cache.set(path, value, text.length)
    return value as T | undefined
  }

  /** The same without keeping it in memory, for what is read once. */
  readOnce<T>(path: string): T | undefined {
    const text = this.readText(path)
    return text === undefined ? undefined : (parseJson(text) as T | undefined)
  }

  readText(path: string): string | undefined {
    const later = this.#later.get(path)
    if (later) return later.text
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
    this.#checkSpace(ops)
    return this.#commit(ops, this.#append)
  }

  /**
   * The same for what can be done again after a power cut, such as the effect of an activity that is in the journal:
   * on disk as soon as somebody else waits for the disk. A crash of the process alone loses nothing of it.
   */
  commitLazily(ops: readonly Op[]): void {
    this.#checkSpace(ops)
    this.#commit(ops, (line) => this.journal.appendLazily(line))
  }

  /**
   * Writes a file that may be lost (a copy of what a peer has). One that an index depends on goes through the
   * journal without waiting for the disk; the others are left out silently while the disk takes no data.
   * @throws StoreUnavailable for those in an index.
   */
  writeCached(path: string, value: unknown): void {
    if (this.#options.derive.covers(path)) {
      this.commitLazily([putJson(path, value)])
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
    const failure = this.#applyFailure ?? this.#laterFailure
    if (failure) return `journalled changes wait to be applied: ${failure.message}`
    if (this.#space.isLow()) return NEARLY_FULL
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
    this.#writeLater()
    if (this.#later.size > 0) void this.journal.flush().catch(() => {}) // told by `unavailable`
    const isWhole = this.#unapplied.length === 0 && !this.#laterFailure
    if (isWhole && !this.journal.failure && !this.#lost) this.#retirement.start()
  }

  /** Resolves when what `maintain` began in the background is done. */
  settled(): Promise<void> {
    return this.#retirement.settled()
  }

  /** Writes the current text of a waiting activity into the journal again; gives it a file if it has none. */
  journalAgain(path: string): Promise<void> {
    const held = this.#heldOf(path).get(path)
    const text = held ?? this.readText(path)
    if (text === undefined) return Promise.resolve()
    const op = { kind: 'put', path, text } as const
    return held === undefined ? this.journal.append([op]) : this.#commit([op], this.#append)
  }

  /** Gives everything that is held a file, waits for the disk, and tells whether nothing is left to recover. */
  async close(): Promise<boolean> {
    await this.#retirement.stop()
    try {
      for (const path of this.held.paths()) void this.journalAgain(path)
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error
    }
    const isDurable = await this.journal.close()
    this.index.close()
    await this.#retirement.syncIndexes()
    const left = this.held.count + this.queued.count + this.#unapplied.length + this.#later.size
    return isDurable && left === 0 && !this.#lost
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

  /** Removes a directory if it is empty. */
  removeEmpty(directory: string): void {
    try {
      rmdirSync(join(this.directory, directory))
    } catch {
      // not empty, or gone
    }
  }

  readonly #append = (line: readonly (Op | Cut)[]) => this.journal.append(line)

  #commit<T>(ops: readonly Op[], append: (line: readonly (Op | Cut)[]) => T): T {
    const steps = plan(ops, this.#options.derive, (path) => this.read(path))
    const appended = append(withCuts(ops, steps))
    this.#unapplied.push(...steps)
    this.#applyAll()
    return appended
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
      if (op.kind === 'hold') this.#hold(op.path, op.text)
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
    this.#heldOf(path).delete(path)
    const file = join(this.directory, path)
    if (this.#later.delete(path) || existsSync(file)) {
      this.#later.set(path, { text, line: this.journal.written })
    } else this.#disk.writeFile(file, text)
    if (value === undefined) this.#cache.delete(path)
    else this.#cache.set(path, value, text.length)
  }

  /** What is held has no file: one that still waits from an earlier time gives way. */
  #hold(path: string, text: string): void {
    this.#remove(path)
    this.#heldOf(path).set(path, text, this.#options.clock.now())
  }

  #heldOf(path: string): Held {
    return path.startsWith('queue/') ? this.queued : this.held
  }

  /** The operation that gives a file to what is held. */
  #toFile(path: string): Op {
    return { kind: 'put', path, text: this.#heldOf(path).get(path) ?? '' }
  }

  /** Replaces the files whose transactions are on disk by now. */
  #writeLater(): void {
    try {
      for (const [path, { text, line }] of this.#later) {
        if (line > this.journal.durable) break
        this.#disk.writeFile(join(this.directory, path), text)
        this.#later.delete(path)
      }
      this.#laterFailure = undefined
    } catch (error) {
      this.#laterFailure = error as Error
    }
  }

  #remove(path: string): void {
    this.#cache.delete(path)
    this.#later.delete(path)
    if (!this.#heldOf(path).delete(path)) rmSync(join(this.directory, path), { force: true })
  }

  #notify(path: string, value: unknown): void {
    for (const listener of this.#listeners) listener(path, value)
  }

  /** Removing is how there comes to be room again. */
  #checkSpace(ops: readonly Op[]): void {
    const reason = this.unavailable()
    if (reason === undefined) return
    const isRemoval = ops.every(({ kind }) => kind === 'del')
    if (!(isRemoval && reason === NEARLY_FULL)) throw new StoreUnavailable(reason)
  }
}

function isDiskFull(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOSPC' || code === 'EDQUOT'
}
