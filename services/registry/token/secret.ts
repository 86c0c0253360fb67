// Secrets that we hand out: a prefix that scanners know, 30 letters and digits (178 bits), and a checksum, so that a scanner
// can tell ours from chance without asking us. Only their hashes are kept.
import { createHash, randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'

/** Of access tokens, and of refresh tokens. */
export type SecretKind = 'fbr' | 'fbrr'

const LETTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const BODY = 30
const CHECK = 6

/** A new one. */
export function makeSecret(kind: SecretKind): string {
  let body = ''
  while (body.length < BODY) {
    // 248 is the largest multiple of 62 in a byte: beyond it some letters would be more likely.
    for (const byte of randomBytes(BODY)) {
      if (byte < 248 && body.length < BODY) body += LETTERS[byte % 62]
    }
  }
  return `${kind}_${body}${checksum(`${kind}_${body}`)}`
}

/** Whether a text can be a secret of this kind; what is mistyped is told without looking anything up. */
export function isSecret(kind: SecretKind, text: string): boolean {
  const length = kind.length + 1 + BODY + CHECK
  if (text.length !== length || !text.startsWith(`${kind}_`) || !/^\w+$/.test(text)) return false
  return checksum(text.slice(0, -CHECK)) === text.slice(-CHECK)
}

/** What is kept of it: SHA-256, hex. With so many bits a slow hash would protect nothing more. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

function checksum(text: string): string {
  let rest = crc32(text)
  let written = ''
  for (let index = 0; index < CHECK; index += 1) {
    written = `${LETTERS[rest % 62]}${written}`
    rest = Math.floor(rest / 62)
  }
  return written
}
