// FEP-8b32, with its own vector and Fedify as the other side.
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { signObject, verifyObject } from '@fedify/fedify/sig'
import { Create, Multikey, Note } from '@fedify/fedify/vocab'
import { describe, expect, test } from 'vitest'
import type { Json } from './document.ts'
import { addIntegrityProof, checkIntegrityProof, readIntegrityProof } from './integrity-proof.ts'
import { ed25519Key, rsaKey } from './signed-request.fixture.ts'

const x = 'sA2Nk45_dz1RVlqtNqYj9TRPf10ZYPnPPo4SYg6igQ8'
const d = 'yW756hDF5BTEcXI6_53nLDX6W3D66X6IMuysfS4rjtY'
const jwk = { kty: 'OKP', crv: 'Ed25519', x, d }
const publicKey = createPublicKey({ key: jwk, format: 'jwk' })
const privateKey = createPrivateKey({ key: jwk, format: 'jwk' })
const keyId = 'https://server.example/users/alice#ed25519-key'
const createdAt = Date.parse('2023-02-24T23:36:38Z')

const activity: Json = {
  '@context': [
    'https://www.w3.org/ns/activitystreams',
    'https://w3id.org/security/data-integrity/v1',
  ],
  id: 'https://server.example/activities/1',
  type: 'Create',
  actor: 'https://server.example/users/alice',
  object: {
    id: 'https://server.example/objects/1',
    type: 'Note',
    attributedTo: 'https://server.example/users/alice',
    content: 'Hello world',
    location: { type: 'Place', longitude: -71.184902, latitude: 25.273962 },
  },
}

const proof: Json = {
  type: 'DataIntegrityProof',
  cryptosuite: 'eddsa-jcs-2022',
  verificationMethod: keyId,
  proofPurpose: 'assertionMethod',
  proofValue:
    'zLaewdp4H9kqtwyrLatK4cjY5oRHwVcw4gibPSUDYDMhi4M49v8pcYk3ZB6D69dNpAPbUmY8ocuJ3m9KhKJEEg7z',
  created: '2023-02-24T23:36:38Z',
}

function verifies(document: Json, key: KeyObject = publicKey, now = createdAt): boolean {
  const read = readIntegrityProof(document, now)
  return read !== undefined && checkIntegrityProof(read, key)
}

describe('the vector of FEP-8b32', () => {
  test('verifies, and is what we make', () => {
    expect(readIntegrityProof({ ...activity, proof }, createdAt)?.keyId).toBe(keyId)
    expect(verifies({ ...activity, proof })).toBe(true)
    expect(addIntegrityProof(activity, { keyId, privateKey }, createdAt)).toEqual({
      ...activity,
      proof,
    })
  })

  test('verifies whatever the order of its members, or within a list', () => {
    const reversed = Object.fromEntries(Object.entries({ ...activity, proof }).reverse())
    expect(verifies(reversed)).toBe(true)
    const other = { type: 'DataIntegrityProof', cryptosuite: 'bbs-2023' }
    expect(verifies({ ...activity, proof: [other, null, 'x', proof] })).toBe(true)
  })

  test('does not verify with another key', () => {
    expect(verifies({ ...activity, proof }, ed25519Key.publicKey)).toBe(false)
    expect(verifies({ ...activity, proof }, rsaKey.publicKey)).toBe(false)
  })

  // Fedify: verifyProof(), a changed object and a changed `created`.
  test.each<[string, Json]>([
    ['content', { object: { ...(activity.object as Json), content: 'bye' } }],
    ['context', { '@context': 'https://www.w3.org/ns/activitystreams' }],
    ['actor', { actor: 'https://server.example/users/eve' }],
    ['a new member', { to: 'https://www.w3.org/ns/activitystreams#Public' }],
    ['created', { proof: { ...proof, created: '2023-02-24T23:36:39Z' } }],
    ['the key id', { proof: { ...proof, verificationMethod: `${keyId}-2` } }],
  ])('does not verify with %s changed', (_, change) => {
    expect(verifies({ ...activity, proof, ...change })).toBe(false)
  })

  // Fedify (from 2.4): "authenticates the complete proof configuration", options added after signing.
  test.each<[string, unknown]>([
    ['expires', '3000-01-01T00:00:00Z'],
    ['domain', 'social.example'],
    ['challenge', 'x'],
    ['nonce', 'x'],
    ['anything', {}],
  ])('does not verify with the option %s added', (name, value) => {
    expect(verifies({ ...activity, proof: { ...proof, [name]: value } })).toBe(false)
  })
})

