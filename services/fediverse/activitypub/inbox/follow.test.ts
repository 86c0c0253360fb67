// https://www.w3.org/TR/activitypub/#follow-activity-inbox
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { onlySent, type RemoteActor, Scene } from '../../context.fixture.ts'
import { approveFollower, removeFollower } from '../../follow/accept.ts'

let scene: Scene
let vera: RemoteActor
const us = 'https://fuchs.example/you'

beforeEach(async () => {
  scene = new Scene()
  await scene.user()
  vera = scene.actor('vera')
})
afterEach(() => scene.end())

const follower = () => scene.context.store.relations.get('you', 'followers', vera.id)

describe('a Follow', () => {
  test('is stored, accepted at her own inbox, and told', async () => {
    const follow = vera.activity('Follow', us)
    expect(await scene.receive(follow)).toBe('done')
    expect(follower()).toMatchObject({
      actor: vera.id,
      activity: follow.id,
      state: 'accepted',
      inbox: vera.inbox,
      sharedInbox: 'https://vera.example/inbox',
    })
    const { user, activity, inboxes } = onlySent(scene)
    expect({ user, inboxes }).toEqual({ user: 'you', inboxes: [vera.inbox] })
    expect(activity).toMatchObject({
      type: 'Accept',
      actor: us,
      to: [vera.id],
      object: { id: follow.id, type: 'Follow', actor: vera.id, object: us },
    })
    expect(scene.notifications()).toEqual([follow.id])
    expect(scene.pending()).toEqual([])
  })

  test('with a new id is answered anew, tells nobody twice and keeps its place', async () => {
    const first = vera.activity('Follow', us)
    await scene.receive(first)
    const { at } = follower() ?? {}
    const second = vera.activity('Follow', us)
    expect(await scene.receive(second)).toBe('done')
    expect(follower()).toMatchObject({ activity: second.id, state: 'accepted', at })
    expect(scene.sent[1]?.activity).toMatchObject({ type: 'Accept', object: { id: second.id } })
    expect(scene.notifications()).toEqual([first.id])
    expect(scene.context.store.relations.count('you', 'followers')).toBe(1)
  })

  test('of a locked account waits until it is let in', async () => {
    await scene.user('you', { isLocked: true })
    const follow = vera.activity('Follow', us)
    expect(await scene.receive(follow)).toBe('done')
    expect(follower()?.state).toBe('requested')
    expect(scene.sent).toEqual([])
    expect(scene.context.store.relations.count('you', 'followers')).toBe(0)
    expect(scene.notifications()).toEqual([follow.id])
    expect(await approveFollower(scene.context, 'you', vera.id)).toBe(true)
    expect(follower()?.state).toBe('accepted')
    expect(onlySent(scene).activity).toMatchObject({ type: 'Accept', object: { id: follow.id } })
    expect(await approveFollower(scene.context, 'you', vera.id)).toBe(false)
  })

  test('of a locked account by who follows already is accepted at once', async () => {
    await scene.followedBy(vera)
    await scene.user('you', { isLocked: true })
    expect(await scene.receive(vera.activity('Follow', us))).toBe('done')
    expect(onlySent(scene).activity.type).toBe('Accept')
    expect(follower()?.state).toBe('accepted')
  })

  test('is answered with Reject when she is turned away', async () => {
    const follow = await scene.followedBy(vera)
    expect(await removeFollower(scene.context, 'you', vera.id)).toBe(true)
    expect(follower()).toBeUndefined()
    expect(onlySent(scene)).toMatchObject({
      inboxes: [vera.inbox],
      activity: { type: 'Reject', object: { id: follow.id, actor: vera.id, object: us } },
    })
    expect(await removeFollower(scene.context, 'you', vera.id)).toBe(false)
  })

  test('waits while her actor cannot be fetched', async () => {
    scene.served.set(vera.id, 0)
    const follow = vera.activity('Follow', us)
    expect(await scene.receive(follow)).toEqual({ retry: `${vera.id}: 0` })
    expect(follower()).toBeUndefined()
    expect(scene.pending()).toEqual([follow.id])
  })

  test.each([
    ['of nobody', 'https://fuchs.example/nobody'],
    ['of an id in other letters', 'https://fuchs.example/You'],
    ['of an id with a slash at its end', `${us}/`],
    ['of what lies below a user', `${us}/followers`],
    ['of somebody elsewhere', 'https://elsewhere.example/you'],
    ['of nothing', undefined],
  ])('%s changes nothing', async (_, object) => {
    expect(await scene.receive(vera.activity('Follow', object))).toBe('ignored')
    expect(scene.sent).toEqual([])
    expect(scene.notifications()).toEqual([])
    expect(scene.pending()).toEqual([])
  })

  test('that another has signed changes nothing', async () => {
    const mallory = scene.actor('mallory')
    const follow = vera.activity('Follow', us)
    expect(await scene.receive(follow, { signer: mallory.id })).toBe('ignored')
    expect(follower()).toBeUndefined()
  })

  test('by whom we block changes nothing', async () => {
    const { store } = scene.context
    const block = { actor: vera.id, activity: `${us}/p/1/Block`, state: 'accepted', at: 1 } as const
    await store.commit([store.relations.put('you', 'blocks', block)])
    expect(await scene.receive(vera.activity('Follow', us))).toBe('ignored')
    expect(follower()).toBeUndefined()
    expect(scene.sent).toEqual([])
  })
})
