// The wire to one client, whatever carries it, and how its bytes become text.

/** Tags of a client may have 4,094 bytes and the rest 510 (message-tags); some clients send longer text to be split. */
export const MAX_LINE_BYTES = 8_191

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

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The text of a line. Not UTF-8: read as the bytes' own characters rather than as garbage; sent on as UTF-8. */
export function decode(bytes: Buffer): string {
  try {
    return utf8.decode(bytes)
  } catch {
    return bytes.toString('latin1')
  }
}
