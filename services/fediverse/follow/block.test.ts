// https://www.w3.org/TR/activitypub/#block-activity-outbox
import { afterEach, beforeEach, expect, test } from 'vitest'
import { onlySent, type RemoteActor, Scene } from '../context.fixture.ts'
import { block, unblock } from './block.ts'
import { follow } from './request.ts'

let scene: Scene
let vera: RemoteActor
const us = 'https://fuchs.example/you'

beforeEach(async () => {
  scene = new Scene()
  await scene.user()
  vera = scene.actor('vera')
})
afterEach(() => scene.end())

const counts = () =>
  (['followers', 'following', 'blocks'] as const).map((kind) =>
    scene.context.store.relations.count('you', kind),
  )

test('a block ends both relations and tells her server, in this order', async () => {
  await scene.followedBy(vera)
  await scene.follows(vera)
  expect(await block(scene.context, 'you', '@vera@vera.example')).toBe(vera.id)
  expect(counts()).toEqual([0, 0, 1])
  expect(scene.sent).toMatchObject([
    { inboxes: [vera.inbox], activity: { type: 'Undo', object: { type: 'Follow' } } },
    { inboxes: [vera.inbox], activity: { type: 'Block', actor: us, object: vera.id } },
  ])
})

test('unblocking sends the Undo of that Block and restores nothing', async () => {
  await block(scene.context, 'you', vera.id)
  const { id } = onlySent(scene).activity
  scene.sent.length = 0
  scene.served.set(vera.id, 410)
  expect(await unblock(scene.context, 'you', vera.id)).toBe(vera.id)
  expect(counts()).toEqual([0, 0, 0])
  expect(onlySent(scene)).toMatchObject({
    inboxes: [vera.inbox],
    activity: { type: 'Undo', object: { id, type: 'Block', actor: us, object: vera.id } },
  })
  await expect(unblock(scene.context, 'you', vera.id)).rejects.toThrow()
})

test('we cannot block ourselves', async () => {
  scene.served.set(us, { id: us, type: 'Person', inbox: `${us}/inbox` })
  await expect(block(scene.context, 'you', us)).rejects.toThrow('yourself')
  expect(counts()).toEqual([0, 0, 0])
})

test('whom we block we do not follow', async () => {
  await block(scene.context, 'you', vera.id)
  await expect(follow(scene.context, 'you', vera.id)).rejects.toThrow('blocked')
  expect(counts()).toEqual([0, 0, 1])
})
