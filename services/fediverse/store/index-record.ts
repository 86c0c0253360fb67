// The fixed-width record of the index files. One line:
//   + <32 hex: key> <13 digits: time, ms> <9 digits: live records up to here> \n
// A line that starts with '-' takes the older '+' of its key away.

import { readSync } from 'node:fs'

/** Bytes of one record. */
export const RECORD_BYTES = 58

export interface IndexRecord {
  key: string
  /** When the thing entered the index, ms since 1970. */
  at: number
}

export interface RawRecord extends IndexRecord {
  isRemoval: boolean
  count: number
}

const RECORD = /^([+-])([0-9a-f]{32}) (\d{13}) (\d{9})\n$/
const MAX_AT = 9_999_999_999_999

export function formatRecord(sign: '+' | '-', { key, at }: IndexRecord, count: number): string {
  return `${sign}${key} ${String(at).padStart(13, '0')} ${String(count).padStart(9, '0')}\n`
}

/** A time that fits in a record. */
export function recordTime(at: number): number {
  return at >= 0 ? Math.min(Math.trunc(at), MAX_AT) : 0
}

/** Reads `count` records from position `from` on; undefined stands for one that is damaged. May return fewer. */
export function readRecords(
  descriptor: number,
  from: number,
  count: number,
): (RawRecord | undefined)[] {
  const buffer = Buffer.allocUnsafe(count * RECORD_BYTES)
  const bytes = readSync(descriptor, buffer, 0, buffer.length, from * RECORD_BYTES)
  const text = buffer.toString('latin1', 0, bytes)
  const records: (RawRecord | undefined)[] = []
  for (let i = 0; i + RECORD_BYTES <= text.length; i += RECORD_BYTES) {
    records.push(parseRecord(text.slice(i, i + RECORD_BYTES)))
  }
  return records
}

export function parseRecord(line: string): RawRecord | undefined {
  const match = RECORD.exec(line)
  if (!match) return
  return {
    isRemoval: match[1] === '-',
    key: match[2] as string,
    at: Number(match[3]),
    count: Number(match[4]),
  }
}
