// How journal segments end. Some time after a segment was closed, every file that it touched is made durable and what
// still waits in inbox/ is written into the journal again; only later, when every live copy that could have missed one
// of those files is over, the segment goes. All of it in the background, in small pieces.

import { closeSync, fdatasync, fsync, openSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Clock } from '@fuchsbau/shared/clock.ts'
import { Background } from './background.ts'
import type { Disk } from './disk.ts'
import type { Held } from './held.ts'
import type { IndexFiles } from './index-file.ts'
import type { ClosedSegment, Journal } from './journal.ts'
import { isPending, paths } from './layout.ts'
import { readSegment } from './segment.ts'

/** What is needed of the tree. */
export interface Retiring {
  readonly directory: string
  readonly journal: Journal
  readonly index: IndexFiles
  readonly queued: Held
  /** Writes the current text of a waiting activity into the journal again. */
  journalAgain(path: string): Promise<void>
}

export interface RetirementOptions {
  clock: Clock
  /** Longest time that a live copy may take, ms. */
  retentionMs: number
  /** The journal is kept shorter when it has more bytes than this. */
  journalBytes: number
  disk: Disk
}

const TURN_LINES = 200
/** So many files are made durable one by one: the rest of the disk may have much to write. */
const FEW_FILES = 200

export class Retirement {
  readonly #tree: Retiring
  readonly #options: RetirementOptions
  /** Number of a segment → when its effects were on disk. */
  readonly #settledAt = new Map<number, number>()
  readonly #background = new Background()

  constructor(tree: Retiring, options: RetirementOptions) {
    this.#tree = tree
    this.#options = options
  }

  /** Begins a round, unless one is under way or there is nothing to do. A segment whose round fails stays. */
  start(): void {
    if (this.#hasWork()) this.#background.start(() => this.#run())
  }

  settled(): Promise<void> {
    return this.#background.settled()
  }

  stop(): Promise<void> {
    return this.#background.stop()
  }

  /** Makes all indexes durable. */
  async syncIndexes(): Promise<void> {
    const isMuch = this.#tree.index.unsynced.size > FEW_FILES
    if (isMuch && (await this.#options.disk.syncAll(this.#tree.directory))) return
    const directories = new Set<string>()
    await this.#syncIndexFiles(directories)
    for (const directory of directories) await syncLater(directory, syncAll)
  }

  #hasWork(): boolean {
    const [oldest] = this.#tree.journal.closed
    return oldest !== undefined && (this.#mayGo(oldest) || this.#dueToSettle().length > 0)
  }

  async #run(): Promise<void> {
    const due = this.#dueToSettle()
    for (const { path } of due) await this.#journalPending(path)
    if (due.length > 0 && !this.#background.isStopping && (await this.#makeDurable(due))) {
      for (const { number } of due) this.#settledAt.set(number, this.#options.clock.now())
    }
    for (let oldest = this.#oldest(); oldest && this.#mayGo(oldest); oldest = this.#oldest()) {
      this.#tree.journal.discardOldest()
      this.#settledAt.delete(oldest.number)
    }
  }

  #oldest(): ClosedSegment | undefined {
    return this.#tree.journal.closed[0]
  }

  #dueToSettle(): ClosedSegment[] {
    const isDue = this.#options.clock.now() - this.#options.retentionMs / 2
    const isTooMuch = this.#isTooMuch()
    return this.#tree.journal.closed.filter(
      ({ number, closedAt }) => !this.#settledAt.has(number) && (closedAt <= isDue || isTooMuch),
    )
  }

  #mayGo(segment: ClosedSegment): boolean {
    const settledAt = this.#settledAt.get(segment.number)
    if (settledAt === undefined) return false
    return settledAt <= this.#options.clock.now() - this.#options.retentionMs || this.#isTooMuch()
  }

  #isTooMuch(): boolean {
    const bytes = this.#tree.journal.closed.reduce((sum, segment) => sum + segment.bytes, 0)
    return bytes > this.#options.journalBytes
  }

  /** Writes what a segment says of things that still wait into the journal again. */
  async #journalPending(segment: string): Promise<void> {
    for await (const path of this.#paths(segment)) {
      if (isPending(path) || this.#tree.queued.get(path)) await this.#tree.journalAgain(path)
    }
  }

  /** Makes the effects of segments durable; false when it was stopped. */
  async #makeDurable(segments: readonly ClosedSegment[]): Promise<boolean> {
    const { unsynced } = this.#tree.index
    const names = [...unsynced]
    unsynced.clear() // before: what is written meanwhile counts again
    if (await this.#options.disk.syncAll(this.#tree.directory)) return true
    for (const name of names) unsynced.add(name)
    const directories = new Set<string>()
    for (const { path: segment } of segments) {
      for await (const path of this.#paths(segment)) await this.#sync(path, directories)
    }
    await this.#syncIndexFiles(directories)
    for (const directory of directories) await syncLater(directory, syncAll)
    return !this.#background.isStopping
  }

  /** Every path of a segment once, with a pause from time to time; ends early when all is to stop. */
  async *#paths(segment: string): AsyncGenerator<string> {
    const given = new Set<string>()
    let lines = 0
    for (const { ops = [] } of readSegment(segment)) {
      if (this.#background.isStopping) return
      if (++lines % TURN_LINES === 0) await nextTurn()
      for (const { kind, path } of ops) {
        if (kind === 'cut' || given.has(path)) continue
        given.add(path)
        yield path
      }
    }
  }

  async #syncIndexFiles(directories: Set<string>): Promise<void> {
    const { unsynced } = this.#tree.index
    for (const name of [...unsynced]) {
      unsynced.delete(name) // before: what is written meanwhile counts again
      try {
        await this.#sync(paths.index(name), directories)
      } catch (error) {
        unsynced.add(name)
        throw error
      }
    }
  }

  /** Makes a file's content durable and notes the directories above it. */
  async #sync(path: string, directories: Set<string>): Promise<void> {
    const file = join(this.#tree.directory, path)
    await syncLater(file, syncData)
    for (let above = dirname(file); !directories.has(above); above = dirname(above)) {
      directories.add(above)
      if (above === this.#tree.directory) break
    }
  }
}

const syncData = promisify(fdatasync)
const syncAll = promisify(fsync)

/** Makes a file or directory durable; one that is gone needs nothing. */
async function syncLater(path: string, sync: typeof syncData): Promise<void> {
  let descriptor: number
  try {
    descriptor = openSync(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  try {
    await sync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
