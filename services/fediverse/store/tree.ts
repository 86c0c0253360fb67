// The tree of files: reads are synchronous (nothing can come between a read and the commit that follows it),
// writes go through the journal first and are applied at once. The indexes follow from the files by `derive`.

import { join } from 'node:path'
import type { Clock } from '@fuchsbau/shared/clock.ts'
import { Applier } from './apply.ts'
import { type Disk, realDisk } from './disk.ts'
import { Files } from './files.ts'
import { FreeSpace } from './free-space.ts'
import type { Held } from './held.ts'
import { Holding } from './holding.ts'
import { IndexFiles } from './index-file.ts'
import { Journal, type Op, StoreUnavailable } from './journal.ts'
import { paths } from './layout.ts'
import { Retirement } from './retire.ts'
import type { Cut } from './segment.ts'
import { type Derivation, type IndexEntry, parseJson, plan, withCuts } from './transaction.ts'

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
  /** Called before each transaction; may give up. */
  beforeWrite?(): void
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
  readonly held: Held
  /** Deliveries that have no file. */
  readonly queued: Held
  readonly #clock: Clock
  readonly #derive: Derivation
  readonly #beforeWrite: () => void
  readonly #files: Files
  readonly #applier: Applier
  readonly #space: FreeSpace
  readonly #retirement: Retirement
  readonly #holding: Holding
  readonly #listeners = new Set<(path: string, value: unknown) => void>()
  #replaceFailure: Error | undefined
  #lost: string | undefined

  constructor(options: TreeOptions) {
    const { directory, clock, disk = realDisk, retentionMs, journalBytes } = options
    this.directory = directory
    this.#clock = clock
    this.#derive = options.derive
    this.#beforeWrite = options.beforeWrite ?? (() => {})
    this.#files = new Files(directory, disk)
    this.index = new IndexFiles(join(directory, 'index'), disk)
    this.journal = new Journal(join(directory, paths.journal), {
      clock,
      disk,
      segmentBytes: SEGMENT_BYTES,
      segmentMs: SEGMENT_MS,
      onDurable: () => this.#replaceFiles(),
    })
    this.#holding = new Holding(clock, (ops) => this.#commit(ops, this.#appendLazily))
    this.held = this.#holding.accepted
    this.queued = this.#holding.queued
    this.#applier = new Applier({
      files: this.#files,
      index: this.index,
      journal: this.journal,
      heldOf: (path) => this.#holding.of(path),
      now: () => clock.now(),
      notify: (path, value) => this.#notify(path, value),
    })
    this.#space = new FreeSpace(directory, clock, options.minFreeBytes)
    this.#retirement = new Retirement(this, { clock, disk, retentionMs, journalBytes })
  }

  /** The parsed file, or undefined when it is missing or damaged. Treat the value as frozen: it is shared. */
  read<T>(path: string): T | undefined {
    return this.#files.read(path) as T | undefined
  }

  /** The same without keeping it in memory, for what is read once. */
  readOnce<T>(path: string): T | undefined {
    const text = this.readText(path)
    return text === undefined ? undefined : (parseJson(text) as T | undefined)
  }

  readText(path: string): string | undefined {
    return this.#files.readText(path)
  }

  /** The beginning of a file, about so many bytes of it; a character may be cut. */
  readStart(path: string, bytes: number): string | undefined {
    return this.#files.readStart(path, bytes)
  }

  /** Names in a directory of the tree, without unfinished temporary files; empty when there is none. */
  list(directory: string): string[] {
    return this.#files.list(directory)
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
    this.#commit(ops, this.#appendLazily)
  }

  /**
   * Writes a file that may be lost (a copy of what a peer has). One that an index depends on goes through the
   * journal without waiting for the disk; the others are left out silently while the disk takes no data.
   * @throws StoreUnavailable for those in an index.
   */
  writeCached(path: string, value: unknown): void {
    if (this.#derive.covers(path)) {
      this.commitLazily([putJson(path, value)])
      return
    }
    const text = JSON.stringify(value)
    if (this.unavailable() === undefined) {
      try {
        this.#files.overwrite(path, text)
      } catch (error) {
        if (!isDiskFull(error)) throw error
      }
    }
    this.#files.remember(path, value, text.length)
    this.#notify(path, value)
  }

  /** Removes a file that was written by `writeCached`, outside of the indexes. */
  removeCached(path: string): void {
    this.#files.remove(path)
    this.#notify(path, undefined)
  }

  /** Whether writes are refused now, and why. */
  unavailable(): string | undefined {
    if (this.#lost) return this.#lost
    if (this.journal.failure) return 'the journal failed; restart after mending the disk'
    const failure = this.#applier.failure ?? this.#replaceFailure
    if (failure) return `journalled changes wait to be applied: ${failure.message}`
    if (this.#space.isLow()) return NEARLY_FULL
    return
  }

  /** Takes no more writes, for good. */
  giveUp(reason: string): void {
    this.#lost = reason
  }

  /**
   * Applies what a full disk kept back; in the background, gives files to deliveries that wait and lets go of journal
   * segments whose effects are on disk. Call about every 10 s.
   */
  maintain(): void {
    this.#applier.apply([])
    this.#replaceFiles()
    if (this.#files.waiting > 0) void this.journal.flush().catch(() => {}) // told by `unavailable`
    const isWhole = this.#applier.waiting === 0 && !this.#replaceFailure
    if (!isWhole || this.journal.failure || this.#lost) return
    this.#holding.start()
    this.#retirement.start()
  }

  /** Resolves when what `maintain` began in the background is done. */
  async settled(): Promise<void> {
    await this.#holding.settled()
    await this.#retirement.settled()
  }

  /** Writes what waits into the journal again; what has no file gets one. */
  async journalAgain(path: string): Promise<void> {
    const text = this.#holding.of(path).get(path)
    if (text !== undefined) return this.#commit([{ kind: 'put', path, text }], this.#append)
    const filed = this.readText(path)
    if (filed !== undefined) await this.journal.append([{ kind: 'put', path, text: filed }])
  }

  /** Gives everything that is held a file, waits for the disk, and tells whether nothing is left to recover. */
  async close(): Promise<boolean> {
    await this.#holding.stop()
    await this.#retirement.stop()
    const files = this.#holding.toFiles()
    try {
      if (files.length > 0) void this.#commit(files, this.#append)
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error
    }
    const isDurable = await this.journal.close()
    this.index.close()
    await this.#retirement.syncIndexes()
    const left = this.#holding.count + this.#applier.waiting + this.#files.waiting
    return isDurable && left === 0 && !this.#lost
  }

  /** Writes a file without the journal, as recovery does, and without touching the indexes. */
  restore(path: string, text: string | undefined): void {
    if (text === undefined) this.#files.remove(path)
    else this.#files.overwrite(path, text)
  }

  /** Keeps a text without a file. It must be in the journal. */
  hold(path: string, text: string): void {
    this.#holding.of(path).set(path, text, this.#clock.now())
  }

  /** Moves a damaged file out of the way. */
  setAside(path: string): void {
    this.#files.setAside(path)
    this.#notify(path, undefined)
  }

  /** Removes a directory if it is empty. */
  removeEmpty(directory: string): void {
    this.#files.removeEmpty(directory)
  }

  readonly #append = (line: readonly (Op | Cut)[]) => this.journal.append(line)

  readonly #appendLazily = (line: readonly (Op | Cut)[]) => this.journal.appendLazily(line)

  #commit<T>(ops: readonly Op[], append: (line: readonly (Op | Cut)[]) => T): T {
    const steps = plan(ops, this.#derive, (path) => this.read(path))
    const appended = append(withCuts(ops, steps))
    this.#applier.apply(steps)
    return appended
  }

  #replaceFiles(): void {
    try {
      this.#files.replace(this.journal.durable)
      this.#replaceFailure = undefined
    } catch (error) {
      this.#replaceFailure = error as Error
    }
  }

  #notify(path: string, value: unknown): void {
    for (const listener of this.#listeners) listener(path, value)
  }

  /** Removing is how there comes to be room again. */
  #checkSpace(ops: readonly Op[]): void {
    this.#beforeWrite()
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
