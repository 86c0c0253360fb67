// Signs requests as other servers do, by node:crypto alone, and as an attacker would: every part can be made wrong.
import { hash, type KeyObject, sign } from 'node:crypto'

export interface RequestSigner {
  keyId: string
  privateKey: KeyObject
}

/** What to do otherwise than a good peer would. */
export interface Signing {
  /** draft-cavage-http-signatures-12, or RFC 9421. */
  spec?: 'cavage' | 'rfc9421'
  /** What the request says of its time. */
  at?: number
  /** What the digest is made of, when that is not the body. */
  digestOf?: Buffer | string
  /** What is covered, in order. */
  covered?: readonly string[]
  /** Whom the request is signed for, and says that it is for. */
  host?: string
  keyId?: string
  privateKey?: KeyObject
  /** What the signature says that it is. */
  algorithm?: string
  contentType?: string
}

const COVERED = {
  cavage: ['(request-target)', 'host', 'date', 'digest', 'content-type'],
  rfc9421: ['@method', '@target-uri', 'content-digest'],
} as const

/** The header fields of a signed POST, names in lower case. */
export function signPost(
  url: URL,
  body: Buffer,
  signer: RequestSigner,
  signing: Signing = {},
): Record<string, string> {
  const { spec = 'cavage', at = Date.now(), host = url.host, digestOf = body } = signing
  const { keyId = signer.keyId, privateKey = signer.privateKey } = signing
  const digest = hash('sha256', digestOf, 'base64')
  const fields: Record<string, string> = {
    host,
    date: new Date(at).toUTCString(),
    'content-type': signing.contentType ?? 'application/activity+json',
    ...(spec === 'cavage'
      ? { digest: `SHA-256=${digest}` }
      : { 'content-digest': `sha-256=:${digest}:` }),
  }
  const values: Record<string, string> = {
    ...fields,
    '(request-target)': `post ${url.pathname}${url.search}`,
    '@method': 'POST',
    '@target-uri': `${url.protocol}//${host}${url.pathname}${url.search}`,
  }
  const covered = signing.covered ?? COVERED[spec]
  const signed = (lines: string[]) =>
    sign('sha256', Buffer.from(lines.join('\n')), privateKey).toString('base64')

  if (spec === 'cavage') {
    const signature = signed(covered.map((name) => `${name}: ${values[name] ?? ''}`))
    const algorithm = signing.algorithm ?? 'rsa-sha256'
    fields['signature'] =
      `keyId="${keyId}",algorithm="${algorithm}",headers="${covered.join(' ')}",signature="${signature}"`
    return fields
  }
  const names = covered.map((name) => `"${name}"`).join(' ')
  const algorithm = signing.algorithm ?? 'rsa-v1_5-sha256'
  const input = `(${names});created=${Math.floor(at / 1000)};keyid="${keyId}";alg="${algorithm}"`
  const lines = covered.map((name) => `"${name}": ${values[name] ?? ''}`)
  const signature = signed([...lines, `"@signature-params": ${input}`])
  fields['signature-input'] = `sig1=${input}`
  fields['signature'] = `sig1=:${signature}:`
  return fields
}
