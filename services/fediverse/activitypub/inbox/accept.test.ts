// https://www.w3.org/TR/activitypub/#accept-activity-inbox, #reject-activity-inbox
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type RemoteActor, Scene } from '../../context.fixture.ts'
import { follow } from '../../follow/request.ts'

let scene: Scene
let vera: RemoteActor
let mallory: RemoteActor
/** Id of our Follow. */
let id: string
const us = 'https://fuchs.example/you'

beforeEach(async () => {
  scene = new Scene()
  await scene.user()
  await scene.user('other')
  vera = scene.actor('vera')
  mallory = scene.actor('mallory')
  await follow(scene.context, 'you', vera.id)
  id = scene.sent[0]?.activity.id ?? ''
})
afterEach(() => scene.end())

const state = (user = 'you') => scene.context.store.relations.get(user, 'following', vera.id)?.state
const embedded = (changes = {}) => ({ id, type: 'Follow', actor: us, object: vera.id, ...changes })

describe('our Follow', () => {
  test.each([
    ['embedded', () => embedded()],
    ['by its id', () => id],
    ['embedded without id', () => embedded({ id: undefined })],
    ['embedded under an id of theirs', () => embedded({ id: 'https://vera.example/follows/1' })],
  ])('is accepted by an Accept that has it %s', async (_, object) => {
    expect(state()).toBe('requested')
    expect(await scene.receive(vera.activity('Accept', object()))).toBe('done')
    expect(state()).toBe('accepted')
  })

  test('is found by the inbox when the Accept names it by an id of theirs', async () => {
    const accept = vera.activity('Accept', 'https://vera.example/follows/1')
    expect(await scene.receive(accept, { inboxOf: 'other' })).toBe('ignored')
    expect(await scene.receive(accept, { inboxOf: 'you' })).toBe('done')
    expect(state()).toBe('accepted')
  })

  test('ends by a Reject, before and after it was accepted', async () => {
    await scene.receive(vera.activity('Accept', embedded()))
    expect(await scene.receive(vera.activity('Reject', embedded()))).toBe('done')
    expect(state()).toBeUndefined()
    expect(await scene.receive(vera.activity('Accept', embedded()))).toBe('ignored')
    expect(state()).toBeUndefined()
  })

  test('made anew is answered under its new id only', async () => {
    await follow(scene.context, 'you', vera.id)
    const old = id
    id = scene.sent[1]?.activity.id ?? ''
    expect(await scene.receive(vera.activity('Reject', old))).toBe('ignored')
    expect(await scene.receive(vera.activity('Accept', embedded({ id: old })))).toBe('ignored')
    expect(state()).toBe('requested')
    expect(await scene.receive(vera.activity('Accept', id))).toBe('done')
    expect(state()).toBe('accepted')
  })

  test.each([
    ['somebody else', () => mallory.activity('Accept', embedded())],
    [
      'her, of a Follow of another user',
      () => vera.activity('Accept', embedded({ actor: `${us}2` })),
    ],
    ['her, of what is not ours', () => vera.activity('Accept', 'https://vera.example/follows/1')],
    ['her, of nothing', () => vera.activity('Accept', undefined)],
    [
      'her, of a Follow by a user who follows nobody',
      () => vera.activity('Accept', embedded({ actor: 'https://fuchs.example/other' })),
    ],
  ])('is not accepted by %s', async (_, accept) => {
    expect(await scene.receive(accept())).toBe('ignored')
    expect(state()).toBe('requested')
    expect(state('other')).toBeUndefined()
  })

  test.each(['Accept', 'Reject'])(
    'is not touched by an %s that another has signed',
    async (type) => {
      const answer = vera.activity(type, embedded())
      expect(await scene.receive(answer, { signer: mallory.id })).toBe('ignored')
      expect(state()).toBe('requested')
    },
  )
})
