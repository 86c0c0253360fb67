// Inbox POSTs that must have no effect, against the real process: forged, stale and spoofed ones.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openScene, type Scene, type WithId } from '../../support/hostile-scene.ts'
import { ask } from '../../support/http-post.ts'
import { actorDocument, type Json, type PeerActor, PUBLIC } from '../../support/peer.ts'
import { type Signing, signPost } from '../../support/sign.ts'
import { footprint, settle } from '../../support/vitals.ts'

const hour = 3_600_000

let scene: Scene

beforeAll(async () => {
  scene = await openScene()
})

afterEach(() => scene.expectWell())

afterAll(() => scene?.[Symbol.asyncDispose]())

test.each(['cavage', 'rfc9421'] as const)('a good one by %s has its effect', async (spec) => {
  const { server, mallory, inbox, hello } = scene
  const before = footprint(server)
  expect(await mallory.post(inbox, hello(), { spec })).toMatchObject({ status: 202 })
  await settle(server)
  expect(footprint(server)).not.toEqual(before)
})

describe('a signature', () => {
  const specs = ['cavage', 'rfc9421'] as const
  const cases: [string, () => Signing][] = [
    ['with a digest of something else', () => ({ digestOf: '{}' })],
    ['of 13 hours ago', () => ({ at: Date.now() - 13 * hour })],
    ['of 2 hours ahead', () => ({ at: Date.now() + 2 * hour })],
    ['for another server', () => ({ host: 'other.example' })],
    ['in the name of somebody else’s key', () => ({ keyId: scene.vera.keyId })],
    ['in the name of our own key', () => ({ keyId: `${scene.us}#main-key` })],
    ['with a key id that its owner does not list', () => ({ keyId: `${scene.mallory.id}#two` })],
    ['with a key id that nobody serves', () => ({ keyId: `${scene.mallory.origin}/none#key` })],
    ['with a key id that is no URL', () => ({ keyId: 'mallory' })],
    ['with a key id that is a file', () => ({ keyId: 'file:///etc/passwd' })],
    ['that says it is of another kind', () => ({ algorithm: 'hmac-sha256' })],
    ['that covers nothing', () => ({ covered: [] })],
  ]
  for (const spec of specs) {
    test.each(cases)(`by ${spec} %s is refused`, async (_, signing) => {
      const { mallory, inbox, hello, expectNothing } = scene
      await expectNothing(401, () => mallory.post(inbox, hello(), { spec, ...signing() }))
    })
  }

  test.each([
    ['cavage', ['(request-target)', 'host', 'date']],
    ['cavage', ['(request-target)', 'host', 'digest']],
    ['cavage', ['(request-target)', 'date', 'digest']],
    ['cavage', ['host', 'date', 'digest']],
    ['rfc9421', ['@method', '@target-uri']],
    ['rfc9421', ['@target-uri', 'content-digest']],
    ['rfc9421', ['@method', 'content-digest']],
  ] as const)('by %s over %j alone is refused', async (spec, covered) => {
    const { mallory, inbox, hello, expectNothing } = scene
    await expectNothing(401, () => mallory.post(inbox, hello(), { spec, covered }))
  })

  test('is needed', async () => {
    const { server, inbox, hello, expectNothing } = scene
    const headers = { 'content-type': 'application/activity+json' }
    const body = JSON.stringify(hello())
    await expectNothing(401, () => ask(inbox, { headers, body }))
    await expectNothing(401, () => ask(`${server.url}/shared-inbox`, { headers, body }))
  })

  test('for one inbox is refused at another, and with another body', async () => {
    const { server, mallory, inbox, hello, expectNothing } = scene
    const body = Buffer.from(JSON.stringify(hello()))
    const headers = signPost(new URL(inbox), body, mallory)
    await expectNothing(401, () => ask(`${server.url}/shared-inbox`, { headers, body }))
    await expectNothing(401, () => ask(inbox, { headers, body: `${body} ` }))
    await expectNothing(401, () => ask(`${inbox}?x=1`, { headers, body }))
  })

  test('by a key that says it is somebody else’s is refused', async () => {
    const { peer, vera, mallory, inbox, hello, expectNothing } = scene
    const keyId = `${mallory.origin}/keys/1`
    peer.serve({ ...(mallory.document['publicKey'] as Json), id: keyId, owner: vera.id })
    await expectNothing(401, () => mallory.post(inbox, hello(vera), { keyId }))
  })

  test('by a key on a host that is not its owner’s is refused', async () => {
    const { peer, vera, mallory, inbox, hello, expectNothing } = scene
    const keyId = `${vera.origin}/keys/2`
    peer.serve({ ...actorDocument(mallory.id, 'mallory', mallory.privateKey), id: keyId })
    await expectNothing(401, () => mallory.post(inbox, hello(), { keyId }))
  })
})

