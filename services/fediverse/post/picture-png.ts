// A PNG without metadata: of its chunks only those go through that show the picture. https://www.w3.org/TR/png-3/

import { crc32 } from 'node:zlib'
import { formatOrientation, ORIENTATION_BYTES, readOrientation } from './picture-orientation.ts'

const SIGNATURE_BYTES = 8

/** What tells how to show it; of the rest, the critical ones begin with a capital. */
const KEPT: ReadonlySet<string> = new Set(
  'acTL bKGD cHRM cICP cLLI fcTL fdAT gAMA hIST iCCP mDCV pHYs sBIT sPLT sRGB tRNS'.split(' '),
)

/** The picture up to its IEND; undefined when it is broken. Checksums are not checked, they go through as they are. */
export function cleanPng(bytes: Buffer): Buffer | undefined {
  const out = Buffer.alloc(bytes.length + 64)
  let length = bytes.copy(out, 0, 0, SIGNATURE_BYTES)
  let hasExif = false
  let hasData = false
  for (let at = SIGNATURE_BYTES; at + 12 <= bytes.length; ) {
    const end = at + 12 + bytes.readUInt32BE(at)
    const type = bytes.toString('latin1', at + 4, at + 8)
    if (end > bytes.length || !/^[a-zA-Z]{4}$/.test(type)) return
    if ((at === SIGNATURE_BYTES) !== (type === 'IHDR')) return
    hasData ||= type === 'IDAT'
    if (KEPT.has(type) || /^[A-Z]/.test(type)) length += bytes.copy(out, length, at, end)
    else if (type === 'eXIf' && !hasExif) {
      hasExif = true
      const orientation = readOrientation(bytes.subarray(at + 8, end - 4))
      if (orientation) length += exifChunk(orientation).copy(out, length)
    }
    if (type === 'IEND') return hasData ? out.subarray(0, length) : undefined
    at = end
  }
  return
}

function exifChunk(orientation: number): Buffer {
  const chunk = Buffer.alloc(12 + ORIENTATION_BYTES)
  chunk.writeUInt32BE(ORIENTATION_BYTES)
  chunk.write('eXIf', 4, 'latin1')
  formatOrientation(orientation).copy(chunk, 8)
  chunk.writeUInt32BE(crc32(chunk.subarray(4, -4)), chunk.length - 4)
  return chunk
}
