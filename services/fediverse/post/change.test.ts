// Edits and deletes of our posts. https://www.w3.org/TR/activitypub/#update-activity-outbox, #delete-activity-outbox
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { PUBLIC } from '../activitypub/document.ts'
import { onlySent, type RemoteActor, Scene } from '../context.fixture.ts'
import type { User } from '../store/users.ts'
import { edit } from './edit.ts'
import { pin } from './pin.ts'
import { remove } from './remove.ts'

let scene: Scene
let you: User
let fan: RemoteActor
let vera: RemoteActor
let wanda: RemoteActor
const us = 'https://fuchs.example/you'

beforeEach(async () => {
  scene = new Scene()
  you = await scene.user()
  fan = scene.actor('fan')
  vera = scene.actor('vera')
  wanda = scene.actor('wanda')
  await scene.followedBy(fan)
})
afterEach(() => scene.end())

const change = (id: string, text = 'edited', more = {}) =>
  edit(scene.context, you, id, { text, ...more })

describe('an edit', () => {
  test('keeps id, date, audience and parent, and is told to everyone who got the first version', async () => {
    const parent = await scene.post()
    const before = await scene.post({
      text: 'Hi @vera@vera.example',
      audience: 'unlisted',
      inReplyTo: parent.id,
      summary: 'a warning',
    })
    scene.clock.advance(60_000)
    const after = await change(before.id, 'Hi @wanda@wanda.example')
    expect(after).toMatchObject({
      id: before.id,
      at: before.at,
      audience: 'unlisted',
      inReplyTo: parent.id,
      source: 'Hi @wanda@wanda.example',
      editedAt: scene.clock.now(),
      recipients: [vera.id, wanda.id],
    })
    expect(after.document).toMatchObject({
      published: before.document?.published,
      updated: new Date(scene.clock.now()).toISOString(),
      inReplyTo: parent.id,
      sensitive: false,
    })
    expect(after.document).not.toHaveProperty('summary')
    const { activity, inboxes } = onlySent(scene)
    expect(activity).toMatchObject({ type: 'Update', actor: us, object: { id: before.id } })
    expect(activity.id).not.toBe(before.id)
    expect(inboxes).toEqual(['https://fan.example/inbox', vera.inbox, wanda.inbox])
  })

  test('keeps the attachments unless others are given', async () => {
    const fox = { url: 'https://fuchs.example/you/s/fox.png', mediaType: 'image/png', name: 'fox' }
    const { id } = await scene.post({ attachments: [fox] })
    expect((await change(id)).document?.attachment).toMatchObject([{ url: fox.url, name: 'fox' }])
    expect((await change(id, 'x', { attachments: [] })).document?.attachment).toEqual([])
  })

  test('of a poll keeps its options, its end and its votes', async () => {
    const endsAt = scene.clock.now() + 3_600_000
    const poll = { options: ['Tea', 'Coffee'], isMultiple: true, endsAt }
    const { id } = await scene.post({ poll })
    const vote = vera.note({ inReplyTo: id, name: 'Tea', content: undefined, to: [us], cc: [] })
    await scene.receive(vera.create(vote))
    const after = await change(id)
    expect(after.document).toMatchObject({
      type: 'Question',
      endTime: new Date(endsAt).toISOString(),
    })
    expect(onlySent(scene).activity.object).toMatchObject({
      votersCount: 1,
      anyOf: [
        { name: 'Tea', replies: { totalItems: 1 } },
        { name: 'Coffee', replies: { totalItems: 0 } },
      ],
    })
  })

  test('twice in a millisecond sends two activities', async () => {
    const { id } = await scene.post()
    await change(id, 'one')
    await change(id, 'two')
    const [first, second] = scene.sent.map(({ activity }) => activity.id)
    expect(first).not.toBe(second)
  })

  test('of what is not ours, or gone, is refused in words', async () => {
    await scene.user('other')
    const foreign = await scene.post({}, 'other')
    const { id } = await scene.post()
    await remove(scene.context, 'you', id)
    for (const wrong of [foreign.id, id, `${us}/p/0`]) {
      await expect(change(wrong)).rejects.toThrow('not a post of yours')
    }
  })
})

describe('a delete', () => {
  test('leaves a tombstone, and reaches everyone whom the post has reached', async () => {
    const post = await scene.post({ text: 'Hi @vera@vera.example' })
    const like = wanda.activity('Like', post.id)
    const booster = scene.actor('booster')
    const reply = scene.actor('replier').note({ inReplyTo: post.id })
    for (const activity of [like, booster.activity('Announce', post.id, { to: [PUBLIC] })]) {
      await scene.receive(activity)
    }
    await scene.receive({ ...vera.create(reply), actor: reply.attributedTo })
    await remove(scene.context, 'you', post.id)
    expect(scene.object(post.id)).toEqual({
      id: post.id,
      kind: 'tombstone',
      actor: us,
      local: 'you',
      at: post.at,
      audience: 'direct',
    })
    const { activity, inboxes } = onlySent(scene)
    expect(activity).toMatchObject({
      type: 'Delete',
      actor: us,
      to: [PUBLIC],
      object: { id: post.id, type: 'Tombstone' },
    })
    expect(inboxes).toEqual([
      booster.inbox,
      'https://fan.example/inbox',
      'https://replier.example/users/replier/inbox',
      vera.inbox,
      wanda.inbox,
    ])
  })

  test('of a direct post reaches whom it named, alone', async () => {
    const post = await scene.post({ text: '@vera@vera.example only you', audience: 'direct' })
    await remove(scene.context, 'you', post.id)
    const { activity, inboxes } = onlySent(scene)
    expect(activity).toMatchObject({ to: [vera.id] })
    expect(inboxes).toEqual([vera.inbox])
  })

  test('reaches whom it named after everything that is cached was deleted', async () => {
    const post = await scene.post({ text: '@vera@vera.example only you', audience: 'direct' })
    scene.context.actors.forget(vera.id)
    await remove(scene.context, 'you', post.id)
    expect(onlySent(scene).inboxes).toEqual([vera.inbox])
  })

  test('unpins', async () => {
    const { id } = await scene.post()
    await pin(scene.context, you, id)
    await remove(scene.context, 'you', id)
    expect(scene.context.store.users.get('you')?.pinned).toEqual([])
  })

  test('of what is not ours is refused in words', async () => {
    const note = vera.note({ to: [us] })
    await scene.receive(vera.create(note))
    await expect(remove(scene.context, 'you', note.id)).rejects.toThrow('not a post of yours')
    expect(scene.has(note.id)).toBe(true)
  })
})
