// The redo log: what is acknowledged is in here first. `append` writes at once, so a killed process loses nothing; the
// promise that it returns resolves after the next fdatasync, which many writers share (group commit), so a power cut
// loses nothing that was acknowledged. Closed segments stay for a while, see retire.ts.

import { closeSync, fsync, openSync, statSync, unlinkSync } from 'node:fs'
import type { Clock } from '@fuchsbau/shared/clock.ts'
import { type Disk, makeDirectory } from './disk.ts'
import { type Cut, encodeLine, type Op, segmentNumbers, segmentPath } from './segment.ts'

export type { Op } from './segment.ts'

/** The store cannot take a write now; the caller answers 503 (or tells the person) and nothing was changed. */
export class StoreUnavailable extends Error {
  override name = 'StoreUnavailable'
}

export interface JournalOptions {
  clock: Clock
  disk: Disk
  /** A segment is closed when it is this long, in bytes. */
  segmentBytes: number
  /** …or this old, in ms. */
  segmentMs: number
  /** Called after each fdatasync, before those who wait for it go on. */
  onDurable?(): void
}

/** A segment that takes no more lines. */
export interface ClosedSegment {
  number: number
  path: string
  bytes: number
  /** When it was closed, or found at start. */
  closedAt: number
}

export class Journal {
  readonly directory: string
  readonly #options: JournalOptions
  readonly #segments: ClosedSegment[]
  #number: number
  #descriptor: number
  /** Bytes written, and bytes up to which the file is filled with zeros. */
  #length = 0
  #reserved = 0
  #openedAt: number
  #pending: PromiseWithResolvers<void> | undefined
  #syncing: Promise<void> | undefined
  /** Closed segments whose last lines are not on disk yet. */
  #closing: { descriptor: number; length: number }[] = []
  /** Whether the directory entry of the open segment is not on disk yet. */
  #isNew = true
  /** Whether lines were written for which nobody waits. */
  #hasLazy = false
  /** Transactions written, and how many of them are on disk. */
  #written = 0
  #durable = 0
  #failure: Error | undefined
  #closed: Promise<boolean> | undefined

