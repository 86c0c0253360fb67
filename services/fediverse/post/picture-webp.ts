// A WebP without metadata: of its chunks only those go through that show the picture.
// https://www.rfc-editor.org/rfc/rfc9649#section-2

import { formatOrientation, ORIENTATION_BYTES, readOrientation } from './picture-orientation.ts'

const HEAD_BYTES = 12
const KEPT: ReadonlySet<string> = new Set(['VP8 ', 'VP8L', 'VP8X', 'ALPH', 'ANIM', 'ANMF', 'ICCP'])
const IMAGE: ReadonlySet<string> = new Set(['VP8 ', 'VP8L', 'ANMF'])
/** Bits of VP8X. */
const HAS_EXIF = 0x08
const HAS_XMP = 0x04

/** The picture as long as its head says; undefined when it is broken. */
export function cleanWebp(bytes: Buffer): Buffer | undefined {
  if (bytes.length < HEAD_BYTES) return
  const end = bytes.readUInt32LE(4) + 8
  if (end > bytes.length) return
  const out = Buffer.alloc(bytes.length + 64)
  let length = bytes.copy(out, 0, 0, HEAD_BYTES)
  let flagsAt: number | undefined
  let orientation: number | undefined
  let hasImage = false
  for (let at = HEAD_BYTES; at < end; ) {
    if (at + 8 > end) return
    const type = bytes.toString('latin1', at, at + 4)
    const size = bytes.readUInt32LE(at + 4)
    // A chunk of odd size is padded; the last one may lack that in the wild.
    const next = Math.min(at + 8 + size + (size % 2), end)
    if (at + 8 + size > end) return
    if (type === 'VP8X') {
      if (size < 10) return
      flagsAt = length + 8
    }
    if (type === 'EXIF') orientation ??= readOrientation(tiffOf(bytes.subarray(at + 8, next)))
    if (KEPT.has(type)) length += bytes.copy(out, length, at, next)
    hasImage ||= IMAGE.has(type)
    at = next
  }
  if (!hasImage) return
  if (flagsAt !== undefined) {
    const flags = (out[flagsAt] as number) & ~(HAS_EXIF | HAS_XMP)
    out[flagsAt] = flags | (orientation ? HAS_EXIF : 0)
    if (orientation) length += exifChunk(orientation).copy(out, length)
  }
  out.writeUInt32LE(length - 8, 4)
  return out.subarray(0, length)
}

/** Some programs begin it as a JPEG has it. */
const tiffOf = (exif: Buffer) =>
  exif.toString('latin1', 0, 6) === 'Exif\0\0' ? exif.subarray(6) : exif

function exifChunk(orientation: number): Buffer {
  const head = Buffer.alloc(8)
  head.write('EXIF', 'latin1')
  head.writeUInt32LE(ORIENTATION_BYTES, 4)
  return Buffer.concat([head, formatOrientation(orientation)])
}
