// One open index file: its tail, and where a page begins in it.

import { existsSync, fstatSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Disk, makeDirectory } from './disk.ts'
import { type IndexRecord, type RawRecord, RECORD_BYTES, readRecords } from './index-record.ts'

export interface OpenIndex {
  descriptor: number
  /** Records in the file, torn tail excluded. */
  length: number
  /** Live entries. */
  count: number
  /** Time of the last record. */
  lastAt: number
}

const CHUNK_RECORDS = 64

/** Opens an index for reading and appending; what is not a whole, well-formed record at its end is dropped. */
export function openIndex(path: string, isCreating: boolean, disk: Disk): OpenIndex | undefined {
  const descriptor = openForAppend(path, isCreating)
  if (descriptor === undefined) return
  const { size } = fstatSync(descriptor)
  let length = Math.floor(size / RECORD_BYTES)
  let last: RawRecord | undefined
  while (length > 0 && !last) {
    const start = Math.max(0, length - CHUNK_RECORDS)
    const records = readRecords(descriptor, start, length - start)
    const whole = records.findLastIndex((record) => record !== undefined)
    last = records[whole]
    length = start + whole + 1
  }
  if (length * RECORD_BYTES !== size) disk.truncate(descriptor, length * RECORD_BYTES)
  return { descriptor, length, count: last?.count ?? 0, lastAt: last?.at ?? 0 }
}

/** Number of records older than the cursor: binary search by time, then the key among equals. */
export function findPosition({ descriptor, length }: OpenIndex, cursor: IndexRecord): number {
  let low = 0
  let high = length
  while (low < high) {
    const middle = (low + high) >> 1
    const record =
      readRecords(descriptor, middle, 1)[0] ??
      // A damaged record has no time: the next whole one speaks for it.
      readRecords(descriptor, middle, Math.min(CHUNK_RECORDS, high - middle)).find(Boolean)
    if (record && record.at <= cursor.at) low = middle + 1
    else high = middle
  }
  for (let end = low; end > 0; end -= CHUNK_RECORDS) {
    const start = Math.max(0, end - CHUNK_RECORDS)
    const records = readRecords(descriptor, start, end - start)
    for (let i = records.length - 1; i >= 0; i--) {
      const record = records[i]
      if (record && record.at < cursor.at) return start + i + 1
      if (record?.key === cursor.key && !record.isRemoval) return start + i
    }
  }
  return 0
}

function openForAppend(path: string, isCreating: boolean): number | undefined {
  if (existsSync(path)) return openSync(path, 'r+')
  if (!isCreating) return
  makeDirectory(dirname(path))
  return openSync(path, 'wx+', 0o600)
}
