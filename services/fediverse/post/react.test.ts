// Likes, boosts, votes and pins of ours.
// https://www.w3.org/TR/activitypub/#like-activity-outbox, #announce-activity-outbox, #add-activity-outbox
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { PUBLIC } from '../activitypub/document.ts'
import { onlySent, type RemoteActor, Scene, type WithId } from '../context.fixture.ts'
import type { User } from '../store/users.ts'
import { boost, unboost } from './boost.ts'
import { like, unlike } from './like.ts'
import { pin, unpin } from './pin.ts'
import { vote } from './vote.ts'

let scene: Scene
let fan: RemoteActor
let vera: RemoteActor
let note: WithId
const us = 'https://fuchs.example/you'
const followers = `${us}/followers`

beforeEach(async () => {
  scene = new Scene()
  await scene.user()
  fan = scene.actor('fan')
  vera = scene.actor('vera')
  await scene.followedBy(fan)
  note = vera.note()
  scene.served.set(note.id, note)
})
afterEach(() => scene.end())

const you = () => scene.context.store.users.get('you') as User

describe('a like', () => {
  test('is told to the author alone, once, and taken back', async () => {
    const { id } = await like(scene.context, 'you', note.id)
    expect(onlySent(scene)).toMatchObject({
      inboxes: [vera.inbox],
      activity: { type: 'Like', id, actor: us, object: note.id, to: [vera.id] },
    })
    expect((await like(scene.context, 'you', note.id)).id).toBe(id)
    expect(scene.sent).toHaveLength(1)
    scene.sent.length = 0
    await unlike(scene.context, 'you', note.id)
    expect(onlySent(scene)).toMatchObject({
      inboxes: [vera.inbox],
      activity: { type: 'Undo', object: { id, type: 'Like', object: note.id } },
    })
    expect(scene.context.store.objects.about('likes', note.id)).toEqual([])
    await expect(unlike(scene.context, 'you', note.id)).rejects.toThrow('have not liked')
  })

  test('reaches her after everything that is cached was deleted', async () => {
    await scene.follows(vera)
    await scene.receive(vera.create(note))
    scene.context.actors.forget(vera.id)
    await like(scene.context, 'you', note.id)
    expect(onlySent(scene).inboxes).toEqual([vera.inbox])
    scene.sent.length = 0
    scene.context.actors.forget(vera.id)
    await unlike(scene.context, 'you', note.id)
    expect(onlySent(scene).inboxes).toEqual([vera.inbox])
  })

  test('of a post of another user here notifies', async () => {
    await scene.user('other')
    const { id } = await scene.post({}, 'other')
    const { id: liked } = await like(scene.context, 'you', id)
    expect(scene.notifications('other')).toEqual([liked])
    expect(scene.sent).toEqual([])
  })

  test.each([
    ['what is not there', 'https://vera.example/none', 'could not be fetched'],
    ['a deleted post', 'https://fuchs.example/you/p/0', 'not a post'],
  ])('of %s is refused in words', async (_, id, words) => {
    await expect(like(scene.context, 'you', id)).rejects.toThrow(words)
  })
})

describe('a boost', () => {
  test('goes to the followers and the author, once, and is taken back', async () => {
    const { id } = await boost(scene.context, 'you', note.id)
    const inboxes = ['https://fan.example/inbox', vera.inbox]
    expect(onlySent(scene)).toMatchObject({
      inboxes,
      activity: {
        type: 'Announce',
        id,
        actor: us,
        object: note.id,
        to: [PUBLIC],
        cc: [followers, vera.id],
      },
    })
    expect(scene.home()).toEqual([id])
    expect((await boost(scene.context, 'you', note.id)).id).toBe(id)
    expect(scene.sent).toHaveLength(1)
    scene.sent.length = 0
    await unboost(scene.context, 'you', note.id)
    expect(onlySent(scene)).toMatchObject({
      inboxes,
      activity: { type: 'Undo', object: { id, type: 'Announce', object: note.id } },
    })
    expect(scene.home()).toEqual([])
    await expect(unboost(scene.context, 'you', note.id)).rejects.toThrow('have not boosted')
  })

  test.each(['followers', 'direct'] as const)('of a post for %s is refused', async (audience) => {
    const { id } = await scene.post({ audience })
    await expect(boost(scene.context, 'you', id)).rejects.toThrow('Only public and unlisted')
    const secret = vera.note({ to: audience === 'direct' ? [us] : [vera.followers], cc: [us] })
    await scene.receive(vera.create(secret))
    await expect(boost(scene.context, 'you', secret.id)).rejects.toThrow('Only public')
    expect(scene.sent).toEqual([])
  })
})