describe('signed with the key of another actor', () => {
  test.each<[string, (as: PeerActor) => Json]>([
    ['Follow', (as) => as.activity('Follow', scene.us)],
    ['Like', (as) => as.activity('Like', scene.ourPost)],
    ['Announce', (as) => as.activity('Announce', scene.ourPost, { to: [PUBLIC] })],
    ['Undo', (as) => as.activity('Undo', scene.veras.like)],
    ['Accept', (as) => as.activity('Accept', as.activity('Follow', as.id, { actor: scene.us }))],
    ['Reject', (as) => as.activity('Reject', as.activity('Follow', as.id, { actor: scene.us }))],
    ['Block', (as) => as.activity('Block', scene.us)],
    ['Flag', (as) => as.activity('Flag', scene.us)],
    ['Move', (as) => as.activity('Move', as.id, { target: scene.mallory.id })],
    ['Add', (as) => as.activity('Add', scene.veras.note.id, { target: `${as.id}/featured` })],
  ])('%s is refused', async (_, make) => {
    const { vera, victor, mallory, inbox, expectNothing } = scene
    await expectNothing(401, () => mallory.post(inbox, make(vera)))
    await expectNothing(401, () => victor.post(inbox, make(vera)))
  })

  test.each<[string, (as: PeerActor) => Json]>([
    ['Create of a note that is not there', (as) => scene.hello(as)],
    ['Update of a note that has not changed', (as) => as.activity('Update', defaced())],
    ['Delete of a note that is still there', (as) => as.activity('Delete', scene.veras.note.id)],
    ['Delete of an actor who is still there', (as) => as.activity('Delete', as.id)],
    ['Update of an actor', (as) => as.activity('Update', { ...as.document, name: 'Eve' })],
  ])('%s is taken as a hint, and her host asked', async (_, make) => {
    const { server, vera, victor, mallory, inbox, expectNothing } = scene
    await expectNothing(202, () => mallory.post(inbox, make(vera)))
    await expectNothing(202, () => victor.post(inbox, make(vera)))
    expect((await server.cli('show', `@vera@${new URL(vera.id).host}`)).join()).not.toContain('Eve')
  })
})

const defaced = () => ({ ...scene.veras.note, content: 'defaced', updated: '2099-01-01T00:00:00Z' })