  /** Opens a new segment behind those that are there. The directory is made when it is missing. */
  constructor(directory: string, options: JournalOptions) {
    makeDirectory(directory)
    this.directory = directory
    this.#options = options
    this.#openedAt = options.clock.now()
    const numbers = segmentNumbers(directory)
    this.#segments = numbers.map((number) => {
      const path = segmentPath(directory, number)
      return { number, path, bytes: statSync(path).size, closedAt: this.#openedAt }
    })
    this.#number = (numbers.at(-1) ?? 0) + 1
    this.#descriptor = openNew(segmentPath(directory, this.#number))
  }

  /** Why the journal takes no more writes, if so: only a restart (and the replay that comes with it) helps. */
  get failure(): Error | undefined {
    return this.#failure
  }

  /** Transactions written so far. */
  get written(): number {
    return this.#written
  }

  /** How many of them are on disk for sure. */
  get durable(): number {
    return this.#durable
  }

  /** Segments that take no more lines, oldest first. */
  get closed(): readonly ClosedSegment[] {
    return this.#segments
  }

  /**
   * Writes one transaction. Returns a promise that resolves when it is on disk.
   * @throws StoreUnavailable at once, with nothing changed, when the line cannot be written (disk full).
   */
  append(ops: readonly (Op | Cut)[]): Promise<void> {
    this.#write(ops)
    this.#pending ??= Promise.withResolvers<void>()
    const { promise } = this.#pending
    // A caller that does not wait for the disk must not bring the process down when the disk fails.
    promise.catch(() => {})
    this.#syncing ??= this.#sync()
    return promise
  }

  /** The same for what may be lost in a power cut: written now, on disk whenever somebody else waits for it. */
  appendLazily(ops: readonly (Op | Cut)[]): void {
    this.#write(ops)
    this.#hasLazy = true
  }

  /** Resolves when everything appended so far is on disk. */
  async flush(): Promise<void> {
    if (this.#hasLazy) {
      this.#hasLazy = false
      this.#pending ??= Promise.withResolvers<void>()
      this.#pending.promise.catch(() => {})
      this.#syncing ??= this.#sync()
    }
    await this.#syncing
    if (this.#failure) throw new StoreUnavailable('the disk failed', { cause: this.#failure })
  }

  /** Closes the segment and opens the next. */
  rotate(): void {
    const next = openNew(segmentPath(this.directory, this.#number + 1))
    const closedAt = this.#options.clock.now()
    const path = segmentPath(this.directory, this.#number)
    this.#segments.push({ number: this.#number, path, bytes: this.#length, closedAt })
    this.#closing.push({ descriptor: this.#descriptor, length: this.#length })
    this.#number += 1
    this.#descriptor = next
    this.#length = 0
    this.#reserved = 0
    this.#openedAt = closedAt
    this.#isNew = true
    this.#syncing ??= this.#sync()
  }

  /** Deletes the oldest closed segment; its effects must be on disk. */
  discardOldest(): void {
    const [oldest] = this.#segments
    if (!oldest) return
    unlinkSync(oldest.path)
    this.#segments.shift()
  }

  /** Waits for the disk; false when it failed. Nothing can be appended afterwards. */
  async close(): Promise<boolean> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<boolean> {
    await this.flush().catch(() => {}) // told by `failure`
    const isDurable = this.#failure === undefined
    this.#failure ??= new Error('the journal is closed')
    if (isDurable) this.#options.disk.truncate(this.#descriptor, this.#length)
    closeSync(this.#descriptor)
    if (this.#length === 0) unlinkSync(segmentPath(this.directory, this.#number))
    return isDurable
  }

  #write(ops: readonly (Op | Cut)[]): void {
    if (this.#failure) throw new StoreUnavailable('the journal failed', { cause: this.#failure })
    const bytes = encodeLine(ops)
    try {
      const age = this.#options.clock.now() - this.#openedAt
      const { segmentBytes, segmentMs } = this.#options
      const isOver = this.#length >= segmentBytes || (this.#length > 0 && age >= segmentMs)
      if (isOver) this.rotate()
      this.#reserve(bytes.length)
      this.#options.disk.write(this.#descriptor, bytes, this.#length)
    } catch (error) {
      this.#removeTorn()
      throw new StoreUnavailable('the disk takes no more data', { cause: error })
    }
    this.#length += bytes.length
    this.#written += 1
  }

  /**
   * Fills the file with zeros ahead of the lines: while its size does not change, fdatasync has only data to write,
   * and need not wait for the names and sizes of all the other files that were written meanwhile.
   */
  #reserve(bytes: number): void {
    while (this.#reserved < this.#length + bytes) {
      this.#options.disk.write(this.#descriptor, ZEROS, this.#reserved)
      this.#reserved += ZEROS.length
    }
  }

  /** Half a line would be overwritten by the next one, but must not be found by a copy or after a crash. */
  #removeTorn(): void {
    try {
      this.#reserved = this.#length
      this.#options.disk.truncate(this.#descriptor, this.#length)
    } catch (error) {
      this.#failure = error as Error
    }
  }

  async #sync(): Promise<void> {
    await undefined // let the writers of this turn of the event loop join in
    while (this.#pending || this.#closing.length > 0) {
      const waiting = this.#pending
      this.#pending = undefined
      try {
        if (this.#failure) throw this.#failure
        const { written } = this
        await this.#syncFiles()
        this.#durable = written
        this.#options.onDurable?.()
        waiting?.resolve()
      } catch (error) {
        // After a failed fdatasync the kernel may have dropped the pages: nothing later can be promised.
        this.#failure ??= error as Error
        this.#closing = []
        waiting?.reject(new StoreUnavailable('the disk failed', { cause: error }))
      }
    }
    this.#syncing = undefined
  }

  async #syncFiles(): Promise<void> {
    for (let closed = this.#closing[0]; closed !== undefined; closed = this.#closing[0]) {
      await this.#options.disk.sync(closed.descriptor)
      this.#options.disk.truncate(closed.descriptor, closed.length)
      closeSync(closed.descriptor)
      this.#closing.shift()
    }
    const isNew = this.#isNew
    this.#isNew = false
    await this.#options.disk.sync(this.#descriptor)
    if (isNew) await syncDirectoryLater(this.directory)
  }
}

/** A chunk of this size costs a writer 0.3 ms, and holds some hundred lines. */
const ZEROS = Buffer.alloc(1024 * 1024)

const openNew = (path: string) => openSync(path, 'wx', 0o600)

function syncDirectoryLater(path: string): Promise<void> {
  const descriptor = openSync(path, 'r')
  return new Promise((resolve, reject) => {
    fsync(descriptor, (error) => {
      closeSync(descriptor)
      if (error) reject(error)
      else resolve()
    })
  })
}
