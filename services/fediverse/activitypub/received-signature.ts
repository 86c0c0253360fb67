// What the two signature specifications (cavage.ts, message-signature.ts) have in common when a request
// comes in: the request, our expectations of it, the signature read from it, and why one is refused.
import type { IncomingHttpHeaders } from 'node:http'

/** The two specifications in use: draft-cavage-http-signatures-12 and RFC 9421. */
export type SignatureSpec = 'cavage' | 'rfc9421'

/** How a signature may have been made; which of them fits is decided by the key. */
export type SignatureAlgorithm = 'rsa-sha256' | 'rsa-sha512' | 'rsa-pss-sha512' | 'ed25519'

/** A request as it came in. `target` is path and query exactly as in the request line. */
export interface ReceivedRequest {
  method: string
  target: string
  headers: IncomingHttpHeaders
  /** Node's `rawHeaders`, to see duplicates that `headers` hides; duplicates pass unseen without it. */
  rawHeaders?: readonly string[]
  body: Buffer
}

/** What we expect of a signed request. */
export interface SignaturePolicy {
  /** Scheme and host the request must have been made for, e.g. `https://example.org`. */
  origin: string
  /** Milliseconds since 1970. */
  now: number
  /** How old a signature may be, in milliseconds; 12 hours by default, as Mastodon has it. */
  maxAgeMs?: number
  /** How far its date may lie ahead of our clock, in milliseconds; 1 hour by default. */
  maxAheadMs?: number
}

/** A signature whose coverage, host, digest and dates are in order; only the key is missing. */
export interface ReceivedSignature {
  spec: SignatureSpec
  keyId: string
  algorithms: readonly SignatureAlgorithm[]
  /** What was signed, in the readings worth trying: the first is the specification's. */
  bases: readonly string[]
  bytes: Buffer
}

/** Why a signature is refused before any key is looked at. */
export type SignatureFault =
  | 'missing'
  | 'malformed'
  | 'uncovered'
  | 'host'
  | 'date'
  | 'digest'
  | 'algorithm'

export type ReadSignature =
  | { ok: true; signature: ReceivedSignature }
  | { ok: false; reason: SignatureFault; message: string }

/** A refusal with its explanation for the log. */
export function refuse(reason: SignatureFault, message: string) {
  return { ok: false, reason, message } as const
}

/** Longest signature header we read, in characters: a key id of 2,048 and an RSA-8192 signature fit. */
export const maxHeaderLength = 6144

/** Most header fields or components one signature may cover. */
export const maxCovered = 32

const hour = 3_600_000

/** Says whether an instant (milliseconds) lies within the window around now; both ends included. */
export function isTimely(at: number, policy: SignaturePolicy): boolean {
  const { now, maxAgeMs = 12 * hour, maxAheadMs = hour } = policy
  return at >= now - maxAgeMs && at <= now + maxAheadMs
}

const seconds = /^\d{1,11}$/

/** Unix seconds written as 1–11 digits, as milliseconds; undefined for anything else. */
export function parseSeconds(text: string): number | undefined {
  return seconds.test(text) ? Number(text) * 1000 : undefined
}

const base64 = /^[A-Za-z0-9+/]+={0,2}$/

/** The bytes of strict base64 (RFC 4648 §4, 1–1,368 characters: an RSA-8192 signature at most). */
export function decodeBase64(text: string): Buffer | undefined {
  if (text.length > 1368 || text.length % 4 !== 0 || !base64.test(text)) return undefined
  return Buffer.from(text, 'base64')
}

/** One header field's value as signers see it; undefined when it is absent. */
export function headerValue(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = Object.hasOwn(headers, name) ? headers[name] : undefined
  return Array.isArray(value) ? value.join(', ') : value?.trim()
}

/** True when the Host header names the host of `origin`, the scheme's default port left out or not. */
export function isForHost(headers: IncomingHttpHeaders, origin: URL): boolean {
  const host = headers.host?.toLowerCase()
  if (host === undefined) return false
  if (host === origin.host) return true
  const defaultPort = origin.protocol === 'https:' ? ':443' : ':80'
  return origin.port === '' && host === `${origin.host}${defaultPort}`
}

const single = new Set(['host', 'date', 'signature', 'signature-input'])

/** The name of a field that must come once and came twice; undefined when there is none. */
export function duplicateField(rawHeaders: readonly string[]): string | undefined {
  const seen = new Set<string>()
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toLowerCase() ?? ''
    if (!single.has(name)) continue
    if (seen.has(name)) return name
    seen.add(name)
  }
  return undefined
}
