// Append-only index files (see index-record.ts), derived from the objects. Times never decrease within a file: what comes
// late gets the time of the last record. The newest records are read from the end, so the cost does not grow with the
// file. A torn tail (or one of zeros, after a power cut) is dropped when the file is opened.

import {
  closeSync,
  existsSync,
  fdatasyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { type Disk, makeDirectory, realDisk } from './disk.ts'
import { findPosition, type OpenIndex, openIndex } from './index-open.ts'
import {
  formatRecord,
  type IndexRecord,
  type RawRecord,
  RECORD_BYTES,
  readRecords,
  recordTime,
} from './index-record.ts'

export type { IndexRecord } from './index-record.ts'

const CHUNK_RECORDS = 64
const SCAN_RECORDS = 4_096

/** All index files below one directory; keeps at most `maxOpen` of them open. */
export class IndexFiles {
  readonly directory: string
  readonly #disk: Disk
  readonly #maxOpen: number
  readonly #open = new Map<string, OpenIndex>()
  /** Names of the files that were written; who makes one durable takes it off. */
  readonly unsynced = new Set<string>()

  constructor(directory: string, disk: Disk = realDisk, maxOpen = 512) {
    this.directory = directory
    this.#disk = disk
    this.#maxOpen = maxOpen
  }

  /** Adds a record at the end. */
  append(name: string, record: IndexRecord): void {
    const index = this.#get(name, true)
    if (index) this.#write(name, index, '+', record)
  }

  /** Takes the record of this key away; the caller knows that it is there. */
  remove(name: string, record: IndexRecord): void {
    const index = this.#get(name, false)
    if (index && index.count > 0) this.#write(name, index, '-', record)
  }

  /** Number of live records. */
  count(name: string): number {
    return this.#get(name, false)?.count ?? 0
  }

  /** Time of the newest record; 0 when there is none. */
  lastAt(name: string): number {
    return this.#get(name, false)?.lastAt ?? 0
  }

  /**
   * Live records, newest first, from below `before` (a cursor of an earlier page) on. Lazy: stop reading when
   * there are enough. With a cursor, a record that was taken away after it is still given: see Objects.newest.
   */
  *newest(name: string, before?: IndexRecord): Generator<IndexRecord> {
    const removed = new Set<string>()
    for (const record of this.#backward(name, before)) {
      if (record.isRemoval) removed.add(record.key)
      else if (!removed.delete(record.key)) yield { key: record.key, at: record.at }
    }
  }

  /** Live records, oldest first, in bounded memory (one bit a record, and the keys that were removed). */
  *oldest(name: string): Generator<IndexRecord> {
    const length = this.#get(name, false)?.length ?? 0
    const isDead = new Uint8Array(Math.ceil(length / 8))
    const removed = new Set<string>()
    for (const [i, record] of this.#scan(name, length, -1)) {
      if (record.isRemoval) removed.add(record.key)
      else if (!removed.delete(record.key)) continue
      isDead[i >> 3] = (isDead[i >> 3] ?? 0) | (1 << (i & 7))
    }
    for (const [i, record] of this.#scan(name, length, 1)) {
      if (!((isDead[i >> 3] ?? 0) & (1 << (i & 7)))) yield { key: record.key, at: record.at }
    }
  }

  /** Replaces an index by these records (in order of time): whole file, then rename. None: deletes it. */
  rewrite(name: string, records: Iterable<IndexRecord>): void {
    const path = join(this.directory, name)
    const temporary = `${path}.tmp`
    makeDirectory(dirname(path))
    const descriptor = openSync(temporary, 'w', 0o600)
    let count = 0
    try {
      let text = ''
      let position = 0
      const flush = () => {
        this.#disk.write(descriptor, Buffer.from(text, 'latin1'), position)
        position += text.length
        text = ''
      }
      let lastAt = 0
      for (const { key, at } of records) {
        lastAt = Math.max(lastAt, recordTime(at))
        text += formatRecord('+', { key, at: lastAt }, ++count)
        if (count % SCAN_RECORDS === 0) flush()
      }
      flush()
      // Otherwise a power cut could leave an empty file in place of entries that no journal has any more.
      fdatasyncSync(descriptor)
    } catch (error) {
      rmSync(temporary, { force: true })
      throw error
    } finally {
      closeSync(descriptor)
    }
    this.#close(name)
    renameSync(temporary, path)
    if (count === 0) rmSync(path)
  }

  /** Takes entries out and puts others in at their place in time. Those to add must be in order of time. */
  merge(name: string, add: readonly IndexRecord[], drop: ReadonlySet<string>): void {
    const isAtEnd = (add[0]?.at ?? Number.POSITIVE_INFINITY) >= this.lastAt(name)
    if (drop.size === 0 && isAtEnd) {
      for (const record of add) this.append(name, record)
      return
    }
    const added = new Set(add.map(({ key }) => key))
    const kept = function* (records: Generator<IndexRecord>) {
      for (const record of records)
        if (!drop.has(record.key) && !added.has(record.key)) yield record
    }
    this.rewrite(name, inOrder(kept(this.oldest(name)), add))
  }

  /** Deletes an index file. */
  drop(name: string): void {
    this.#close(name)
    rmSync(join(this.directory, name), { force: true })
  }

  /** Names of all index files that are there. */
  *names(below = ''): Generator<string> {
    const folder = join(this.directory, below)
    if (!existsSync(folder)) return
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const name = below ? `${below}/${entry.name}` : entry.name
      if (entry.isDirectory()) yield* this.names(name)
      else if (below && !entry.name.endsWith('.tmp')) yield name
    }
  }

  close(): void {
    for (const name of [...this.#open.keys()]) this.#close(name)
  }

  #write(name: string, index: OpenIndex, sign: '+' | '-', { key, at }: IndexRecord): void {
    const count = index.count + (sign === '+' ? 1 : -1)
    const lastAt = Math.max(index.lastAt, recordTime(at))
    const bytes = Buffer.from(formatRecord(sign, { key, at: lastAt }, count), 'latin1')
    this.#disk.write(index.descriptor, bytes, index.length * RECORD_BYTES)
    index.length += 1
    index.count = count
    index.lastAt = lastAt
    this.unsynced.add(name)
  }

  *#backward(name: string, before?: IndexRecord): Generator<RawRecord> {
    const index = this.#get(name, false)
    if (!index) return
    let end = before ? findPosition(index, before) : index.length
    while (end > 0) {
      const start = Math.max(0, end - CHUNK_RECORDS)
      // Looked up again for each chunk: the file may have been closed while the caller was reading others.
      const open = this.#get(name, false)
      if (!open) return
      const records = readRecords(open.descriptor, start, end - start)
      for (let i = records.length - 1; i >= 0; i--) {
        const record = records[i]
        if (record) yield record
      }
      end = start
    }
  }

  /** The first `length` records with their positions, forward or backward. */
  *#scan(name: string, length: number, direction: 1 | -1): Generator<[number, RawRecord]> {
    const chunks = Math.ceil(length / SCAN_RECORDS)
    for (let c = 0; c < chunks; c++) {
      const start = (direction > 0 ? c : chunks - 1 - c) * SCAN_RECORDS
      const open = this.#get(name, false)
      if (!open) return
      const records = readRecords(open.descriptor, start, Math.min(SCAN_RECORDS, length - start))
      for (let j = 0; j < records.length; j++) {
        const i = direction > 0 ? j : records.length - 1 - j
        const record = records[i]
        if (record) yield [start + i, record]
      }
    }
  }

  #get(name: string, isCreating: boolean): OpenIndex | undefined {
    const known = this.#open.get(name)
    if (known) {
      this.#open.delete(name)
      this.#open.set(name, known)
      return known
    }
    const index = openIndex(join(this.directory, name), isCreating, this.#disk)
    if (!index) return
    this.#open.set(name, index)
    if (this.#open.size > this.#maxOpen) {
      const [oldest] = this.#open.keys()
      if (oldest) this.#close(oldest)
    }
    return index
  }

  #close(name: string): void {
    const index = this.#open.get(name)
    if (!index) return
    this.#open.delete(name)
    closeSync(index.descriptor)
  }
}

/** Two sequences, each in order of time, as one. */
function* inOrder(
  one: Iterable<IndexRecord>,
  other: readonly IndexRecord[],
): Generator<IndexRecord> {
  let next = 0
  for (const record of one) {
    for (let late = other[next]; late && late.at < record.at; late = other[++next]) yield late
    yield record
  }
  for (; next < other.length; next++) yield other[next] as IndexRecord
}
