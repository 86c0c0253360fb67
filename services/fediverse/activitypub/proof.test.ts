// Activities passed on by others: whose they are, and what exactly is vouched for.
import type { KeyObject } from 'node:crypto'
import { signJsonLd } from '@fedify/fedify/sig'
import { settableClock } from '@fuchsbau/shared/clock.ts'
import { beforeEach, describe, expect, test } from 'vitest'
import type { FoundKey } from './actor-key.ts'
import type { Json } from './document.ts'
import { failure } from './exchange.ts'
import { addIntegrityProof } from './integrity-proof.ts'
import { makeVerifyForwarded } from './proof.ts'
import { parsePublicKeyPem } from './public-key.ts'
import { ed25519Key, otherRsaKey, rsaKey } from './signed-request.fixture.ts'

const bob = 'https://remote.example/users/bob'
const rsaKeyId = `${bob}#main-key`
const ed25519KeyId = `${bob}#ed25519-key`
const now = Date.parse('2026-11-22T12:00:00Z')

const note = {
  id: 'https://remote.example/notes/1',
  type: 'Note',
  attributedTo: bob,
  content: 'hello',
}
const create: Json = {
  '@context': 'https://www.w3.org/ns/activitystreams',
  id: 'https://remote.example/activities/1',
  type: 'Create',
  actor: bob,
  to: 'https://www.w3.org/ns/activitystreams#Public',
  object: note,
}

let known: Map<string, KeyObject>
let fresh: Map<string, KeyObject>
let contexts: Map<string, Json>
let asked: string[]

beforeEach(() => {
  known = new Map([
    [rsaKeyId, rsaKey.publicKey],
    [ed25519KeyId, ed25519Key.publicKey],
  ])
  fresh = new Map()
  contexts = new Map()
  asked = []
})

const foundIn = (keys: Map<string, KeyObject>, keyId: string): FoundKey => {
  const key = keys.get(keyId)
  const owner = keyId.split('#')[0] ?? ''
  return key ? { ok: true, key, owner } : { ok: false, kind: 'gone', message: 'gone' }
}

const verifyForwarded = makeVerifyForwarded({
  clock: settableClock(now),
  keys: {
    find: async (keyId) => foundIn(known, keyId),
    refetch: async (keyId) => (fresh.has(keyId) ? foundIn(fresh, keyId) : undefined),
  },
  remote: {
    fetchJson: async (url) => {
      asked.push(url)
      const value = contexts.get(url)
      if (value === undefined) return failure('not-found', 'HTTP 404')
      return { ok: true, value, url, contentType: 'application/ld+json' }
    },
  },
})

