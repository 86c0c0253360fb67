// Keys of other servers' actors, fetched from real servers on loopback.
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { type SettableClock, settableClock } from '@fuchsbau/shared/clock.ts'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Json } from './document.ts'
import { KeyCache, type SavedKey } from './key-cache.ts'
import { createTestRemote, type Peer, sendActivity, startPeer } from './peer.fixture.ts'
import { formatMultikey } from './public-key.ts'
import type { Remote } from './remote.ts'
import { otherRsaKey, rsaKey } from './signed-request.fixture.ts'

const minute = 60_000
const day = 86_400_000

let peer: Peer
let remote: Remote
let clock: SettableClock
let keys: KeyCache
/** What the peer serves, by path; 404 for the rest. */
let documents: Map<string, unknown>

beforeEach(async () => {
  documents = new Map()
  peer = await startPeer(({ url }, response) => {
    const document = documents.get(url)
    if (typeof document === 'number') return response.writeHead(document).end()
    if (document === undefined) return response.writeHead(404).end()
    return sendActivity(response, document)
  })
  clock = settableClock(Date.parse('2026-11-22T12:00:00Z'))
  remote = createTestRemote({}, clock)
  keys = new KeyCache({ remote, clock })
})

afterEach(async () => {
  await remote.close()
  await peer.close()
})

function pem(key: KeyObject = rsaKey.publicKey): string {
  return key.export({ type: 'spki', format: 'pem' }).toString()
}

const at = (path: string) => `${peer.origin}${path}`
const bob = () => at('/bob')
const mainKey = () => at('/bob#main-key')

function makeActor(changes: Json = {}, id = bob()): Json {
  const publicKey = { id: `${id}#main-key`, owner: id, publicKeyPem: pem() }
  return {
    id,
    type: 'Person',
    preferredUsername: 'bob',
    inbox: `${id}/inbox`,
    publicKey,
    ...changes,
  }
}

function serve(actor: Json): void {
  documents.set('/bob', actor)
}

async function findsKey(keyId: string, key: KeyObject = rsaKey.publicKey): Promise<boolean> {
  const found = await keys.find(keyId)
  return found.ok && found.owner === bob() && found.key.equals(key)
}

describe('a key id', () => {
  test('that is a fragment of its owner takes one request', async () => {
    serve(makeActor())
    expect(await findsKey(mainKey())).toBe(true)
    expect(peer.requests.map(({ url }) => url)).toEqual(['/bob'])
  })

  // GoToSocial: …/main-key answers with the actor.
  test('that is a path leading to its owner', async () => {
    const actor = makeActor({
      publicKey: { id: at('/bob/main-key'), owner: bob(), publicKeyPem: pem() },
    })
    serve(actor)
    documents.set('/bob/main-key', actor)
    expect(await findsKey(at('/bob/main-key'))).toBe(true)
  })

  test.each(['embedded', 'named'])('of a document of its own, by its owner %s', async (how) => {
    const key = { id: at('/keys/1'), type: 'Key', owner: bob(), publicKeyPem: pem() }
    documents.set('/keys/1', key)
    serve(makeActor({ publicKey: how === 'embedded' ? key : key.id }))
    expect(await findsKey(at('/keys/1'))).toBe(true)
    expect(peer.requests.map(({ url }) => url)).toEqual(['/keys/1', '/bob'])
  })

  test('that is the id of its owner, who lists one key (activitypub-express)', async () => {
    serve(makeActor())
    expect(await findsKey(bob())).toBe(true)
    serve(makeActor({ publicKey: [makeActor().publicKey] }))
    clock.advance(day)
    expect(await findsKey(bob())).toBe(true)
  })

  test('among several keys of its owner', async () => {
    const key = (name: string, { publicKey }: { publicKey: KeyObject }) => {
      return { id: at(`/bob#${name}`), owner: bob(), publicKeyPem: pem(publicKey) }
    }
    serve(makeActor({ publicKey: [key('old', otherRsaKey), 'x', null, key('main-key', rsaKey)] }))
    expect(await findsKey(mainKey())).toBe(true)
    expect(await findsKey(at('/bob#old'), otherRsaKey.publicKey)).toBe(true)
  })

  // FEP-521a.
  test('of a Multikey in assertionMethod', async () => {
    const { publicKey } = generateKeyPairSync('ed25519')
    const method = {
      id: at('/bob#ed25519-key'),
      type: 'Multikey',
      controller: bob(),
      publicKeyMultibase: formatMultikey(publicKey),
    }
    serve(makeActor({ assertionMethod: [method] }))
    expect(await findsKey(method.id, publicKey)).toBe(true)
  })

  test('hands its owner’s document on', async () => {
    const actors: Json[] = []
    keys = new KeyCache({ remote, clock, onActor: (actor) => actors.push(actor) })
    serve(makeActor())
    await keys.find(mainKey())
    expect(actors).toEqual([makeActor()])
  })
})

