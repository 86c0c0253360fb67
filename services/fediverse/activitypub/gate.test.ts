// The gate on a real store, with the negative cases of Fedify's own tests (packages/fedify/src of 2.3.6), each named where
// it is ported. Those of signatures alone are in cavage.test.ts and message-signature.test.ts, of keys in
// key-cache.test.ts, of proofs in proof.test.ts; how the HTTP server takes part is in test/integration/fediverse/hostile*.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { makeKey } from '../../../test/support/peer.ts'
import type { RemoteActor } from '../context.fixture.ts'
import { type Json, PUBLIC } from './document.ts'
import { GateScene, keyed, keyOfAlice, type Sending, you } from './gate.fixture.ts'
import type { Forwarded } from './proof.ts'
import { receive } from './receive.ts'

let scene: GateScene
let alice: RemoteActor
let mallory: RemoteActor

beforeEach(async () => {
  scene = new GateScene()
  alice = scene.alice
  mallory = scene.mallory
  await scene.user('you')
  await scene.user('other')
})

afterEach(() => scene.end())

const admit = (what: Json | string, sending?: Sending) => scene.admit(what, sending)

/** An activity that everybody may send. */
const hello = (by = mallory) => by.create(by.note({ to: [you, PUBLIC] }))

describe('handleInbox()', () => {
  const unsigned = { host: 'fuchs.example', 'content-type': 'application/activity+json' }

  test('a signed activity is accepted, by either specification, at either inbox', async () => {
    for (const spec of ['cavage', 'rfc9421'] as const) {
      for (const path of ['/you/inbox', '/shared-inbox']) {
        const activity = hello()
        expect(await admit(activity, { spec, path })).toMatchObject({
          status: 202,
          accepted: { id: activity['id'], signer: mallory.id, document: activity },
        })
      }
    }
  })

  test('a host shows life by every POST that is signed rightly, whatever is in it', async () => {
    await admit(hello())
    await admit('no JSON')
    await admit(hello(alice), { by: alice, path: '/shared-inbox' })
    expect(scene.alive).toEqual(['mallory.example', 'mallory.example', 'alice.example'])
    scene.alive.length = 0
    await admit(hello(), { privateKey: keyOfAlice })
    await scene.admitRaw('/shared-inbox', unsigned, Buffer.from(JSON.stringify(hello())))
    expect(scene.alive).toEqual([])
  })

  // `unsignedRequest` for the shared and a personal inbox; `headers: { Signature: "bogus" }`
  test.each([undefined, 'bogus', '', 'keyId="x"'])('with the signature %j is 401', async (text) => {
    const headers = { ...unsigned, ...(text === undefined ? {} : { signature: text }) }
    const body = Buffer.from(JSON.stringify(hello()))
    for (const path of ['/shared-inbox', '/you/inbox']) {
      expect(await scene.admitRaw(path, headers, body)).toMatchObject({ status: 401 })
    }
    expect(scene.fetched).toEqual([])
    expect(scene.pending()).toEqual([])
  })

  // `ldSignedRequest`: there 202, here the HTTP signature is needed; a proof is for what somebody forwards.
  test('with a proof but no HTTP signature is 401, and the proof not looked at', async () => {
    scene.forwarded = { ok: true, signer: alice.id, document: hello(alice) }
    const body = Buffer.from(JSON.stringify({ ...hello(alice), signature: { type: 'x' } }))
    expect(await scene.admitRaw('/you/inbox', unsigned, body)).toMatchObject({ status: 401 })
    expect(scene.proofsAsked).toEqual([])
  })

  // `httpSignedLdRequest`, `dualSignedInvalidCreatorRequest`: bogus Linked Data signatures of the signer's own activity
  test.each([
    { type: 'RsaSignature2017', creator: 'x', created: 'never', signatureValue: 'bogus' },
    { creator: 'not a url' },
    'bogus',
    null,
  ])(
    'a Linked Data signature %j of what the signer says herself is not looked at',
    async (signature) => {
      expect(await admit({ ...hello(), signature })).toMatchObject({ status: 202 })
      expect(scene.proofsAsked).toEqual([])
      expect(scene.fetched).toEqual([mallory.id])
    },
  )

  // `invalidUrlHttpSignedRequest`, `opaqueContextId…`, `networkPathContext…`, `rangeError…`, `unsafeRequest` (@reverse): what
  // is read is the compacted form, so a context is neither fetched nor obeyed.
  test.each([
    ['of another server', ['https://remote.example/contexts/ext']],
    ['that is no URL', ['not a url', '//[', 'http://[', 'app:context', '//cdn.example/ctx']],
    ['that is nonsense', [true, 23, null]],
    ['that turns things round', [{ rev: '@reverse' }, { actor: 'https://x.example/actor' }]],
  ])('a context %s changes nothing', async (_, context) => {
    const activity = { '@context': context, ...hello(), rev: { object: { type: 'Undo' } } }
    expect(await admit(activity)).toMatchObject({ status: 202 })
    expect(scene.fetched).toEqual([mallory.id])
  })

  // `malformedIriHttpSignedRequest`, `signedInvalidRequest`, `malformedClosedLdSignedRequest` (no actor)
  test.each<[string, Json]>([
    ['with the id http://[', { id: 'http://[' }],
    ['with a relative id', { id: '/activities/1' }],
    ['with the id of a mail', { id: 'mailto:a@b.example' }],
    ['without id', { id: undefined }],
    ['with a list of ids', { id: ['https://mallory.example/1'] }],
    ['with an actor that is no URL', { actor: 'mallory' }],
    ['without actor', { actor: undefined }],
    ['with an empty actor', { actor: {} }],
    ['without type', { type: undefined }],
    ['with the type of a number', { type: 7 }],
  ])('an activity %s is 400', async (_, changes) => {
    expect(await admit({ ...hello(), ...changes })).toMatchObject({ status: 400 })
    expect(scene.pending()).toEqual([])
  })

  test.each(['', '{', 'null', '[]', '"x"', '7', `{"a":${'['.repeat(65)}${']'.repeat(65)}}`])(
    'the body %j is 400',
    async (body) => {
      expect(await admit(body)).toMatchObject({ status: 400 })
    },
  )

  // `malformedTemporalLdSignedRequest` (published): there 400, here a date that is none is no date.
  test.each([{ '@value': 'not-a-date' }, '2024-02-31T00:00:00Z', 'soon', 1e300, null])(
    'the date %j does no harm',
    async (published) => {
      const note = mallory.note({ to: [you], published, updated: published, endTime: published })
      const verdict = await admit({ ...mallory.create(note), published })
      expect(verdict).toMatchObject({ status: 202 })
      if (verdict.accepted) expect(await receive(scene.context, verdict.accepted)).toBe('done')
      expect(scene.notifications()).toEqual([note['id']])
    },
  )
})

