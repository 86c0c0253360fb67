// Frames between the bouncer and the holder on their Unix socket: a byte that says what it is, four bytes of length (big
// endian), and so many bytes. Pure.

export type FrameType = keyof typeof LIMITS

export interface Frame {
  type: FrameType
  payload: Buffer
}

/** Most bytes of each: a longer one is not ours, and ends the connection. */
const LIMITS = {
  /** JSON, see messages.ts. */
  control: 1024 * 1024,
  /** Bytes of the network, either way. */
  data: 64 * 1024,
  /** Bytes of the network that nobody was there for, behind the time of their arrival (ms, 8 bytes). */
  held: 64 * 1024 + 8,
  /** What the bouncer knows of the network. */
  state: 32 * 1024 * 1024,
} as const

const CODES: Readonly<Record<FrameType, number>> = { control: 67, data: 68, held: 72, state: 83 }
const TYPES: ReadonlyMap<number, FrameType> = new Map(
  (Object.keys(CODES) as FrameType[]).map((type) => [CODES[type], type]),
)
const HEADER_BYTES = 5
const TIME_BYTES = 8

/** What came is no frame of ours; nothing behind it can be read. */
export class BadFrame extends Error {
  override name = 'BadFrame'
}

/** Whether so many bytes fit into one frame. */
export function fits(type: FrameType, bytes: number): boolean {
  return bytes <= LIMITS[type]
}

/** One frame; throws when the payload is too long. */
export function frame(type: FrameType, payload: Uint8Array): Buffer {
  if (!fits(type, payload.length)) throw new BadFrame(`${payload.length} bytes of ${type}`)
  const header = Buffer.allocUnsafe(HEADER_BYTES)
  header.writeUInt8(CODES[type], 0)
  header.writeUInt32BE(payload.length, 1)
  return Buffer.concat([header, payload])
}

/** Bytes of any length as frames. */
export function* dataFrames(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += LIMITS.data) {
    yield frame('data', bytes.subarray(at, at + LIMITS.data))
  }
}

/** Bytes that came when nobody was there, and when that was (ms since 1970). */
export interface Held {
  time: number
  bytes: Buffer
}

export function* heldFrames({ time, bytes }: Held): Generator<Buffer> {
  const at = Buffer.allocUnsafe(TIME_BYTES)
  at.writeDoubleBE(time)
  for (let from = 0; from < bytes.length; from += LIMITS.data) {
    yield frame('held', Buffer.concat([at, bytes.subarray(from, from + LIMITS.data)]))
  }
}

/** What a frame of type `held` says. */
export function heldOf(payload: Buffer): Held {
  if (payload.length < TIME_BYTES) throw new BadFrame('held bytes without their time')
  return { time: payload.readDoubleBE(), bytes: payload.subarray(TIME_BYTES) }
}

/** Takes frames out of a stream of bytes. Never holds more than one frame and what came with its end. */
export class FrameReader {
  #chunks: Buffer[] = []
  #length = 0

  add(bytes: Buffer): void {
    if (bytes.length === 0) return
    this.#chunks.push(bytes)
    this.#length += bytes.length
  }

  /** The next whole frame; undefined until more bytes come. Throws BadFrame. */
  next(): Frame | undefined {
    if (this.#length < HEADER_BYTES) return
    // A long frame is put together once, when all of it is there.
    if ((this.#chunks[0]?.length ?? 0) < HEADER_BYTES) this.#join()
    const [first] = this.#chunks
    const type = TYPES.get(first?.readUInt8(0) ?? 0)
    const length = first?.readUInt32BE(1) ?? 0
    if (type === undefined) throw new BadFrame('no such type')
    if (!fits(type, length)) throw new BadFrame(`${length} bytes of ${type}`)
    const end = HEADER_BYTES + length
    if (this.#length < end) return
    const all = this.#join()
    this.#chunks = all.length > end ? [all.subarray(end)] : []
    this.#length -= end
    return { type, payload: all.subarray(HEADER_BYTES, end) }
  }

  #join(): Buffer {
    const [only] = this.#chunks
    const all = this.#chunks.length === 1 && only ? only : Buffer.concat(this.#chunks)
    this.#chunks = [all]
    return all
  }
}