// Fedify: fetchKey(), "rejects standalone keys with a mismatched id", "returns null for a malformed actor
// publicKey"; getKeyOwner(). Unlike Fedify we take an actor's only key for no other id than her own.
describe('a key is refused', () => {
  test.each<[string, () => Json]>([
    ['that the actor does not list', () => makeActor({ publicKey: undefined })],
    [
      'listed under another id',
      () => makeActor({ publicKey: { id: at('/bob#k'), owner: bob(), publicKeyPem: pem() } }),
    ],
    ['listed without id', () => makeActor({ publicKey: { owner: bob(), publicKeyPem: pem() } })],
    [
      'that names another owner',
      () => makeActor({ publicKey: { id: mainKey(), owner: at('/eve'), publicKeyPem: pem() } }),
    ],
    ['without key material', () => makeActor({ publicKey: { id: mainKey(), owner: bob() } })],
    ['named, with no document of its own', () => makeActor({ publicKey: mainKey() })],
    [
      'that is malformed',
      () => makeActor({ publicKey: { id: mainKey(), owner: bob(), publicKeyPem: 'no key' } }),
    ],
    ['that is a number', () => makeActor({ publicKey: 7 })],
    ['of what is no actor', () => makeActor({ type: 'Note' })],
    ['of an actor without inbox', () => makeActor({ inbox: undefined })],
    [
      'behind 16 others',
      () => makeActor({ publicKey: [...Array(16).fill('x'), makeActor().publicKey] }),
    ],
  ])('%s', async (_, make) => {
    serve(make())
    expect(await keys.find(mainKey())).toMatchObject({ ok: false, kind: 'refused' })
  })

  test.each([
    ['two', () => [makeActor().publicKey, { id: at('/bob#k'), owner: bob(), publicKeyPem: pem() }]],
    ['none', () => undefined],
  ])('when asked for by the id of an actor who lists %s', async (_, publicKey) => {
    serve(makeActor({ publicKey: publicKey() }))
    expect(await keys.find(bob())).toMatchObject({ ok: false, kind: 'refused' })
  })

  test('with a document of its own that its owner does not list', async () => {
    const key = {
      id: at('/keys/1'),
      type: 'Key',
      owner: bob(),
      publicKeyPem: pem(otherRsaKey.publicKey),
    }
    documents.set('/keys/1', key)
    serve(makeActor())
    expect(await keys.find(at('/keys/1'))).toMatchObject({ ok: false, kind: 'refused' })
  })

  test('with a document of its own under another id', async () => {
    const key = { id: at('/keys/2'), type: 'Key', owner: bob(), publicKeyPem: pem() }
    documents.set('/keys/1', key)
    documents.set('/keys/2', key)
    serve(makeActor({ publicKey: key }))
    expect(await keys.find(at('/keys/1'))).toMatchObject({ ok: false, kind: 'refused' })
    expect(await findsKey(at('/keys/2'))).toBe(true)
  })

  test('with an owner on another host, who is not asked', async () => {
    const victim = await startPeer()
    const owner = `${victim.origin}/alice`
    documents.set('/keys/1', { id: at('/keys/1'), type: 'Key', owner, publicKeyPem: pem() })
    expect(await keys.find(at('/keys/1'))).toMatchObject({ ok: false, kind: 'refused' })
    serve({ ...makeActor({ publicKey: { id: mainKey(), owner, publicKeyPem: pem() } }), id: owner })
    expect(await keys.find(mainKey())).toMatchObject({ ok: false, kind: 'refused' })
    expect(victim.requests).toEqual([])
    await victim.close()
  })

  test('when its URL redirects to another host', async () => {
    const other = await startPeer(({ url }, response) => {
      const id = `${other.origin}${url}`
      const publicKey = { id: mainKey(), owner: id, publicKeyPem: pem() }
      sendActivity(response, makeActor({ publicKey }, id))
    })
    peer.handler = (_, response) =>
      response.writeHead(302, { location: `${other.origin}/bob` }).end()
    expect(await keys.find(mainKey())).toMatchObject({ ok: false, kind: 'refused' })
    await other.close()
  })

  test.each([
    '',
    'not a url',
    'mailto:bob@remote.example',
    'did:key:z6Mk',
    'acct:bob@remote.example',
  ])('with the id "%s"', async (keyId) => {
    expect(await keys.find(keyId)).toMatchObject({ ok: false, kind: 'refused' })
  })
})

