// Append-only index files of fixed-width records, derived from the objects. A record is one line:
//   + <32 hex: key> <13 digits: time, ms> <9 digits: live records up to here> \n
// A line that starts with '-' takes the older '+' of its key away. The newest records are read from the end, so
// the cost does not grow with the file. A torn tail (or one of zeros, after a power cut) is dropped when the file is
// opened for writing and passed over by readers.

import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'

/** Bytes of one record. */
export const RECORD_BYTES = 58

export interface IndexRecord {
  key: string
  /** When the thing entered the index, ms since 1970. */
  at: number
}

interface RawRecord extends IndexRecord {
  isRemoval: boolean
  count: number
}

interface OpenIndex {
  descriptor: number
  /** Records in the file, torn tail excluded. */
  length: number
  /** Live entries. */
  count: number
}

const RECORD = /^([+-])([0-9a-f]{32}) (\d{13}) (\d{9})\n$/
const CHUNK_RECORDS = 64

const formatRecord = (sign: '+' | '-', record: IndexRecord, count: number) =>
  `${sign}${record.key} ${String(record.at).padStart(13, '0')} ${String(count).padStart(9, '0')}\n`

/** All index files below one directory; keeps at most `maxOpen` of them open. */
export class IndexFiles {
  readonly #directory: string
  readonly #maxOpen: number
  readonly #open = new Map<string, OpenIndex>()

  constructor(directory: string, maxOpen = 128) {
    this.#directory = directory
    this.#maxOpen = maxOpen
  }

  /** Adds a record at the end. */
  append(name: string, record: IndexRecord): void {
    const index = this.#get(name, true)
    if (index) this.#write(index, '+', record)
  }

  /** Takes the record of this key away; the caller knows that it is there. */
  remove(name: string, record: IndexRecord): void {
    const index = this.#get(name, false)
    if (index && index.count > 0) this.#write(index, '-', record)
  }

  /** Number of live records. */
  count(name: string): number {
    return this.#get(name, false)?.count ?? 0
  }

  /**
   * Live records, newest first, from below `before` (a cursor of an earlier page) on. Lazy: stop reading when
   * there are enough.
   */
  *newest(name: string, before?: IndexRecord): Generator<IndexRecord> {
    const removed = new Set<string>()
    for (const record of this.#backward(name, before)) {
      if (record.isRemoval) removed.add(record.key)
      else if (!removed.delete(record.key)) yield { key: record.key, at: record.at }
    }
  }

  /** Live records, oldest first, whole file in memory: for the small indexes and for fsck. */
  all(name: string): IndexRecord[] {
    return [...this.newest(name)].reverse()
  }

  /** Replaces an index by these records (sorted by time), whole file then rename. */
  rewrite(name: string, records: readonly IndexRecord[]): void {
    this.#close(name)
    const path = join(this.#directory, name)
    if (records.length === 0) {
      rmSync(path, { force: true })
      return
    }
    mkdirSync(dirname(path), { recursive: true })
    const sorted = records.toSorted((a, b) => a.at - b.at)
    const descriptor = openSync(`${path}.tmp`, 'w', 0o600)
    try {
      for (let i = 0; i < sorted.length; i += 10_000) {
        const chunk = sorted.slice(i, i + 10_000)
        const text = chunk.map((record, j) => formatRecord('+', record, i + j + 1)).join('')
        writeSync(descriptor, text)
      }
    } finally {
      closeSync(descriptor)
    }
    renameSync(`${path}.tmp`, path)
  }

  /** Deletes an index file. */
  drop(name: string): void {
    this.#close(name)
    rmSync(join(this.#directory, name), { force: true })
  }

  close(): void {
    for (const name of [...this.#open.keys()]) this.#close(name)
  }

  #write(index: OpenIndex, sign: '+' | '-', record: IndexRecord): void {
    const count = index.count + (sign === '+' ? 1 : -1)
    const bytes = formatRecord(sign, record, count)
    writeSync(index.descriptor, bytes, index.length * RECORD_BYTES)
    index.length += 1
    index.count = count
  }

  *#backward(name: string, before?: IndexRecord): Generator<RawRecord> {
    const index = this.#get(name, false)
    if (!index) return
    let end = before ? this.#position(index, before) : index.length
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

  /** Number of records older than the cursor: binary search by time, then the key among equals. */
  #position(index: OpenIndex, cursor: IndexRecord): number {
    let low = 0
    let high = index.length
    while (low < high) {
      const middle = (low + high) >> 1
      const record = readRecords(index.descriptor, middle, 1)[0]
      if (record && record.at <= cursor.at) low = middle + 1
      else high = middle
    }
    for (let i = low - 1; i >= 0; i--) {
      const record = readRecords(index.descriptor, i, 1)[0]
      if (record && record.at < cursor.at) return i + 1
      if (record?.key === cursor.key && !record.isRemoval) return i
    }
    return 0
  }

  #get(name: string, isCreating: boolean): OpenIndex | undefined {
    const known = this.#open.get(name)
    if (known) {
      this.#open.delete(name)
      this.#open.set(name, known)
      return known
    }
    const descriptor = openForAppend(join(this.#directory, name), isCreating)
    if (descriptor === undefined) return
    const index = recoverTail(descriptor)
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

function openForAppend(path: string, isCreating: boolean): number | undefined {
  if (existsSync(path)) return openSync(path, 'r+')
  if (!isCreating) return
  mkdirSync(dirname(path), { recursive: true })
  return openSync(path, 'wx+', 0o600)
}

/** Drops what is not a whole, well-formed record at the end. */
function recoverTail(descriptor: number): OpenIndex {
  const { size } = fstatSync(descriptor)
  let length = Math.floor(size / RECORD_BYTES)
  let last: RawRecord | undefined
  while (length > 0 && !last) {
    last = readRecords(descriptor, length - 1, 1)[0]
    if (!last) length -= 1
  }
  if (length * RECORD_BYTES !== size) ftruncateSync(descriptor, length * RECORD_BYTES)
  return { descriptor, length, count: last?.count ?? 0 }
}

function readRecords(descriptor: number, from: number, count: number): (RawRecord | undefined)[] {
  const buffer = Buffer.allocUnsafe(count * RECORD_BYTES)
  const bytes = readSync(descriptor, buffer, 0, buffer.length, from * RECORD_BYTES)
  const text = buffer.latin1Slice(0, bytes)
  const records: (RawRecord | undefined)[] = []
  for (let i = 0; i + RECORD_BYTES <= text.length; i += RECORD_BYTES) {
    records.push(parseRecord(text.slice(i, i + RECORD_BYTES)))
  }
  return records
}

function parseRecord(line: string): RawRecord | undefined {
  const match = RECORD.exec(line)
  if (!match) return
  return {
    isRemoval: match[1] === '-',
    key: match[2] as string,
    at: Number(match[3]),
    count: Number(match[4]),
  }
}
