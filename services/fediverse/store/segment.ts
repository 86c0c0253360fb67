// One file of the journal. A line is one transaction: a CRC-32 (8 hexadecimal digits), then its operations, separated by
// tabs (JSON text holds none): put PATH TEXT, hold PATH TEXT, del PATH, cut INDEX "KEY TIME".

import { closeSync, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'

/**
 * One change of one file, by its path below the data directory. `hold` is a `put` that needs no file yet.
 * `value` is the parsed text, where the caller has it: it saves parsing it again.
 */
export type Op =
  | { kind: 'put'; path: string; text: string; value?: unknown }
  | { kind: 'hold'; path: string; text: string; value?: unknown }
  | { kind: 'del'; path: string }

/** Notes that an index entry ends with this transaction: what is gone can't be asked for its entries. */
export interface Cut {
  kind: 'cut'
  /** Name of the index. */
  path: string
  /** Key and time of the entry. */
  text: string
}

/** An operation as it lies in a segment; its text is read when it is needed. */
export interface StoredOp {
  kind: 'put' | 'hold' | 'del' | 'cut'
  path: string
  /** Where the text begins in the file, and its bytes; 0 for `del`. */
  offset: number
  bytes: number
}

export interface Line {
  /** Undefined when the line is torn or damaged. */
  ops: StoredOp[] | undefined
  /** Where the line begins in the file. */
  offset: number
}

const TAB = 9
const NEWLINE = 10
const CHUNK_BYTES = 256 * 1024
const CRC_BYTES = 9

/** A transaction as a line. Throws TypeError when a path or text would break the line. */
export function encodeLine(ops: readonly (Op | Cut)[]): Buffer {
  const parts: string[] = []
  for (const op of ops) {
    parts.push(op.kind, op.path)
    if (op.kind !== 'del') parts.push(op.text)
  }
  const text = `00000000\t${parts.join('\t')}\n`
  const separators = parts.length
  const line = Buffer.from(text)
  line.write(formatCrc(line.subarray(CRC_BYTES, -1)), 'latin1')
  if (countOf(line, TAB) !== separators || line.indexOf(NEWLINE) !== line.length - 1) {
    throw new TypeError(`a tab or line break in an operation on ${ops[0]?.path}`)
  }
  return line
}

/** The operations of one line, without its line break. */
export function decodeLine(line: Buffer, lineOffset = 0): StoredOp[] | undefined {
  if (line[CRC_BYTES - 1] !== TAB) return
  if (formatCrc(line.subarray(CRC_BYTES)) !== line.toString('latin1', 0, CRC_BYTES - 1)) return
  const ops: StoredOp[] = []
  let at = CRC_BYTES
  const next = () => {
    const tab = line.indexOf(TAB, at)
    const end = tab < 0 ? line.length : tab
    const part = { from: at, to: end }
    at = end + 1
    return part
  }
  while (at < line.length) {
    const kind = next()
    const name = line.toString('latin1', kind.from, kind.to)
    if (name !== 'put' && name !== 'hold' && name !== 'del' && name !== 'cut') return
    if (at > line.length) return
    const path = next()
    const op = { kind: name, path: line.toString('utf8', path.from, path.to) } as const
    if (name === 'del') {
      ops.push({ ...op, offset: 0, bytes: 0 })
      continue
    }
    if (at > line.length) return
    const text = next()
    ops.push({ ...op, offset: lineOffset + text.from, bytes: text.to - text.from })
  }
  return ops
}

/**
 * Every line of a segment, read in chunks. A line without its end is damaged; zeros at the end are room for more
 * lines.
 */
export function* readSegment(path: string): Generator<Line> {
  const descriptor = openSync(path, 'r')
  try {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
    let rest = Buffer.alloc(0)
    let offset = 0 // of `rest` in the file
    for (;;) {
      const bytes = readSync(descriptor, chunk, 0, chunk.length, offset + rest.length)
      if (bytes === 0) break
      const data = Buffer.concat([rest, chunk.subarray(0, bytes)])
      let start = 0
      for (let end = data.indexOf(NEWLINE); end >= 0; end = data.indexOf(NEWLINE, start)) {
        yield { ops: decodeLine(data.subarray(start, end), offset + start), offset: offset + start }
        start = end + 1
      }
      rest = data.subarray(start)
      offset += start
    }
    if (rest.some((byte) => byte !== 0)) yield { ops: undefined, offset }
  } finally {
    closeSync(descriptor)
  }
}

/** Reads the text of a stored operation. */
export function readText(descriptor: number, { offset, bytes }: StoredOp): string {
  const buffer = Buffer.allocUnsafe(bytes)
  const read = readSync(descriptor, buffer, 0, bytes, offset)
  return buffer.toString('utf8', 0, read)
}

/** Numbers of the segments in a directory, oldest first. */
export function segmentNumbers(directory: string): number[] {
  return readdirSync(directory)
    .map((name) => /^(\d{10})\.log$/.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number)
    .sort((a, b) => a - b)
}

export const segmentPath = (directory: string, number: number) =>
  join(directory, `${String(number).padStart(10, '0')}.log`)

const formatCrc = (bytes: Uint8Array) => crc32(bytes).toString(16).padStart(8, '0')

function countOf(bytes: Buffer, byte: number): number {
  let count = 0
  for (let at = bytes.indexOf(byte); at >= 0; at = bytes.indexOf(byte, at + 1)) count++
  return count
}
