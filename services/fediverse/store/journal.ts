// The redo log: what is acknowledged is in here first. A line is one transaction: a CRC-32 and its operations,
// separated by tabs (JSON text holds none). `append` writes at once, so a killed process loses nothing; the
// promise that it returns resolves after the next fdatasync, which many writers share (group commit), so a
// power cut loses nothing that was acknowledged. A segment is kept for `retentionMs` after it was closed: a
// live copy may miss any file that changed while it was taken, and finds it again in here.

import {
  closeSync,
  fdatasync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { Clock } from '@fuchsbau/shared/clock.ts'

/**
 * One change of one file, by its path below the data directory. `hold` is a `put` that needs no file yet.
 * `value` is the parsed text, where the caller has it: it saves parsing it again.
 */
export type Op =
  | { kind: 'put'; path: string; text: string; value?: unknown }
  | { kind: 'hold'; path: string; text: string }
  | { kind: 'del'; path: string }

/** The store cannot take a write now; the caller answers 503 (or tells the person) and nothing was changed. */
export class StoreUnavailable extends Error {
  override name = 'StoreUnavailable'
}

export interface JournalOptions {
  clock: Clock
  /** How long a closed segment is kept, in ms. A live copy must not take longer. */
  retentionMs: number
  /** A segment is closed when it is this long, in bytes. */
  segmentBytes: number
  /** …or this old, in ms. */
  segmentMs: number
}

const encode = (ops: readonly Op[]): string => {
  const parts = ops.map((op) =>
    op.kind === 'del' ? `del\t${op.path}` : `${op.kind}\t${op.path}\t${op.text}`,
  )
  const rest = parts.join('\t')
  return `${crc32(rest).toString(16).padStart(8, '0')}\t${rest}\n`
}

/** The operations of one line, or undefined when the line is torn or damaged. */
export function decodeLine(line: string): Op[] | undefined {
  const rest = line.slice(9)
  if (line[8] !== '\t' || crc32(rest).toString(16).padStart(8, '0') !== line.slice(0, 8)) return
  const parts = rest.split('\t')
  const ops: Op[] = []
  for (let i = 0; i < parts.length; ) {
    const kind = parts[i]
    const path = parts[i + 1]
    if (path === undefined) return
    if (kind === 'del') {
      ops.push({ kind, path })
      i += 2
    } else {
      const text = parts[i + 2]
      if (text === undefined || (kind !== 'put' && kind !== 'hold')) return
      ops.push({ kind, path, text })
      i += 3
    }
  }
  return ops
}

export class Journal {
  readonly #directory: string
  readonly #options: JournalOptions
  #number: number
  #descriptor: number
  #length = 0
  #openedAt: number
  #pending: PromiseWithResolvers<void> | undefined
  #syncing: Promise<void> | undefined
  #closing: number[] = []
  #failure: Error | undefined

  /** Opens a new segment behind those that are there. The directory is made when it is missing. */
  constructor(directory: string, options: JournalOptions) {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    this.#directory = directory
    this.#options = options
    this.#number = (segmentNumbers(directory).at(-1) ?? 0) + 1
    this.#descriptor = this.#open()
    this.#openedAt = options.clock.now()
  }

  /** Why the journal takes no more writes, if so: only a restart (and the replay that comes with it) helps. */
  get failure(): Error | undefined {
    return this.#failure
  }

  /**
   * Writes one transaction. Returns a promise that resolves when it is on disk.
   * @throws StoreUnavailable at once, with nothing changed, when the line cannot be written (disk full).
   */
  append(ops: readonly Op[]): Promise<void> {
    if (this.#failure) throw new StoreUnavailable('journal failed', { cause: this.#failure })
    const now = this.#options.clock.now()
    const age = now - this.#openedAt
    if (
      this.#length >= this.#options.segmentBytes ||
      (this.#length > 0 && age >= this.#options.segmentMs)
    ) {
      this.rotate()
    }
    this.#write(Buffer.from(encode(ops)))
    this.#pending ??= Promise.withResolvers<void>()
    // A caller that does not wait for the disk must not bring the process down when the disk fails.
    this.#pending.promise.catch(() => {})
    const { promise } = this.#pending
    this.#syncing ??= this.#sync()
    return promise
  }

  /** Resolves when everything appended so far is on disk. */
  flush(): Promise<void> {
    return this.#pending?.promise ?? Promise.resolve()
  }

  /** Closes the segment and opens the next. */
  rotate(): void {
    const next = this.#number + 1
    const previous = this.#descriptor
    this.#number = next
    this.#descriptor = this.#open()
    this.#closing.push(previous)
    this.#length = 0
    this.#openedAt = this.#options.clock.now()
    this.#syncing ??= this.#sync()
  }

  /** Segments that were closed longer ago than the retention, oldest first, as paths of their files. */
  retired(): string[] {
    const limit = this.#options.clock.now() - this.#options.retentionMs
    return segmentNumbers(this.#directory)
      .filter((number) => number < this.#number)
      .map((number) => segmentPath(this.#directory, number))
      .filter((path) => statSync(path).mtimeMs < limit)
  }

  /** Deletes one retired segment; its effects must have been synced before. */
  discard(path: string): void {
    unlinkSync(path)
  }

  async close(): Promise<void> {
    while (this.#syncing) await this.#syncing
    closeSync(this.#descriptor)
    if (this.#length === 0) unlinkSync(segmentPath(this.#directory, this.#number))
  }

  #open(): number {
    const descriptor = openSync(segmentPath(this.#directory, this.#number), 'ax', 0o600)
    syncDirectory(this.#directory)
    return descriptor
  }

  #write(bytes: Buffer): void {
    let written = 0
    try {
      while (written < bytes.length) written += writeSync(this.#descriptor, bytes, written)
    } catch (error) {
      // Half a line must not stay: the next one would be glued to it.
      try {
        ftruncateSync(this.#descriptor, this.#length)
      } catch (cause) {
        this.#failure = cause as Error
      }
      throw new StoreUnavailable('the disk takes no more data', { cause: error })
    }
    this.#length += bytes.length
  }

  async #sync(): Promise<void> {
    await undefined // let the writers of this turn of the event loop join in
    while (this.#pending || this.#closing.length > 0) {
      const waiting = this.#pending
      const closed = this.#closing
      this.#pending = undefined
      this.#closing = []
      try {
        for (const descriptor of closed) {
          await syncData(descriptor)
          closeSync(descriptor)
        }
        await syncData(this.#descriptor)
        waiting?.resolve()
      } catch (error) {
        // After a failed fdatasync the kernel may have dropped the pages: nothing later can be promised.
        this.#failure = error as Error
        waiting?.reject(new StoreUnavailable('the disk failed', { cause: error }))
      }
    }
    this.#syncing = undefined
  }
}

/** Reads every whole transaction of every segment, oldest first; damaged lines are counted and passed over. */
export function* readJournal(directory: string, onDamage: (path: string) => void): Generator<Op[]> {
  for (const number of segmentNumbers(directory)) {
    const path = segmentPath(directory, number)
    for (const line of readFileSync(path, 'utf8').split('\n')) {
      if (line === '') continue
      const ops = decodeLine(line)
      if (ops) yield ops
      else onDamage(path)
    }
  }
}

/** The operations of one segment file. */
export function readSegment(path: string): Op[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line) => (line === '' ? [] : (decodeLine(line) ?? [])))
}

/** Makes renames and new names in a directory durable. */
export function syncDirectory(path: string): void {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function segmentNumbers(directory: string): number[] {
  return readdirSync(directory)
    .map((name) => /^(\d{10})\.log$/.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number)
    .sort((a, b) => a - b)
}

const segmentPath = (directory: string, number: number) =>
  join(directory, `${String(number).padStart(10, '0')}.log`)

const syncData = (descriptor: number) =>
  new Promise<void>((resolve, reject) => {
    fdatasync(descriptor, (error) => (error ? reject(error) : resolve()))
  })