describe('a proof is not looked at', () => {
  test.each<[string, unknown]>([
    ['absent', undefined],
    ['text', 'x'],
    ['of another type', { ...proof, type: 'Ed25519Signature2020' }],
    ['of another suite', { ...proof, cryptosuite: 'eddsa-rdfc-2022' }],
    ['for another purpose', { ...proof, proofPurpose: 'authentication' }],
    ['without key id', { ...proof, verificationMethod: undefined }],
    ['with its key embedded', { ...proof, verificationMethod: { id: keyId } }],
    ['without date', { ...proof, created: undefined }],
    ['with rubbish for a date', { ...proof, created: 'yesterday' }],
    ['with rubbish for an expiry', { ...proof, expires: 'not-a-date' }],
    ['without value', { ...proof, proofValue: undefined }],
    ['of another base', { ...proof, proofValue: 'mAAAA' }],
    ['cut short', { ...proof, proofValue: String(proof.proofValue).slice(0, 40) }],
    ['with a context of its own', { ...proof, '@context': ['https://evil.example/'] }],
    ['behind four others', [1, 2, 3, 4, proof]],
  ])('that is %s', (_, value) => {
    expect(readIntegrityProof({ ...activity, proof: value }, createdAt)).toBeUndefined()
  })

  // Fedify (from 2.4): rejects an authenticated expired proof.
  test('that has expired', () => {
    const expiring = { ...proof, expires: '2023-02-25T00:00:00Z' }
    const end = Date.parse(expiring.expires)
    expect(readIntegrityProof({ ...activity, proof: expiring }, end - 1)).toBeDefined()
    expect(readIntegrityProof({ ...activity, proof: expiring }, end)).toBeUndefined()
  })
})

describe('a proof that carries a context', () => {
  // vc-di-eddsa §3.3.1: the context is part of the proof.
  const context = activity['@context'] as string[]
  const signed = addIntegrityProof(activity, { keyId, privateKey }, createdAt)
  const carrying = { ...signed, proof: { ...(signed.proof as Json), '@context': context } }

  test('verifies when it is the document’s', () => {
    expect(verifies(carrying)).toBe(true)
  })

  test('verifies when the document has gained others at the end', () => {
    const gained = { ...carrying, '@context': [...context, 'https://relay.example/context'] }
    expect(verifies(gained)).toBe(true)
    expect(
      verifies({ ...carrying, '@context': ['https://relay.example/context', ...context] }),
    ).toBe(false)
  })
})

test('a Linked Data signature added later does not break it', () => {
  const signed = addIntegrityProof(activity, { keyId, privateKey }, createdAt)
  expect(verifies({ ...signed, signature: { type: 'RsaSignature2017' } })).toBe(true)
})

describe('Fedify', () => {
  const key = async () => {
    return new Multikey({
      id: new URL(keyId),
      controller: new URL('https://server.example/users/alice'),
      publicKey: await publicKey.toCryptoKey('Ed25519', true, ['verify']),
    })
  }
  const offline = () => Promise.reject(new Error('no network'))

  test('verifies what we make', async () => {
    const signed = addIntegrityProof(activity, { keyId, privateKey }, createdAt)
    const keyCache = { get: key, set: async () => {} }
    expect(await verifyObject(Create, signed, { documentLoader: offline, keyCache })).not.toBeNull()
    const changed = { ...signed, summary: 'changed' }
    expect(await verifyObject(Create, changed, { documentLoader: offline, keyCache })).toBeNull()
  })

  test('makes what we verify', async () => {
    const actor = new URL('https://server.example/users/alice')
    const create = new Create({
      id: new URL('https://server.example/activities/2'),
      actor,
      object: new Note({ attribution: actor, content: 'Grüße ☕', to: actor }),
      tos: [new URL('https://www.w3.org/ns/activitystreams#Public')],
    })
    const signing = privateKey.toCryptoKey('Ed25519', true, ['sign'])
    const signed = await signObject(create, signing, new URL(keyId))
    // What Fedify signs and sends has Public written out.
    const text = JSON.stringify(await signed.toJsonLd({ format: 'compact' }))
    const document: Json = JSON.parse(
      text.replace('"as:Public"', '"https://www.w3.org/ns/activitystreams#Public"'),
    )
    expect(verifies(document)).toBe(true)
    expect(verifies({ ...document, summary: 'changed' })).toBe(false)
  })
})