// Fedify: fetchKeyDetailed() returns detailed fetch errors.
describe('failures', () => {
  test.each([
    [410, 'gone'],
    [404, 'gone'],
    [401, 'unreachable'],
    [500, 'unreachable'],
  ])('%i is %s', async (status, kind) => {
    documents.set('/bob', status)
    expect(await keys.find(mainKey())).toMatchObject({ ok: false, kind })
  })

  test.each([
    ['gone', 410, 60 * minute],
    ['refused', {}, 10 * minute],
    ['unreachable', 500, minute],
  ])('%s stands for its time', async (kind, answer, standsMs) => {
    documents.set('/bob', kind === 'refused' ? makeActor({ publicKey: undefined }) : answer)
    for (let count = 0; count < 3; count += 1) {
      expect(await keys.find(mainKey())).toMatchObject({ ok: false, kind })
    }
    expect(peer.requests.length).toBe(1)
    serve(makeActor())
    clock.advance(standsMs - 1)
    expect(await keys.find(mainKey())).toMatchObject({ ok: false, kind })
    clock.advance(1)
    expect(await findsKey(mainKey())).toBe(true)
  })
})

describe('a known key', () => {
  beforeEach(async () => {
    serve(makeActor())
    await keys.find(mainKey())
  })

  test('is used for a day, then asked for again', async () => {
    clock.advance(day - 1)
    await keys.find(mainKey())
    expect(peer.requests.length).toBe(1)
    clock.advance(1)
    expect(await findsKey(mainKey())).toBe(true)
    expect(peer.requests.length).toBe(2)
  })

  test.each([410, 500])('serves on for 30 days while its host answers %i', async (status) => {
    documents.set('/bob', status)
    clock.advance(30 * day - 1)
    expect(await findsKey(mainKey())).toBe(true)
    expect(await findsKey(mainKey())).toBe(true)
    expect(peer.requests.length).toBe(2)
    clock.advance(1)
    expect(await keys.find(mainKey())).toMatchObject({ ok: false })
  })

  test('is dropped when its owner no longer lists it', async () => {
    serve(makeActor({ publicKey: undefined }))
    clock.advance(day)
    expect(await keys.find(mainKey())).toMatchObject({ ok: false, kind: 'refused' })
  })

  test('is fetched anew for a signature that does not fit, once in 5 minutes', async () => {
    const { publicKey } = otherRsaKey
    serve(makeActor({ publicKey: { id: mainKey(), owner: bob(), publicKeyPem: pem(publicKey) } }))
    expect(await keys.refetch(mainKey())).toBeUndefined()
    clock.advance(5 * minute)
    const fresh = await keys.refetch(mainKey())
    expect(fresh?.ok && fresh.key.equals(publicKey)).toBe(true)
    expect(await findsKey(mainKey(), publicKey)).toBe(true)
    for (let count = 0; count < 5; count += 1) expect(await keys.refetch(mainKey())).toBeUndefined()
    expect(peer.requests.length).toBe(2)
  })

  test('stays when it cannot be fetched anew, which is not tried again at once', async () => {
    documents.set('/bob', 500)
    clock.advance(5 * minute)
    expect(await keys.refetch(mainKey())).toMatchObject({ ok: false, kind: 'unreachable' })
    expect(await keys.refetch(mainKey())).toBeUndefined()
    expect(await findsKey(mainKey())).toBe(true)
    expect(peer.requests.length).toBe(2)
  })
})

