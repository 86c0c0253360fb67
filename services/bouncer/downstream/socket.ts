// The wire to one client, whatever carries it, and how bytes become lines.

/** Tags of a client may have 4,094 bytes and the rest 510 (message-tags); some clients send longer text to be split. */
const MAX_LINE_BYTES = 8_191

/** What carries the lines: a TCP or TLS socket, or a WebSocket. */
export interface Wire {
  /** Address of the client. */
  readonly address: string
  /** What the client showed as certificate: SHA-256 of it in hex. */
  readonly fingerprint: string | undefined
  /** Whether the client spoke TLS with us: only then may it have shown a certificate. */
  readonly isSecure: boolean
  /** Bytes that were written and not taken by the client. */
  readonly unsent: number
  write(text: string): void
  /** Ends when all is written. */
  end(): void
  destroy(): void
  pause(): void
  resume(): void
  /** The client has logged in: it is no stranger any more. */
  admitted(): void
}

/** Splits a stream of bytes into lines, taken one by one; those that are too long are cut out and told. */
export class LineReader {
  #bytes: Buffer | undefined
  #start = 0
  #isSkipping = false

  /** More bytes, behind those that are left. */
  add(bytes: Buffer): void {
    const left = this.#bytes?.subarray(this.#start)
    this.#bytes = left && left.length > 0 ? Buffer.concat([left, bytes]) : bytes
    this.#start = 0
  }

  /** The next whole line without its end; `too-long` for one that was; undefined until more bytes come. */
  next(): { text: string } | 'too-long' | undefined {
    const bytes = this.#bytes
    if (!bytes) return
    const start = this.#start
    const end = bytes.indexOf(10, start)
    if (end < 0) return this.#keepRest(bytes, start)
    this.#start = end + 1
    const isTooLong = this.#isSkipping || end - start > MAX_LINE_BYTES
    this.#isSkipping = false
    if (isTooLong) return 'too-long'
    const hasReturn = end > start && bytes[end - 1] === 13
    // Not UTF-8: read as the bytes' own characters rather than as garbage; sent on as UTF-8.
    return { text: decode(bytes.subarray(start, hasReturn ? end - 1 : end)) }
  }

  #keepRest(bytes: Buffer, start: number): undefined {
    this.#isSkipping ||= bytes.length - start > MAX_LINE_BYTES
    // A copy: the buffer of the socket may be large, and this is kept for long.
    const isNothing = this.#isSkipping || start === bytes.length
    this.#bytes = isNothing ? undefined : Buffer.from(bytes.subarray(start))
    this.#start = 0
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function decode(bytes: Buffer): string {
  try {
    return utf8.decode(bytes)
  } catch {
    return bytes.toString('latin1')
  }
}