describe('the signer and the actor do not match', () => {
  // "authentication bypass vulnerability", "actor/key mismatch → plain 401": what needs the actor's word is refused …
  test.each([
    'Follow',
    'Like',
    'Announce',
    'Undo',
    'Accept',
    'Reject',
    'Block',
    'Flag',
    'Move',
    'Add',
  ])('%s is 401', async (type) => {
    expect(await admit(alice.activity(type, you))).toMatchObject({ status: 401 })
    expect(scene.proofsAsked).toHaveLength(1)
    expect(scene.pending()).toEqual([])
  })

  // … and what can be had from where it lives is taken from there: the forged words of that test are not.
  test('a forged Create is not processed', async () => {
    const note = alice.note({ id: 'https://mallory.example/notes/forged', to: [you] })
    const forged = { ...alice.create(note), id: 'https://mallory.example/activities/malicious' }
    scene.served.set(note.id, note)
    const verdict = await admit(forged)
    if (verdict.accepted) expect(await receive(scene.context, verdict.accepted)).toBe('ignored')
    expect(scene.notifications()).toEqual([])
    expect(scene.has(note.id)).toBe(false)
  })

  test('a Create in the name of another does not keep hers out', async () => {
    const create = hello(alice)
    const verdict = await admit(create)
    expect(verdict.accepted?.signer).toBe(mallory.id)
    if (verdict.accepted) expect(await receive(scene.context, verdict.accepted)).toBe('ignored')
    expect(await admit(create, { by: alice })).toMatchObject({ accepted: { signer: alice.id } })
  })

  test('a proof by the actor counts, for what was proved', async () => {
    const like = alice.activity('Like', `${you}/p/1.1`)
    scene.forwarded = { ok: true, signer: alice.id, document: like }
    const sent = { ...like, object: `${you}/p/2.2`, proof: {} }
    expect(await admit(sent)).toMatchObject({
      status: 202,
      accepted: { id: like.id, signer: alice.id, document: like },
    })
  })

  test.each<[string, () => Forwarded]>([
    ['by the forwarder', () => ({ ok: true, signer: mallory.id, document: like() })],
    ['of another actor’s words', () => ({ ok: true, signer: alice.id, document: bobs() })],
    ['under an id of another host', () => ({ ok: true, signer: alice.id, document: stray() })],
    ['of what is no activity', () => ({ ok: true, signer: alice.id, document: {} })],
  ])('a proof %s does not', async (_, proof) => {
    scene.forwarded = proof()
    expect(await admit(like())).toMatchObject({ status: 401 })
    expect(scene.pending()).toEqual([])
  })

  const like = () => alice.activity('Like', `${you}/p/1.1`)
  const bobs = () => ({ ...like(), actor: 'https://bob.example/users/bob' })
  const stray = () => ({ ...like(), id: 'https://mallory.example/likes/1' })
})