test('a fetch refused for our own limits is tried again at once', async () => {
  await remote.close()
  remote = createTestRemote({ limits: { total: 1 } }, clock)
  keys = new KeyCache({ remote, clock })
  serve(makeActor())
  const first = keys.find(mainKey())
  const elsewhere = peer.origin.replace('127.0.0.1', 'localhost')
  const carol = `${elsewhere}/carol`
  documents.set('/carol', makeActor({}, carol))
  expect(await keys.find(`${carol}#main-key`)).toMatchObject({ ok: false, kind: 'busy' })
  expect(await first).toMatchObject({ ok: true })
  expect(await keys.find(`${carol}#main-key`)).toMatchObject({ ok: true, owner: carol })
})

test('those who wait for one key share one request', async () => {
  serve(makeActor())
  const found = await Promise.all(Array.from({ length: 10 }, () => keys.find(mainKey())))
  expect(found.every(({ ok }) => ok)).toBe(true)
  expect(peer.requests.length).toBe(1)
})

test('the key used longest ago is forgotten', async () => {
  keys = new KeyCache({ remote, clock, maxKeys: 2 })
  const ids = ['/a', '/b', '/c']
  for (const path of ids) {
    documents.set(path, makeActor({}, at(path)))
    await keys.find(at(`${path}#main-key`))
  }
  await keys.find(at('/c#main-key'))
  expect(peer.requests.length).toBe(3)
  await keys.find(at('/a#main-key'))
  expect(peer.requests.length).toBe(4)
})

describe('saved keys', () => {
  function makeSaved() {
    const map = new Map<string, SavedKey>()
    return {
      map,
      get: (keyId: string) => map.get(keyId),
      put: (keyId: string, key: SavedKey) => void map.set(keyId, key),
      remove: (keyId: string) => void map.delete(keyId),
    }
  }

  test('outlive a restart', async () => {
    const saved = makeSaved()
    serve(makeActor())
    await new KeyCache({ remote, clock, saved }).find(mainKey())
    expect(saved.map.get(mainKey())).toEqual({ owner: bob(), pem: pem(), fetchedAt: clock.now() })
    keys = new KeyCache({ remote, clock, saved })
    expect(await findsKey(mainKey())).toBe(true)
    expect(peer.requests.length).toBe(1)
    clock.advance(day)
    expect(await findsKey(mainKey())).toBe(true)
    expect(peer.requests.length).toBe(2)
    expect(saved.map.get(mainKey())?.fetchedAt).toBe(clock.now())
  })

  test('are removed when refused, and fetched again when damaged', async () => {
    const saved = makeSaved()
    saved.put(mainKey(), { owner: bob(), pem: 'damaged', fetchedAt: clock.now() })
    serve(makeActor())
    keys = new KeyCache({ remote, clock, saved })
    expect(await findsKey(mainKey())).toBe(true)
    serve(makeActor({ publicKey: undefined }))
    clock.advance(day)
    await keys.find(mainKey())
    expect(saved.map.size).toBe(0)
  })
})