describe('a vote', () => {
  const question = (fields = {}): WithId =>
    vera.note({
      type: 'Question',
      endTime: '2030-01-01T01:00:00Z',
      oneOf: ['Tea', 'Coffee'].map((name) => ({ type: 'Note', name })),
      ...fields,
    })
  const choose = (id: string, ...options: string[]) => vote(scene.context, 'you', id, options)

  beforeEach(() => {
    note = question()
    scene.served.set(note.id, note)
  })

  test('is a Note with the name of the option, to the author alone', async () => {
    await choose(note.id, 'Tea')
    const { activity, inboxes } = onlySent(scene)
    expect(inboxes).toEqual([vera.inbox])
    expect(activity).toMatchObject({
      type: 'Create',
      actor: us,
      to: [vera.id],
      cc: [],
      object: { type: 'Note', attributedTo: us, name: 'Tea', inReplyTo: note.id, to: [vera.id] },
    })
    expect(activity.object).not.toHaveProperty('content')
    expect(scene.home()).toEqual([])
  })

  test('for several options is one Note each', async () => {
    const { oneOf, ...fields } = note
    note = { ...fields, anyOf: oneOf } as WithId
    scene.served.set(note.id, note)
    await choose(note.id, 'Tea', 'Coffee')
    expect(scene.sent.map(({ activity }) => activity.object)).toMatchObject([
      { name: 'Tea' },
      { name: 'Coffee' },
    ])
  })

  test.each([
    [
      'for two options of which one may be chosen',
      async () => choose(note.id, 'Tea', 'Coffee'),
      'one option only',
    ],
    ['for no option', async () => choose(note.id), 'Choose an option'],
    ['for what is no option', async () => choose(note.id, 'Milk'), 'no option "Milk"'],
    [
      'a second time',
      async () => {
        await choose(note.id, 'Tea')
        return choose(note.id, 'Coffee')
      },
      'voted already',
    ],
    [
      'after the end',
      async () => {
        scene.clock.advance(3_600_001)
        return choose(note.id, 'Tea')
      },
      'has ended',
    ],
    [
      'in a poll of our own',
      async () => {
        const poll = {
          options: ['Tea', 'Coffee'],
          isMultiple: false,
          endsAt: scene.clock.now() + 1e6,
        }
        return choose((await scene.post({ poll })).id, 'Tea')
      },
      'your own poll',
    ],
    ['where there is no poll', async () => choose((await scene.post()).id, 'Tea'), 'no poll'],
  ])('%s is refused in words', async (_, act, words) => {
    await expect(act()).rejects.toThrow(words)
    expect(scene.sent.length).toBeLessThan(2)
  })
})

describe('a pin', () => {
  test('is told to the followers, and taken back', async () => {
    const { id } = await scene.post()
    await pin(scene.context, you(), id)
    await pin(scene.context, you(), id)
    expect(you().pinned).toEqual([id])
    const target = `${us}/featured`
    expect(onlySent(scene)).toMatchObject({
      inboxes: ['https://fan.example/inbox'],
      activity: { type: 'Add', actor: us, object: id, target },
    })
    scene.sent.length = 0
    await unpin(scene.context, you(), id)
    expect(you().pinned).toEqual([])
    expect(onlySent(scene).activity).toMatchObject({ type: 'Remove', object: id, target })
    await expect(unpin(scene.context, you(), id)).rejects.toThrow('not pinned')
  })

  test('is one of at most 5, newest first', async () => {
    const ids: string[] = []
    for (let i = 0; i < 6; i += 1) ids.push((await scene.post()).id)
    for (const id of ids.slice(0, 5)) await pin(scene.context, you(), id)
    await expect(pin(scene.context, you(), ids[5] ?? '')).rejects.toThrow('At most 5')
    expect(you().pinned).toEqual(ids.slice(0, 5).reverse())
  })

  test.each(['followers', 'direct'] as const)('of a post for %s is refused', async (audience) => {
    const { id } = await scene.post({ audience })
    await expect(pin(scene.context, you(), id)).rejects.toThrow('Only public')
  })

  test('of what is not ours is refused', async () => {
    await expect(pin(scene.context, you(), note.id)).rejects.toThrow('not a post of yours')
  })
})