async function signLinkedData(
  document: Json,
  key = rsaKey.privateKey,
  keyId = rsaKeyId,
): Promise<Json> {
  const cryptoKey = key.toCryptoKey({ name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, true, ['sign'])
  return { ...(await signJsonLd(document, cryptoKey, new URL(keyId), {})) }
}

const prove = (document: Json, keyId = ed25519KeyId) => {
  return addIntegrityProof(document, { keyId, privateKey: ed25519Key.privateKey }, now)
}

describe('an integrity proof', () => {
  test('vouches for the document as it is', async () => {
    const document = prove(create)
    expect(await verifyForwarded(document)).toEqual({ ok: true, signer: bob, document })
  })

  test('of another actor vouches for nothing', async () => {
    const eve = 'https://remote.example/users/eve'
    known.set(`${eve}#ed25519-key`, ed25519Key.publicKey)
    const forwarded = await verifyForwarded(prove(create, `${eve}#ed25519-key`))
    expect(forwarded).toEqual({ ok: false, reason: `the proof is by ${eve}, not by the actor` })
  })

  test('is tried again with the key fetched anew', async () => {
    known.set(ed25519KeyId, rsaKey.publicKey)
    expect(await verifyForwarded(prove(create))).toMatchObject({ ok: false })
    fresh.set(ed25519KeyId, ed25519Key.publicKey)
    expect(await verifyForwarded(prove(create))).toMatchObject({ ok: true, signer: bob })
  })

  test('whose key cannot be had vouches for nothing', async () => {
    known.clear()
    expect(await verifyForwarded(prove(create))).toMatchObject({ ok: false })
  })
})

// Fedify: verifySignature(), verifyJsonLd().
describe('a Linked Data signature', () => {
  test('vouches for the document, compacted with our context', async () => {
    const forwarded = await verifyForwarded(await signLinkedData(create))
    expect(forwarded).toMatchObject({
      ok: true,
      signer: bob,
      document: { type: 'Create', actor: bob, object: note },
    })
    expect(forwarded.ok && forwarded.document.signature).toBeUndefined()
    expect(asked).toEqual([])
  })

  test.each<[string, (signed: Json) => Json]>([
    ['changed content', (signed) => ({ ...signed, object: { ...note, content: 'bye' } })],
    ['another recipient', (signed) => ({ ...signed, cc: 'https://eve.example/' })],
    ['no base64', (signed) => withSignature(signed, { signatureValue: '!' })],
    ['rubbish for a signature', (signed) => withSignature(signed, { signatureValue: 'AQIDBA==' })],
    ['another date', (signed) => withSignature(signed, { created: '2026-11-22T12:00:01Z' })],
    ['another suite', (signed) => withSignature(signed, { type: 'RsaSignature2018' })],
    ['a creator that is no URL', (signed) => withSignature(signed, { creator: 'bob' })],
    ['a creator embedded', (signed) => withSignature(signed, { creator: { id: rsaKeyId } })],
    ['no signature', ({ signature: _, ...unsigned }) => unsigned],
    ['null for a signature', (signed) => ({ ...signed, signature: null })],
    [
      'two signatures',
      (signed) => ({ ...signed, signature: [signed.signature, signed.signature] }),
    ],
  ])('with %s vouches for nothing', async (_, change) => {
    expect(await verifyForwarded(change(await signLinkedData(create)))).toMatchObject({ ok: false })
  })

  function withSignature(signed: Json, change: Json): Json {
    return { ...signed, signature: { ...(signed.signature as Json), ...change } }
  }

  test('by another key, or of another actor, vouches for nothing', async () => {
    const forged = await signLinkedData(create, otherRsaKey.privateKey)
    expect(await verifyForwarded(forged)).toMatchObject({ ok: false })
    const eveKeyId = 'https://remote.example/users/eve#main-key'
    known.set(eveKeyId, otherRsaKey.publicKey)
    const foreign = await signLinkedData(create, otherRsaKey.privateKey, eveKeyId)
    expect(await verifyForwarded(foreign)).toMatchObject({ ok: false })
  })

  // Fedify: verifySignature(), "Test outdated key cache".
  test('is tried again with the key fetched anew', async () => {
    const signed = await signLinkedData(create)
    known.set(rsaKeyId, otherRsaKey.publicKey)
    expect(await verifyForwarded(signed)).toMatchObject({ ok: false })
    fresh.set(rsaKeyId, rsaKey.publicKey)
    expect(await verifyForwarded(signed)).toMatchObject({ ok: true, signer: bob })
  })

  test('vouches for the meaning, not for a spelling that makes it look different', async () => {
    const signed = await signLinkedData(create)
    const respelled = {
      ...signed,
      '@context': [
        create['@context'],
        { content: null, type: null, said: 'as:content', is: '@type' },
      ],
      is: 'Create',
      type: 'Delete',
      object: {
        id: note.id,
        is: 'Note',
        type: 'Tombstone',
        attributedTo: bob,
        said: 'hello',
        content: 'bye',
      },
    }
    const forwarded = await verifyForwarded(respelled)
    expect(forwarded).toMatchObject({ ok: true, document: { type: 'Create', object: note } })
  })

  test('over extensions is read with their usual terms', async () => {
    const terms = { mood: 'as:sensitive', Face: 'http://joinmastodon.org/ns#Emoji' }
    const document = {
      ...create,
      '@context': [create['@context'], terms],
      object: { ...note, mood: true, tag: { type: 'Face', name: ':fox:' } },
    }
    const forwarded = await verifyForwarded(await signLinkedData(document))
    const object = { sensitive: true, tag: { type: 'Emoji', name: ':fox:' } }
    expect(forwarded).toMatchObject({ ok: true, document: { object } })
  })

  // Fedify: verifyJsonLd() rejects unsafe JSON-LD keywords.
  describe('cannot be turned round', () => {
    const undo: Json = {
      '@context': 'https://www.w3.org/ns/activitystreams',
      id: 'https://remote.example/undo',
      type: 'Undo',
      actor: bob,
      object: {
        id: 'https://remote.example/announce',
        type: 'Announce',
        actor: bob,
        object: note.id,
      },
    }
    const { object: announce, ...undoAlone } = undo

    test.each<[string, (signature: unknown) => Json]>([
      [
        '@reverse',
        (signature) => ({
          ...(announce as Json),
          '@context': [undo['@context'], { rev: '@reverse' }],
          rev: { object: { ...undoAlone, '@context': undefined } },
          signature,
        }),
      ],
      [
        '@included',
        (signature) => ({
          ...(announce as Json),
          '@context': [undo['@context'], { inc: '@included' }],
          inc: [{ ...undoAlone, '@context': undefined, object: (announce as Json).id }],
          signature,
        }),
      ],
      [
        '@graph',
        (signature) => ({
          '@context': [undo['@context'], { graph: '@graph' }],
          actor: bob,
          graph: [{ ...undo, '@context': undefined }],
          signature,
        }),
      ],
    ])('by %s', async (_, turn) => {
      const signed = await signLinkedData(undo)
      expect(await verifyForwarded(signed)).toMatchObject({ ok: true })
      const turned = JSON.parse(JSON.stringify(turn(signed.signature))) as Json
      expect(await verifyForwarded(turned)).toMatchObject({ ok: false })
    })
  })

  test('with a context that cannot be had vouches for nothing', async () => {
    const signed = await signLinkedData(create)
    const context = [create['@context'], 'https://remote.example/context']
    expect(await verifyForwarded({ ...signed, '@context': context })).toMatchObject({ ok: false })
    expect(asked).toEqual(['https://remote.example/context'])
  })

  test('asks for an unknown context once, then has it', async () => {
    const url = 'https://remote.example/context/2'
    contexts.set(url, { '@context': { unused: 'https://remote.example/unused' } })
    const signed = await signLinkedData(create)
    const document = { ...signed, '@context': [create['@context'], url] }
    for (let count = 0; count < 2; count += 1) {
      expect(await verifyForwarded(document)).toMatchObject({ ok: true })
    }
    expect(asked).toEqual([url])
  })

  test('with three contexts that nobody knows is given up', async () => {
    const urls = [1, 2, 3].map((number) => `https://slow.example/${number}`)
    for (const url of urls) contexts.set(url, { '@context': {} })
    const signed = await signLinkedData(create)
    const document = { ...signed, '@context': [create['@context'], ...urls] }
    expect(await verifyForwarded(document)).toMatchObject({ ok: false })
    expect(asked).toEqual(urls.slice(0, 2))
  })

  test('with a context out of all proportion vouches for nothing', async () => {
    const url = 'https://remote.example/huge'
    const terms = Array.from({ length: 2000 }, (_, index) => [`term${index}`, 'as:content'])
    contexts.set(url, { '@context': Object.fromEntries(terms) })
    const signed = await signLinkedData(create)
    const document = { ...signed, '@context': [create['@context'], url] }
    expect(await verifyForwarded(document)).toMatchObject({ ok: false })
  })

  test('of a document with more than 1,000 values is not looked at', async () => {
    const withTags = (count: number) => {
      return signLinkedData({
        ...create,
        object: { ...note, tag: Array(count).fill('https://x.example/') },
      })
    }
    expect(await verifyForwarded(await withTags(900))).toMatchObject({ ok: true })
    expect(await verifyForwarded(await withTags(1000))).toMatchObject({ ok: false })
  })

  test('over nameless nodes that take for ever to put in order is given up soon', async () => {
    const ring = (size: number) => {
      return Array.from({ length: size }, (_, at) => ({
        id: `_:${at}`,
        tag: { id: `_:${(at + 1) % size}` },
      }))
    }
    const complete = (size: number) => {
      const nodes = Array.from({ length: size }, (_, at) => ({ id: `_:${at}` }))
      return nodes.map((node) => ({ ...node, tag: nodes }))
    }
    const signed = await signLinkedData(create)
    const start = performance.now()
    for (const object of [ring(230), complete(20), complete(100), ring(10_000)]) {
      expect(await verifyForwarded({ ...signed, object })).toMatchObject({ ok: false })
    }
    expect(performance.now() - start).toBeLessThan(5000)
  })
})

test('an activity without any proof is nobody’s', async () => {
  expect(await verifyForwarded(create)).toEqual({
    ok: false,
    reason: 'no proof by an actor that holds',
  })
})

// Fedify: its vector from activitypub.academy, a real Mastodon.
test('what Mastodon signed is verified', async () => {
  const { default: vector } = await import('./mastodon-create.fixture.json', {
    with: { type: 'json' },
  })
  const { publicKeyPem, activity } = vector
  const key = parsePublicKeyPem(publicKeyPem)
  if (key !== undefined) known.set(activity.signature.creator, key)
  const forwarded = await verifyForwarded(activity)
  const object = { content: '<p>Test</p>', sensitive: false, attributedTo: activity.actor }
  expect(forwarded).toMatchObject({ ok: true, signer: activity.actor, document: { object } })
  expect(asked).toEqual([])
})
