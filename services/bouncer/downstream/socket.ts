// The wire to one client: lines in, capped in length and rate of arrival; lines out, in a queue of bounded size that is
// written when the store has committed.

/** Tags of a client may have 4,094 bytes and the rest 510 (message-tags); some clients send longer text to be split. */
const MAX_LINE_BYTES = 8_191

/** What carries the lines: a TCP or TLS socket, or a WebSocket. */
export interface Wire {
  /** Address of the client. */
  readonly address: string
  /** What the client showed as certificate: SHA-256 of it in hex. */
  readonly fingerprint: string | undefined
  readonly isSecure: boolean
  /** Bytes that were written and not taken by the client. */
  readonly unsent: number
  write(text: string): void
  /** Ends when all is written. */
  end(): void
  destroy(): void
  pause(): void
  resume(): void
}

/** Splits a stream of bytes into lines; those that are too long are cut out and told. */
export class LineReader {
  readonly #onLine: (line: string) => void
  readonly #onTooLong: () => void
  #rest: Buffer | undefined
  #isSkipping = false

  constructor(onLine: (line: string) => void, onTooLong: () => void) {
    this.#onLine = onLine
    this.#onTooLong = onTooLong
  }

  read(bytes: Buffer): void {
    let start = 0
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
      this.#line(bytes.subarray(start, end))
      start = end + 1
    }
    if (start < bytes.length) this.#keep(bytes.subarray(start))
  }

  #keep(part: Buffer): void {
    if (this.#isSkipping) return
    const rest = this.#rest ? Buffer.concat([this.#rest, part]) : Buffer.from(part)
    this.#isSkipping = rest.length > MAX_LINE_BYTES
    this.#rest = this.#isSkipping ? undefined : rest
  }

  #line(part: Buffer): void {
    const line = this.#rest ? Buffer.concat([this.#rest, part]) : part
    const isTooLong = this.#isSkipping || line.length > MAX_LINE_BYTES
    this.#rest = undefined
    this.#isSkipping = false
    if (isTooLong) {
      this.#onTooLong()
      return
    }
    const end = line.at(-1) === 13 ? line.length - 1 : line.length
    // Not UTF-8: read as the bytes' own characters rather than as garbage; sent on as UTF-8.
    this.#onLine(decode(line.subarray(0, end)))
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
