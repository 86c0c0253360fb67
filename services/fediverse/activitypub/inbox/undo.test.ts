// https://www.w3.org/TR/activitypub/#undo-activity-inbox
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type RemoteActor, Scene, type WithId } from '../../context.fixture.ts'

let scene: Scene
let vera: RemoteActor
let mallory: RemoteActor
let post: string
const us = 'https://fuchs.example/you'

beforeEach(async () => {
  scene = new Scene()
  await scene.user()
  vera = scene.actor('vera')
  mallory = scene.actor('mallory')
  post = (await scene.post()).id
})
afterEach(() => scene.end())

const follower = () => scene.context.store.relations.get('you', 'followers', vera.id)
/** The ways in which servers name what they undo. */
const spellings: [string, (activity: WithId) => unknown][] = [
  ['embedded', (activity) => activity],
  ['by its id', ({ id }) => id],
  ['embedded under another id', (activity) => ({ ...activity, id: `${vera.id}/other` })],
  ['embedded without id', ({ id: _, ...activity }) => activity],
]

describe.each(spellings)('an Undo that has its activity %s', (_, spell) => {
  test('ends a Follow', async () => {
    const follow = await scene.followedBy(vera)
    expect(follower()).toBeDefined()
    expect(await scene.receive(vera.activity('Undo', spell(follow)))).toBe('done')
    expect(follower()).toBeUndefined()
  })

  test.each(['Like', 'Announce'])('ends a %s, and its notification', async (type) => {
    const activity = vera.activity(type, post, {
      to: ['https://www.w3.org/ns/activitystreams#Public'],
    })
    await scene.receive(activity)
    expect(scene.notifications()).toEqual([activity.id])
    expect(await scene.receive(vera.activity('Undo', spell(activity)))).toBe('done')
    expect(scene.notifications()).toEqual([])
    expect(scene.has(activity.id, 'tombstone')).toBe(true)
  })

  test('ends nothing of somebody else', async () => {
    const follow = await scene.followedBy(vera)
    const like = vera.activity('Like', post)
    await scene.receive(like)
    for (const activity of [follow, like]) {
      expect(await scene.receive(mallory.activity('Undo', spell(activity)))).toBe('ignored')
      const forged = vera.activity('Undo', spell(activity))
      expect(await scene.receive(forged, { signer: mallory.id })).toBe('ignored')
    }
    expect(follower()).toBeDefined()
    expect(scene.has(like.id, 'like')).toBe(true)
  })
})

test('an Undo of a Like leaves her other reactions', async () => {
  const like = vera.activity('Like', post)
  const reaction = vera.activity('EmojiReact', post, { content: '🦊' })
  const boost = vera.activity('Announce', post, { to: [us] })
  for (const activity of [reaction, like, boost]) await scene.receive(activity)
  const { id: _, ...anonymous } = like
  expect(await scene.receive(vera.activity('Undo', anonymous))).toBe('done')
  expect([like, reaction, boost].map(({ id }) => scene.object(id)?.kind)).toEqual([
    'tombstone',
    'reaction',
    'announce',
  ])
})

test.each([
  ['embedded', (follow: WithId) => follow],
  ['by its id', ({ id }: WithId) => id],
])('an Undo of a repeated Follow, %s, ends it', async (_, spell) => {
  await scene.followedBy(vera)
  const second = vera.activity('Follow', us)
  await scene.receive(second)
  expect(await scene.receive(vera.activity('Undo', spell(second)))).toBe('done')
  expect(follower()).toBeUndefined()
})

test.each([
  ['a post of hers', () => vera.note()],
  ['a Block', () => vera.activity('Block', us)],
  ['what is not here', () => 'https://vera.example/none'],
  ['nothing', () => undefined],
])('an Undo of %s changes nothing', async (_, object) => {
  expect(await scene.receive(vera.activity('Undo', object()))).toBe('ignored')
})

test('a Follow does not come back by the Undo that was undone', async () => {
  const follow = await scene.followedBy(vera)
  const undo = vera.activity('Undo', follow)
  await scene.receive(undo)
  expect(await scene.receive(vera.activity('Undo', undo))).toBe('ignored')
  expect(follower()).toBeUndefined()
})
