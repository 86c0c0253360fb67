// FEP-8b32: what we send carries a proof that others can verify; Fedify is the other side.
import { createPublicKey } from 'node:crypto'
import { preloadedContexts } from '@fedify/fedify/runtime'
import { verifyProof } from '@fedify/fedify/sig'
import { Activity, DataIntegrityProof, Multikey } from '@fedify/fedify/vocab'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { onlySent, type RemoteActor, Scene } from '../context.fixture.ts'
import { block } from '../follow/block.ts'
import { moveTo } from '../follow/move.ts'
import { follow } from '../follow/request.ts'
import { boost, unboost } from '../post/boost.ts'
import { edit } from '../post/edit.ts'
import { like, unlike } from '../post/like.ts'
import { pin } from '../post/pin.ts'
import { changeProfile, localActor } from '../post/profile.ts'
import { publish } from '../post/publish.ts'
import { remove } from '../post/remove.ts'
import { vote } from '../post/vote.ts'
import type { Audience } from '../store/objects.ts'
import type { User } from '../store/users.ts'
import { isObject, type Json } from './document.ts'
import { checkIntegrityProof, readIntegrityProof } from './integrity-proof.ts'

const us = 'https://fuchs.example/you'
const keyId = `${us}#ed25519-key`

let scene: Scene
let you: User
let fan: RemoteActor

beforeEach(async () => {
  scene = new Scene()
  you = await scene.user()
  fan = scene.actor('fan')
  await scene.followedBy(fan)
})
afterEach(() => scene.end())

const publicKey = () => createPublicKey(scene.context.store.users.keys('you')?.ed25519Public ?? '')

/** Contexts that Fedify ships, and no network. */
async function contexts(url: string) {
  const document = (preloadedContexts as Record<string, unknown>)[url]
  if (document === undefined) throw new Error(`not shipped: ${url}`)
  return { contextUrl: null, documentUrl: url, document }
}

async function fedifyVerifies(document: Json): Promise<boolean> {
  const key = new Multikey({
    id: new URL(keyId),
    controller: new URL(us),
    publicKey: await publicKey().toCryptoKey('Ed25519', true, ['verify']),
  })
  const options = {
    contextLoader: contexts,
    documentLoader: contexts,
    keyCache: { get: async () => key, set: async () => {} },
  }
  const activity = await Activity.fromJsonLd(document, options)
  const proof = await activity.getProof(options)
  expect(activity.id?.href).toBe(document.id)
  expect(activity.actorId?.href).toBe(us)
  if (!(proof instanceof DataIntegrityProof)) return false
  return (await verifyProof(document, proof, options)) !== null
}

async function theirPost(audience: Partial<Json> = {}): Promise<string> {
  await scene.follows(fan)
  const note = fan.note(audience)
  await scene.receive(fan.create(note))
  scene.sent.length = 0
  return note.id
}

const publicly = { text: 'Grüße ☕ **alle** #burrow', audience: 'public' as const }

const openly: [string, () => Promise<unknown>][] = [
  ['Create', () => publish(scene.context, you, publicly)],
  [
    'Update',
    async () => edit(scene.context, you, (await scene.post()).id, { text: 'better', summary: 'x' }),
  ],
  ['Delete', async () => remove(scene.context, 'you', (await scene.post()).id)],
  ['Announce', async () => boost(scene.context, 'you', await theirPost())],
  ['Like', async () => like(scene.context, 'you', await theirPost())],
  [
    'Undo',
    async () => {
      const id = await theirPost()
      await like(scene.context, 'you', id)
      scene.sent.length = 0
      await unlike(scene.context, 'you', id)
    },
  ],
  [
    'Undo',
    async () => {
      const id = await theirPost()
      await boost(scene.context, 'you', id)
      scene.sent.length = 0
      await unboost(scene.context, 'you', id)
    },
  ],
  ['Add', async () => pin(scene.context, you, (await scene.post()).id)],
  ['Update', () => changeProfile(scene.context, 'you', (user) => ({ ...user, bio: '*hello*' }))],
]

describe('a proof', () => {
  test.each(openly)('is on %s, and Fedify verifies it', async (type, act) => {
    await act()
    const { activity } = onlySent(scene)
    expect(activity.type).toBe(type)
    expect(activity.proof).toMatchObject({
      type: 'DataIntegrityProof',
      cryptosuite: 'eddsa-jcs-2022',
      verificationMethod: keyId,
      proofPurpose: 'assertionMethod',
      created: new Date(scene.clock.now()).toISOString().replace(/\.\d+/, ''),
    })
    expect(isObject(activity.object) && activity.object).not.toHaveProperty('proof')
    expect(await fedifyVerifies(activity)).toBe(true)
    expect(await fedifyVerifies({ ...activity, summary: 'changed' })).toBe(false)
    const proof = readIntegrityProof(activity, scene.clock.now())
    expect(proof && checkIntegrityProof(proof, publicKey())).toBe(true)
  })

  test('is on Move, and on the Update that comes with it', async () => {
    const next = scene.actor('next', { alsoKnownAs: [us] })
    await moveTo(scene.context, 'you', next.id)
    expect(scene.sent.map(({ activity }) => activity.type)).toEqual(['Update', 'Move'])
    for (const { activity } of scene.sent) expect(await fedifyVerifies(activity)).toBe(true)
  })

  test('is by a key that the actor lists for it', () => {
    const actor = localActor(scene.context, 'you')
    expect(actor?.assertionMethod).toMatchObject([{ id: keyId, controller: us }])
  })

  test('is not in what is stored and served', async () => {
    const { id, document } = await publish(scene.context, you, publicly)
    expect(document).not.toHaveProperty('proof')
    expect(scene.object(id)?.document).toEqual(document)
    expect(JSON.stringify(document)).not.toContain('data-integrity')
  })
})

describe('no proof', () => {
  test.each<Audience>(['followers', 'direct'])('is on a post for %s', async (audience) => {
    await publish(scene.context, you, { text: 'Hi @fan@fan.example', audience })
    expect(onlySent(scene).activity).not.toHaveProperty('proof')
  })

  test('is on a vote, a Follow, an Accept and a Block', async () => {
    const options = ['Tea', 'Coffee'].map((name) => ({ type: 'Note', name }))
    const question = await theirPost({ type: 'Question', oneOf: options })
    await vote(scene.context, 'you', question, ['Tea'])
    await follow(scene.context, 'you', scene.actor('vera').id)
    const wanda = scene.actor('wanda')
    await scene.receive(wanda.activity('Follow', us))
    await block(scene.context, 'you', wanda.id)
    const types = scene.sent.map(({ activity }) => activity.type)
    expect(new Set(types)).toEqual(new Set(['Create', 'Follow', 'Accept', 'Block']))
    for (const { activity } of scene.sent) expect(activity).not.toHaveProperty('proof')
  })
})