describe('keys', () => {
  // http.test.ts, verifyRequestDetailed(): a key id of a gone actor, no key id, an invalid one
  test('of a gone actor: her Delete is 202 without effect, everything else 401', async () => {
    const gone = scene.actor('gone')
    scene.served.set(gone.id, 410)
    const sent = (activity: Json) => admit(activity, { by: gone })
    expect(await sent(gone.activity('Delete', gone.id))).toEqual({ status: 202, message: 'gone' })
    expect(await sent(gone.activity('Delete', alice.id))).toMatchObject({ status: 401 })
    expect(await sent(hello(gone))).toMatchObject({ status: 401 })
    expect(await sent(alice.activity('Delete', alice.id))).not.toHaveProperty('accepted')
    expect(scene.pending()).toEqual([])
  })

  test('of a gone actor who follows us prove nothing', async () => {
    await scene.followedBy(alice)
    scene.served.set(alice.id, 410)
    const answer = await admit(alice.activity('Delete', alice.id), { by: alice })
    expect(answer).toMatchObject({ status: 401 })
  })

  test.each(['', 'not a url', 'https://', 'urn:x:y', 'https://nobody.example/x#main-key'])(
    'the key id %j is 401',
    async (keyId) => {
      expect(await admit(hello(), { keyId })).toMatchObject({ status: 401 })
    },
  )

  test('a new key of the same actor is found by asking once more', async () => {
    await admit(hello())
    const changed = makeKey()
    Object.assign(mallory.document, keyed('mallory', changed))
    scene.clock.advance(10 * 60_000)
    expect(await admit(hello(), { privateKey: changed })).toMatchObject({ status: 202 })
    expect(await admit(hello(), { privateKey: keyOfAlice })).toMatchObject({ status: 401 })
  })
})

describe('once', () => {
  // idempotency.test.ts: of its strategies ours is "global", since an effect looks at whom the activity addresses
  test('the same id is 202 without effect, at any inbox and by any signer', async () => {
    const activity = hello()
    expect((await admit(activity)).accepted).toBeDefined()
    for (const sending of [
      {},
      { path: '/shared-inbox' },
      { path: '/other/inbox' },
      { by: alice },
    ]) {
      expect(await admit(activity, sending)).toEqual({ status: 202, message: 'seen before' })
    }
    expect(scene.pending()).toHaveLength(1)
  })

  test('the second of two at the same time is not answered before the first is on disk', async () => {
    const activity = hello()
    await admit(activity)
    const onDisk = Promise.withResolvers<void>()
    vi.spyOn(scene.context.store.tree.journal, 'flush').mockReturnValueOnce(onDisk.promise)
    const answered = vi.fn<() => void>()
    const second = admit(activity).then(answered)
    await scene.admit(hello()) // takes as many turns, and a sync
    expect(answered).not.toHaveBeenCalled()
    onDisk.resolve()
    await second
    expect(answered).toHaveBeenCalledOnce()
  })

  test('what was refused is not seen', async () => {
    const activity = hello()
    expect(await admit(activity, { digestOf: 'x' })).toMatchObject({ status: 401 })
    expect((await admit(activity)).accepted).toBeDefined()
  })

  test('ids compare exactly', async () => {
    const activity = hello()
    const ids = [
      activity['id'],
      `${activity['id']}/`,
      `${activity['id']}?`,
      String(activity['id']).replace('mallory.example', 'MALLORY.example'),
    ]
    for (const id of ids) expect((await admit({ ...activity, id })).accepted).toBeDefined()
  })
})

describe('blocks', () => {
  test('of a host, as signer or as actor, are 403, and nobody is asked', async () => {
    const bad = scene.actor('bad', keyed('bad'), 'sub.blocked.example')
    expect(await admit(hello(bad), { by: bad })).toMatchObject({ status: 403 })
    expect(scene.fetched).toEqual([])
    expect(await admit(hello(bad))).toMatchObject({ status: 403 })
  })

  test('of an actor are 403 at the inbox of who blocked her', async () => {
    const { store } = scene.context
    const at = scene.clock.now()
    const relation = { actor: mallory.id, activity: `${you}#block`, state: 'accepted', at } as const
    await store.commit([store.relations.put('you', 'blocks', relation)])
    expect(await admit(hello())).toMatchObject({ status: 403 })
    expect(await admit(hello(), { path: '/other/inbox' })).toMatchObject({ status: 202 })
  })
})

test.each(['Dance', 'constructor', '__proto__', 'toString', 'Note', 'Person'])(
  'the type %s is 202 without effect',
  async (type) => {
    const verdict = await admit({ ...hello(), type })
    expect(verdict.status).toBe(202)
    expect(verdict.accepted).toBeUndefined()
  },
)
