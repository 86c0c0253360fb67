// Finds the end of a body in the bytes that come from the upstream. Pure: it is given bytes and says which of them are the
// body's.
import { BadUpstream, type Framing } from './head.ts'

export interface BodyReader {
  /**
   * Reads on. Calls `take` with the parts that belong to the body (views of `bytes`), and returns where in `bytes` the body
   * ended, or undefined when it goes on.
   */
  read(bytes: Buffer, take: (part: Buffer) => void): number | undefined
  /** How many bytes are still to come, as far as that is known. */
  readonly left: number | undefined
  /** Whether the end of the connection is a good end here. */
  readonly endsByClose: boolean
}

export function bodyReader(framing: Framing): BodyReader {
  switch (framing.kind) {
    case 'none':
      return new LengthReader(0)
    case 'length':
      return new LengthReader(framing.bytes)
    case 'chunked':
      return new ChunkReader()
    case 'close':
      return { left: undefined, endsByClose: true, read: (bytes, take) => void take(bytes) }
  }
}

class LengthReader implements BodyReader {
  readonly endsByClose = false
  left: number

  constructor(bytes: number) {
    this.left = bytes
  }

  read(bytes: Buffer, take: (part: Buffer) => void): number | undefined {
    const length = Math.min(this.left, bytes.length)
    if (length > 0) take(length === bytes.length ? bytes : bytes.subarray(0, length))
    this.left -= length
    return this.left === 0 ? length : undefined
  }
}

const MAX_LINE = 1_024
const MAX_TRAILERS = 100
const LF = 10

/** https://www.rfc-editor.org/rfc/rfc9112#section-7.1 Extensions are passed over, trailers too. */
class ChunkReader implements BodyReader {
  readonly left = undefined
  readonly endsByClose = false
  #state: 'size' | 'data' | 'data-end' | 'trailer' = 'size'
  #line = ''
  #chunkLeft = 0
  #trailers = 0

  read(bytes: Buffer, take: (part: Buffer) => void): number | undefined {
    let at = 0
    while (at < bytes.length) {
      if (this.#state === 'data') {
        const part = bytes.subarray(at, at + this.#chunkLeft)
        take(part)
        at += part.length
        this.#chunkLeft -= part.length
        if (this.#chunkLeft === 0) this.#state = 'data-end'
        continue
      }
      const end = bytes.indexOf(LF, at)
      const stop = end < 0 ? bytes.length : end
      this.#line += bytes.toString('latin1', at, stop)
      if (this.#line.length > MAX_LINE) throw new BadUpstream('a chunk has no size')
      if (end < 0) return
      at = end + 1
      if (this.#lineEnded()) return at
    }
    return
  }

  /** Whether the body is whole. */
  #lineEnded(): boolean {
    // A bare LF is read in two ways out there.
    if (!this.#line.endsWith('\r')) throw new BadUpstream('a line of a chunk has no end')
    const line = this.#line.slice(0, -1)
    this.#line = ''
    if (this.#state === 'data-end') {
      if (line !== '') throw new BadUpstream('a chunk is longer than its size')
      this.#state = 'size'
      return false
    }
    if (this.#state === 'trailer') {
      this.#trailers += 1
      if (this.#trailers > MAX_TRAILERS) throw new BadUpstream('too many trailers')
      return line === ''
    }
    const size = /^([0-9a-f]{1,12})[ \t]*(?:;[^\r]*)?$/i.exec(line)?.[1]
    if (size === undefined) throw new BadUpstream('the size of a chunk is malformed')
    this.#chunkLeft = Number.parseInt(size, 16)
    this.#state = this.#chunkLeft === 0 ? 'trailer' : 'data'
    return false
  }
}
