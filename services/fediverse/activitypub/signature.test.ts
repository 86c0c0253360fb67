// Our signatures and Fedify's understand each other, in both specifications and both directions.
import type { KeyObject } from 'node:crypto'
import {
  type HttpMessageSignaturesSpec,
  signRequest as signWithFedify,
  verifyRequest as verifyWithFedify,
} from '@fedify/fedify/sig'
import { CryptographicKey, type DocumentLoader } from '@fedify/fedify/vocab'
import { describe, expect, test } from 'vitest'
import { checkSignature, type ReceivedRequest, readSignature, signRequest } from './signature.ts'
import {
  activity,
  keyId,
  now,
  otherRsaKey,
  policy,
  rsaKey,
  sha256,
} from './signed-request.fixture.ts'

const specs = [
  ['cavage', 'draft-cavage-http-signatures-12'],
  ['rfc9421', 'rfc9421'],
] as const

const signer = { keyId, privateKey: rsaKey.privateKey }
const inbox = new URL('https://local.example/alice/inbox')
const outbox = new URL('https://local.example/alice/outbox?page=1')

describe.each(specs)('%s', (spec, fedifySpec) => {
  test('what we sign, we and Fedify verify: POST', async () => {
    const request = { method: 'POST', url: inbox, digest: sha256(activity) } as const
    const fields = await signRequest(spec, request, signer, now)
    expect(verifies(received('POST', '/alice/inbox', fields, activity))).toBe(true)
    expect(await fedifyVerifies(toRequest('POST', inbox, fields, activity), fedifySpec)).toBe(true)
    const changed = Buffer.from(activity).fill(' ', 0, 1)
    expect(await fedifyVerifies(toRequest('POST', inbox, fields, changed), fedifySpec)).toBe(false)
  })

  test('what we sign, we and Fedify verify: GET', async () => {
    const fields = await signRequest(spec, { method: 'GET', url: inbox }, signer, now)
    expect(verifies(received('GET', '/alice/inbox', fields))).toBe(true)
    expect(await fedifyVerifies(toRequest('GET', inbox, fields), fedifySpec)).toBe(true)
  })

  test('a query is signed with its path', async () => {
    const fields = await signRequest(spec, { method: 'GET', url: outbox }, signer, now)
    expect(verifies(received('GET', '/alice/outbox?page=1', fields))).toBe(true)
    expect(verifies(received('GET', '/alice/outbox?page=2', fields))).toBe(false)
    expect(verifies(received('GET', '/alice/outbox', fields))).toBe(false)
  })

  test('what Fedify signs, we verify: POST', async () => {
    const signed = await fedifySign('POST', inbox, fedifySpec, activity)
    const request = received('POST', '/alice/inbox', signed, activity)
    expect(verifies(request, Date.now())).toBe(true)
    expect(verifies(request, Date.now(), otherRsaKey.publicKey)).toBe(false)
  })

  test('what Fedify signs, we verify: GET with a query', async () => {
    const signed = await fedifySign('GET', outbox, fedifySpec)
    expect(verifies(received('GET', '/alice/outbox?page=1', signed), Date.now())).toBe(true)
  })

  test('the digest names the body and the date is now', async () => {
    const request = { method: 'POST', url: inbox, digest: sha256(activity) } as const
    const { headers } = received('POST', '/', await signRequest(spec, request, signer, now))
    expect(headers.host).toBe('local.example')
    expect(headers.date).toBe('Sun, 22 Nov 2026 12:00:00 GMT')
    const digest = spec === 'cavage' ? headers['digest'] : headers['content-digest']
    expect(digest).toContain(sha256(activity))
  })
})

test('a signature of the wrong length is no signature, with any key', () => {
  const bases = ['x']
  const algorithms = ['rsa-sha256', 'rsa-pss-sha512', 'ed25519'] as const
  for (const size of [0, 1, 64, 256, 1024]) {
    const bytes = Buffer.alloc(size, 1)
    const signature = { spec: 'cavage', keyId, algorithms, bases, bytes } as const
    expect(checkSignature(signature, rsaKey.publicKey)).toBe(false)
  }
})

function verifies(request: ReceivedRequest, at = now, key = rsaKey.publicKey): boolean {
  const read = readSignature(request, { ...policy, now: at })
  return read.ok && checkSignature(read.signature, key)
}

function received(
  method: string,
  target: string,
  fields: readonly string[] | Headers,
  body: Buffer = Buffer.alloc(0),
): ReceivedRequest {
  const headers = fields instanceof Headers ? Object.fromEntries(fields) : pairs(fields)
  return { method, target, headers, body }
}

function pairs(fields: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {}
  for (let index = 0; index < fields.length; index += 2) {
    headers[String(fields[index])] = String(fields[index + 1])
  }
  return headers
}

function toRequest(method: string, url: URL, fields: readonly string[], body?: Buffer): Request {
  return new Request(url, { method, headers: pairs(fields), ...(body && { body }) })
}

async function toCryptoKey(key: KeyObject, usage: 'sign' | 'verify') {
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
  return key.toCryptoKey(algorithm, true, [usage])
}

async function fedifySign(
  method: string,
  url: URL,
  spec: HttpMessageSignaturesSpec,
  body?: Buffer,
): Promise<Headers> {
  const request = new Request(url, { method, ...(body && { body }) })
  const key = await toCryptoKey(rsaKey.privateKey, 'sign')
  const signed = await signWithFedify(request, key, new URL(keyId), { spec })
  return signed.headers
}

async function fedifyVerifies(request: Request, spec: HttpMessageSignaturesSpec): Promise<boolean> {
  const key = new CryptographicKey({
    id: new URL(keyId),
    owner: new URL('https://remote.example/users/bob'),
    publicKey: await toCryptoKey(rsaKey.publicKey, 'verify'),
  })
  const loader: DocumentLoader = () => Promise.reject(new Error('no network'))
  const verified = await verifyWithFedify(request, {
    spec,
    documentLoader: loader,
    contextLoader: loader,
    timeWindow: false,
    keyCache: { get: async () => key, set: async () => {} },
  })
  return verified !== null
}
