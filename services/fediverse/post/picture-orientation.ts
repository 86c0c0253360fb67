// The one thing that is kept of a picture's Exif: which way up it is. Exif 2.32, sections 4.5 and 4.6.4 (tag 274).

const ORIENTATION = 0x0112
const SHORT = 3

/** Bytes that `formatOrientation` makes. */
export const ORIENTATION_BYTES = 26

/** The orientation (2 to 8) in a TIFF block; undefined when it says none, or the usual one. */
export function readOrientation(tiff: Buffer): number | undefined {
  if (tiff.length < 8) return
  const order = tiff.toString('latin1', 0, 4)
  const isLittle = order === 'II*\0'
  if (!isLittle && order !== 'MM\0*') return
  const short = (at: number) => (isLittle ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at))
  const start = isLittle ? tiff.readUInt32LE(4) : tiff.readUInt32BE(4)
  if (start + 2 > tiff.length) return
  const count = short(start)
  for (let i = 0; i < count; i += 1) {
    const entry = start + 2 + i * 12
    if (entry + 12 > tiff.length) return
    if (short(entry) !== ORIENTATION) continue
    const value = short(entry + 2) === SHORT ? short(entry + 8) : 0
    return value >= 2 && value <= 8 ? value : undefined
  }
  return
}

/** A TIFF block that says nothing else. */
export function formatOrientation(orientation: number): Buffer {
  const tiff = Buffer.alloc(ORIENTATION_BYTES)
  tiff.write('MM\0*', 'latin1')
  tiff.writeUInt32BE(8, 4)
  tiff.writeUInt16BE(1, 8)
  tiff.writeUInt16BE(ORIENTATION, 10)
  tiff.writeUInt16BE(SHORT, 12)
  tiff.writeUInt32BE(1, 14)
  tiff.writeUInt16BE(orientation, 18)
  return tiff
}
