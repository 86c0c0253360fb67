// Body digests in HTTP header fields: `Digest` (RFC 3230, with cavage signatures) and `Content-Digest`
// (RFC 9530, with RFC 9421 signatures).
import { hash, timingSafeEqual } from 'node:crypto'

const known: ReadonlyMap<string, string> = new Map([
  ['sha-256', 'sha256'],
  ['sha-512', 'sha512'],
])
const maxDigests = 4

/** One entry: an algorithm's name and the digest in base64 (88 characters hold SHA-512). */
const digestEntry = /^\s*([A-Za-z0-9-]{1,16})=([A-Za-z0-9+/]{1,88}={0,2})\s*$/
const contentDigestEntry = /^\s*([a-z0-9-]{1,16})=:([A-Za-z0-9+/]{1,88}={0,2}):\s*$/

/**
 * Says whether a `Digest` field fits the body: 1–4 entries, SHA-256 or SHA-512 among them, and every known
 * one equal. https://www.rfc-editor.org/rfc/rfc3230#section-4.3.2
 */
export function matchesDigest(field: string, body: Buffer): boolean {
  return matches(field, digestEntry, body)
}

/** The same for `Content-Digest`. https://www.rfc-editor.org/rfc/rfc9530#section-2 */
export function matchesContentDigest(field: string, body: Buffer): boolean {
  return matches(field, contentDigestEntry, body)
}

function matches(field: string, entry: RegExp, body: Buffer): boolean {
  const entries = field.length <= 512 ? field.split(',') : []
  if (entries.length > maxDigests) return false
  let found = false
  for (const text of entries) {
    const [, name = '', value = ''] = entry.exec(text) ?? []
    if (value === '') return false
    const algorithm = known.get(name.toLowerCase())
    if (algorithm === undefined) continue
    const actual = hash(algorithm, body, 'buffer')
    const claimed = Buffer.from(value, 'base64')
    if (claimed.length !== actual.length || !timingSafeEqual(claimed, actual)) return false
    found = true
  }
  return found
}
