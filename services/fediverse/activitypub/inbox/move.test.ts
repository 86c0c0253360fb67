// https://swicg.github.io/activitypub-data-portability/#moving-actors
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type RemoteActor, Scene } from '../../context.fixture.ts'

let scene: Scene
let old: RemoteActor
let fresh: RemoteActor

beforeEach(async () => {
  scene = new Scene()
  await scene.user('you')
  await scene.user('other')
  old = scene.actor('old')
  fresh = scene.actor('fresh', { alsoKnownAs: ['https://old.example/users/old'] })
  await scene.follows(old, 'you')
})
afterEach(() => scene.end())

const move = (changes = {}) => old.activity('Move', old.id, { target: fresh.id, ...changes })
const following = (user = 'you') =>
  [old, fresh].map(({ id }) => scene.context.store.relations.get(user, 'following', id)?.state)

describe('a Move', () => {
  test('makes those who follow the old account follow the new one', async () => {
    const activity = move()
    expect(await scene.receive(activity)).toBe('done')
    expect(following()).toEqual([undefined, 'requested'])
    expect(scene.sent).toMatchObject([
      { user: 'you', activity: { type: 'Undo', object: { object: old.id } }, inboxes: [old.inbox] },
      { user: 'you', activity: { type: 'Follow', object: fresh.id }, inboxes: [fresh.inbox] },
    ])
    expect(following('other')).toEqual([undefined, undefined])
    expect(scene.notifications()).toEqual([activity.id])
    expect(scene.notifications('other')).toEqual([])
    expect(scene.object(activity.id)).toMatchObject({ kind: 'move', target: fresh.id })
  })

  test('to whom we follow already ends only the old relation', async () => {
    await scene.follows(fresh)
    expect(await scene.receive(move())).toBe('done')
    expect(following()).toEqual([undefined, 'accepted'])
    expect(scene.sent.map(({ activity }) => activity.type)).toEqual(['Undo'])
  })

  test('to an account of ours makes it no follower of itself', async () => {
    await scene.user('you', { alsoKnownAs: [old.id] })
    await scene.follows(old, 'other')
    scene.served.set('https://fuchs.example/you', {
      id: 'https://fuchs.example/you',
      type: 'Person',
      preferredUsername: 'you',
      inbox: 'https://fuchs.example/you/inbox',
      alsoKnownAs: [old.id],
    })
    expect(await scene.receive(move({ target: 'https://fuchs.example/you' }))).toBe('done')
    const { relations } = scene.context.store
    expect(relations.get('you', 'following', 'https://fuchs.example/you')).toBeUndefined()
    expect(following()).toEqual([undefined, undefined])
  })

  test.each([
    ['none', undefined],
    ['somebody else', ['https://elsewhere.example/old']],
    ['her, in other letters', ['https://old.example/users/Old']],
  ])('to an account that names %s in alsoKnownAs is refused', async (_, alsoKnownAs) => {
    scene.served.set(fresh.id, { ...fresh.document, alsoKnownAs })
    expect(await scene.receive(move())).toBe('ignored')
    expect(following()).toEqual(['accepted', undefined])
    expect(scene.sent).toEqual([])
  })

  test('asks the new account anew, whatever was known of it', async () => {
    await scene.context.actors.resolve(fresh.id)
    scene.served.set(fresh.id, { ...fresh.document, alsoKnownAs: [] })
    expect(await scene.receive(move())).toBe('ignored')
    expect(following()).toEqual(['accepted', undefined])
  })

  test('waits while the new account cannot be asked', async () => {
    scene.served.set(fresh.id, 0)
    expect(await scene.receive(move())).toHaveProperty('retry')
    expect(following()).toEqual(['accepted', undefined])
  })

  test.each([
    ['of another than its actor', { object: 'https://old.example/users/mallory' }],
    ['to nowhere', { target: undefined }],
    ['to itself', { target: 'https://old.example/users/old' }],
  ])('%s changes nothing', async (_, changes) => {
    expect(await scene.receive(move(changes))).toBe('ignored')
    expect(following()).toEqual(['accepted', undefined])
  })

  test('that another has signed changes nothing', async () => {
    expect(await scene.receive(move(), { signer: fresh.id })).toBe('ignored')
    expect(following()).toEqual(['accepted', undefined])
  })

  test('of whom nobody follows asks nobody', async () => {
    const stranger = scene.actor('stranger')
    const activity = stranger.activity('Move', stranger.id, { target: fresh.id })
    expect(await scene.receive(activity)).toBe('ignored')
    expect(scene.fetched).toEqual([])
  })
})
