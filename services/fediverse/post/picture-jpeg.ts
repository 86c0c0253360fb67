// A JPEG without metadata: of its segments only those go through that decode it. ITU-T T.81, annex B.

import { formatOrientation, ORIENTATION_BYTES, readOrientation } from './picture-orientation.ts'

const SOI = 0xd8
const EOI = 0xd9
const SOS = 0xda
const APP0 = 0xe0
const APP1 = 0xe1
const APP2 = 0xe2
const APP14 = 0xee
const APP15 = 0xef
const COM = 0xfe
const EXIF = 'Exif\0\0'

/** The picture up to its end mark; undefined when it is broken. What follows the mark (other pictures, films) goes. */
export function cleanJpeg(bytes: Buffer): Buffer | undefined {
  if (bytes.length < 4 || bytes[0] !== 0xff || bytes[1] !== SOI) return
  const out = Buffer.alloc(bytes.length + 64)
  let length = bytes.copy(out, 0, 0, 2)
  let hasExif = false
  let hasScan = false
  for (let at = 2; at + 2 <= bytes.length; ) {
    if (bytes[at] !== 0xff) return
    const marker = bytes[at + 1] as number
    if (marker === 0xff) {
      at += 1 // fill
      continue
    }
    if (marker === EOI) {
      if (!hasScan) return
      length += bytes.copy(out, length, at, at + 2)
      return out.subarray(0, length)
    }
    const end = endOfSegment(bytes, at, marker)
    if (end === undefined) return
    if (isKept(bytes, at, marker)) length += bytes.copy(out, length, at, end)
    else if (marker === APP1 && !hasExif && isNamed(bytes, at, EXIF)) {
      hasExif = true
      const orientation = readOrientation(bytes.subarray(at + 4 + EXIF.length, end))
      if (orientation) length += exifSegment(orientation).copy(out, length)
    }
    hasScan ||= marker === SOS
    at = end
  }
  return
}

/** The segment that begins at a marker, a scan with all of its data. */
function endOfSegment(bytes: Buffer, at: number, marker: number): number | undefined {
  // RST0 to RST7 and TEM stand alone; 0 is no marker, SOI belongs to another picture.
  if ((marker >= 0xd0 && marker <= 0xd7) || marker === 0x01) return at + 2
  if (marker === 0 || marker === SOI || at + 4 > bytes.length) return
  const size = bytes.readUInt16BE(at + 2)
  const end = at + 2 + size
  if (size < 2 || end > bytes.length) return
  return marker === SOS ? endOfScan(bytes, end) : end
}

/** Where the next marker is: FF is one unless 0 (stuffing) or a restart mark follows. */
function endOfScan(bytes: Buffer, from: number): number | undefined {
  for (let at = bytes.indexOf(0xff, from); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    const next = bytes[at + 1]
    if (next === undefined) return
    if (next !== 0 && next !== 0xff && !(next >= 0xd0 && next <= 0xd7)) return at
  }
  return
}

/** All but application segments and comments, and of those what says how to read the colours. */
function isKept(bytes: Buffer, at: number, marker: number): boolean {
  if (marker === APP0) return isNamed(bytes, at, 'JFIF\0')
  if (marker === APP2) return isNamed(bytes, at, 'ICC_PROFILE\0')
  if (marker === APP14) return isNamed(bytes, at, 'Adobe')
  return (marker < APP0 || marker > APP15) && marker !== COM
}

const isNamed = (bytes: Buffer, at: number, name: string) =>
  bytes.toString('latin1', at + 4, at + 4 + name.length) === name

function exifSegment(orientation: number): Buffer {
  const size = 2 + EXIF.length + ORIENTATION_BYTES
  const head = Buffer.from([0xff, APP1, 0, size, ...Buffer.from(EXIF, 'latin1')])
  return Buffer.concat([head, formatOrientation(orientation)])
}