describe('spoofed', () => {
  test.each<[string, () => Json]>([
    ['an activity id on another host', () => ({ ...scene.hello(), id: scene.vera.newId() })],
    ['an activity id of ours', () => ({ ...scene.hello(), id: `${scene.us}/p/1.1` })],
    ['an activity id on another port', () => ({ ...scene.hello(), id: 'http://127.0.0.1:1/x' })],
  ])('%s is refused', async (_, make) => {
    const { mallory, inbox, expectNothing } = scene
    await expectNothing(401, () => mallory.post(inbox, make()))
  })

  const create = (changes: Json) => scene.mallory.create('x', [scene.us], changes)
  const act = (type: string, object: unknown, changes?: Json) =>
    scene.mallory.activity(type, object, changes)
  const followOfVera = () => ({
    type: 'Follow',
    id: `${scene.us}#follow`,
    actor: scene.us,
    object: scene.vera.id,
  })

  test.each<[string, () => Json]>([
    ['a new note on another host', () => create({ id: scene.vera.newId() })],
    ['a note that we posted', () => create({ id: scene.ourPost })],
    ['a new note of ours', () => create({ id: `${scene.us}/p/9.9` })],
    ['a note by another author', () => create({ attributedTo: scene.vera.id })],
    ['a note by us', () => create({ attributedTo: scene.us })],
    ['a note by nobody', () => create({ attributedTo: undefined })],
    ['a note without id', () => create({ id: undefined })],
    ['an Update of another’s note', () => act('Update', defaced())],
    [
      'an Update of another’s note, as hers',
      () => act('Update', { ...defaced(), attributedTo: scene.mallory.id }),
    ],
    ['an Update of our post', () => act('Update', { ...defaced(), id: scene.ourPost })],
    ['an Update of us', () => act('Update', { ...scene.mallory.document, id: scene.us })],
    ['a Delete of another’s note', () => act('Delete', scene.veras.note.id)],
    ['a Delete of our post', () => act('Delete', scene.ourPost)],
    ['a Delete of another actor', () => act('Delete', scene.vera.id)],
    ['a Delete of us', () => act('Delete', scene.us)],
    ['an Undo of another’s Like', () => act('Undo', scene.veras.like)],
    ['an Undo of another’s Like, by id', () => act('Undo', scene.veras.like.id)],
    ['an Undo of another’s Announce', () => act('Undo', scene.veras.boost)],
    ['an Undo of another’s Follow', () => act('Undo', scene.vera.activity('Follow', scene.us))],
    ['an Accept of our Follow of another', () => act('Accept', followOfVera())],
    ['a Reject of our Follow of another', () => act('Reject', followOfVera())],
    ['a Move of another', () => act('Move', scene.vera.id, { target: scene.mallory.id })],
    ['a pin of another', () => act('Add', scene.ourPost, { target: `${scene.vera.id}/featured` })],
  ])('%s has no effect', async (_, make) => {
    const { mallory, inbox, expectNothing } = scene
    await expectNothing(202, () => mallory.post(inbox, make()))
  })

  const odd = [
    '/you/p/9.9?x',
    '/you/p/../p/9.9',
    '/%79ou/p/9.9',
    '//you/p/9.9',
    '/you\\p\\9.9',
    '/you/p/9.9\n',
    '/you#x',
    '',
  ]
  const spellings = () => {
    const { host, port } = new URL(scene.server.url)
    const others = [`http://x@${host}/you`, `http://127.1:${port}/you`, `http:/${host}/you`]
    return [...odd.map((path) => scene.server.url + path), ...others]
  }

  test('ids of ours in odd spellings are ours, or nobody’s', async () => {
    const { mallory, inbox, hello, expectNothing } = scene
    for (const id of spellings()) {
      await expectNothing([400, 401], () => mallory.post(inbox, { ...hello(), id }))
      const like = { ...act('Like', scene.ourPost), actor: id }
      await expectNothing([400, 401], () => mallory.post(inbox, like))
      await expectNothing(401, () => mallory.post(inbox, hello(), { keyId: id.trim() }))
      await expectNothing(202, () => mallory.post(inbox, create({ id })))
      await expectNothing(202, () => mallory.post(inbox, act('Delete', id)))
      await expectNothing(202, () => mallory.post(inbox, act('Undo', id)))
    }
  })

  test('a note that its own host says is another’s has no effect', async () => {
    const { peer, vera, mallory, inbox, expectNothing } = scene
    const activity = create({ attributedTo: vera.id })
    peer.serve(activity['object'] as WithId)
    await expectNothing(202, () => mallory.post(inbox, activity))
  })
})
