import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { Digest } from '../name.ts'
import { openAttachment } from './attachment.ts'
import { readPublicKey, type TrustedKey } from './signature.ts'

const image = `sha256:${'a'.repeat(64)}` as Digest
const other = `sha256:${'b'.repeat(64)}` as Digest
const IN_TOTO = 'application/vnd.in-toto+json'

function pair(type: 'ec' | 'ed25519' | 'rsa') {
  if (type === 'ec') return generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return type === 'rsa'
    ? generateKeyPairSync('rsa', { modulusLength: 2048 })
    : generateKeyPairSync('ed25519')
}

const types = ['ec', 'ed25519', 'rsa'] as const
const pairs = Object.fromEntries(types.map((type) => [type, pair(type)])) as Record<
  (typeof types)[number],
  ReturnType<typeof pair>
>
const keys: TrustedKey[] = types.map((name) => ({ name, key: pairs[name].publicKey }))

const statement = (predicateType: string, predicate: unknown, digest = image) => ({
  _type: 'https://in-toto.io/Statement/v1',
  subject: [{ digest: { sha256: digest.slice(7) } }],
  predicateType,
  predicate,
})

function envelope(document: object, by: (typeof types)[number], payloadType = IN_TOTO) {
  const payload = Buffer.from(JSON.stringify(document))
  const head = `DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} `
  const hash = by === 'ed25519' ? null : 'sha256'
  const sig = sign(hash, Buffer.concat([Buffer.from(head), payload]), pairs[by].privateKey)
  return {
    payloadType,
    payload: payload.toString('base64'),
    signatures: [{ sig: sig.toString('base64') }],
  }
}

const open = (document: unknown, manifest?: Buffer) =>
  openAttachment({
    bytes: Buffer.from(typeof document === 'string' ? document : JSON.stringify(document)),
    image,
    manifest,
    keys,
  })

describe('an envelope (https://github.com/secure-systems-lab/dsse/blob/v1.0.2/protocol.md)', () => {
  const built = { buildDefinition: { buildType: 'x' }, runDetails: { builder: { id: 'b' } } }
  const provenance = statement('https://slsa.dev/provenance/v1', built)

  test.each(types)('of a trusted key (%s) is verified', (type) => {
    const opened = open(envelope(provenance, type))
    expect(opened).toMatchObject({ key: type, isOfImage: true, content: { kind: 'provenance' } })
  })

  test('whose payload, type or signature was changed is not', () => {
    const right = envelope(provenance, 'ec')
    const changed = Buffer.from(JSON.stringify({ ...provenance, extra: 1 })).toString('base64')
    expect(open({ ...right, payload: changed }).key).toBeNull()
    expect(open({ ...right, signatures: [{ sig: 'AAAA' }] }).key).toBeNull()
    expect(open({ ...right, signatures: [] }).key).toBeNull()
    expect(open({ ...right, signatures: 'x' }).key).toBeNull()
    const wrongType = open({ ...right, payloadType: 'text/plain' })
    expect(wrongType).toMatchObject({ key: undefined, content: { kind: 'unreadable' } })
  })

  test('with a good signature among bad ones is', () => {
    const right = envelope(provenance, 'ec')
    const signatures = [{ sig: 'AAAA' }, null, { sig: 7 }, ...right.signatures]
    expect(open({ ...right, signatures }).key).toBe('ec')
  })

  test('about another image says so', () => {
    const opened = open(envelope(statement('x', {}, other), 'ec'))
    expect(opened).toMatchObject({ key: 'ec', isOfImage: false })
  })

  test('in a bundle is the same', () => {
    expect(open({ dsseEnvelope: envelope(provenance, 'rsa') }).key).toBe('rsa')
  })
})

test.each([
  [
    'text in a predicate (cosign, spdx)',
    'https://spdx.dev/Document',
    '{"spdxVersion":"SPDX-2.3","packages":[]}',
    'sbom',
  ],
  [
    'text in Data (cosign, custom)',
    'https://cosign.sigstore.dev/attestation/v1',
    { Data: '{"a":1}' },
    'json',
  ],
  ['text that is no JSON', 'https://spdx.dev/Document', 'SPDXVersion: SPDX-2.3', 'json'],
  ['provenance of another form', 'https://slsa.dev/provenance/v1', { nothing: 1 }, 'json'],
  ['no predicate', 'x', undefined, 'unreadable'],
])('%s is read', (_, type, predicate, kind) => {
  const opened = open(statement(type, predicate))
  expect(opened).toMatchObject({ key: undefined, content: { kind } })
})

test('a signature of the bytes of the manifest is one of the image', () => {
  const manifest = Buffer.from('{"schemaVersion":2}')
  const bundle = (hash: 'sha256' | 'sha512', by: 'ec' | 'ed25519') => {
    const digest = createHash(hash).update(manifest).digest('base64')
    const signature = sign(by === 'ed25519' ? null : hash, manifest, pairs[by].privateKey)
    return {
      messageSignature: { messageDigest: { digest }, signature: signature.toString('base64') },
    }
  }
  expect(open(bundle('sha256', 'ec'), manifest)).toMatchObject({ key: 'ec', isOfImage: true })
  expect(open(bundle('sha512', 'ec'), manifest)).toMatchObject({ key: 'ec', isOfImage: true })
  expect(open(bundle('sha256', 'ed25519'), manifest).key).toBe('ed25519')
  expect(open(bundle('sha256', 'ec'), Buffer.from('{}'))).toMatchObject({
    key: null,
    isOfImage: false,
  })
  expect(open(bundle('sha256', 'ec'))).toMatchObject({ key: null, isOfImage: false })
})

test.each<[string, string]>([
  ['nothing', ''],
  ['no JSON', '{'],
  ['XML', '<bom/>'],
  ['a list', '[]'],
  ['a number', '1'],
  ['deep lists', '['.repeat(200_000)],
  ['an envelope of numbers', '{"payloadType":1,"payload":2,"signatures":3}'],
  ['a bundle of numbers', '{"dsseEnvelope":{"payload":[],"payloadType":{}}}'],
  ['a message of numbers', '{"messageSignature":{"messageDigest":7,"signature":[]}}'],
])('%s is no signature, and no error', (_, text) => {
  const opened = open(text, Buffer.from('x'))
  expect(opened.key ?? undefined).toBeUndefined()
})

test('what goes too deep to be written is said to', () => {
  const deep = `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`
  expect(open(deep).content).toEqual({
    kind: 'unreadable',
    why: 'It is nested too deeply to be shown.',
  })
})

test('a key that cannot sign is no key to trust', () => {
  const pem = generateKeyPairSync('x25519').publicKey.export({ type: 'spki', format: 'pem' })
  expect(readPublicKey(pem.toString())).toBeUndefined()
  expect(readPublicKey('x')).toBeUndefined()
})
