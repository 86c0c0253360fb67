// A stream of bytes as lines, whichever side it comes from. https://modern.ircdocs.horse/#message-format

/** Splits bytes into lines, taken one by one; those of more than `most` bytes are cut out and told. */
export class LineReader {
  readonly #most: number
  #bytes: Buffer | undefined
  #start = 0
  #isSkipping = false

  constructor(most: number) {
    this.#most = most
  }

  /** More bytes, behind those that are left. */
  add(bytes: Buffer): void {
    const left = this.#bytes?.subarray(this.#start)
    this.#bytes = left && left.length > 0 ? Buffer.concat([left, bytes]) : bytes
    this.#start = 0
  }

  /** The next whole line without its end; `too-long` for one that was; undefined until more bytes come. */
  next(): Buffer | 'too-long' | undefined {
    const bytes = this.#bytes
    if (!bytes) return
    const start = this.#start
    const end = bytes.indexOf(10, start)
    if (end < 0) return this.#keepRest(bytes, start)
    this.#start = end + 1
    const isTooLong = this.#isSkipping || end - start > this.#most
    this.#isSkipping = false
    if (isTooLong) return 'too-long'
    const hasReturn = end > start && bytes[end - 1] === 13
    return bytes.subarray(start, hasReturn ? end - 1 : end)
  }

  /** The beginning of a line that is not whole; of one that is too long already, as many bytes as make it so. */
  rest(): Buffer {
    if (this.#isSkipping) return Buffer.alloc(this.#most + 1, ' ')
    return this.#bytes ? Buffer.from(this.#bytes.subarray(this.#start)) : Buffer.alloc(0)
  }

  #keepRest(bytes: Buffer, start: number): undefined {
    this.#isSkipping ||= bytes.length - start > this.#most
    // A copy: the buffer of the socket may be large, and this is kept for long.
    const isNothing = this.#isSkipping || start === bytes.length
    this.#bytes = isNothing ? undefined : Buffer.from(bytes.subarray(start))
    this.#start = 0
  }
}
