// https://www.w3.org/TR/activitypub/#create-activity-outbox, #delivery
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { PUBLIC } from '../activitypub/document.ts'
import { onlySent, type RemoteActor, Scene } from '../context.fixture.ts'
import type { User } from '../store/users.ts'
import { type Draft, POST_LIMITS, publish } from './publish.ts'

let scene: Scene
let you: User
/** Follows us. */
let fan: RemoteActor
/** Does not; on a host of her own, with a shared inbox. */
let vera: RemoteActor
const us = 'https://fuchs.example/you'
const followers = `${us}/followers`

beforeEach(async () => {
  scene = new Scene()
  you = await scene.user()
  fan = scene.actor('fan')
  vera = scene.actor('vera')
  await scene.followedBy(fan)
})
afterEach(() => scene.end())

const write = (draft: Partial<Draft>) =>
  publish(scene.context, you, { text: 'hello', audience: 'public', ...draft })

describe('a post', () => {
  test('is stored with its words, shown at home, and sent as a Create', async () => {
    const post = await write({ text: 'Hello *fox* #burrow', summary: 'animals', language: 'de' })
    expect(post).toMatchObject({ kind: 'post', local: 'you', source: 'Hello *fox* #burrow' })
    expect(scene.home()).toEqual([post.id])
    const { activity, inboxes } = onlySent(scene)
    expect(inboxes).toEqual(['https://fan.example/inbox'])
    const { '@context': _, ...note } = post.document ?? {}
    const { '@context': __, proof, ...create } = activity
    expect(proof).toBeDefined()
    expect(create).toEqual({
      id: `${post.id}/Create`,
      type: 'Create',
      actor: us,
      published: '2030-01-01T00:00:00.001Z',
      to: [PUBLIC],
      cc: [followers],
      object: note,
    })
    expect(note).toMatchObject({
      id: post.id,
      type: 'Note',
      attributedTo: us,
      content: expect.stringContaining('<em>fox</em>'),
      summary: 'animals',
      sensitive: true,
      contentMap: { de: note.content },
      tag: [{ type: 'Hashtag', name: '#burrow', href: 'https://fuchs.example/?t=burrow' }],
      url: post.id,
    })
  })

  test.each([
    [
      'public',
      [PUBLIC],
      [followers, 'V'],
      ['https://fan.example/inbox', 'https://vera.example/inbox'],
    ],
    [
      'unlisted',
      [followers],
      [PUBLIC, 'V'],
      ['https://fan.example/inbox', 'https://vera.example/inbox'],
    ],
    ['followers', [followers], ['V'], ['https://fan.example/inbox', 'https://vera.example/inbox']],
    ['direct', ['V'], [], ['https://vera.example/users/vera/inbox']],
  ] as const)('for %s goes to %j, %j', async (audience, to, cc, inboxes) => {
    const expected = (ids: readonly string[]) => ids.map((id) => (id === 'V' ? vera.id : id))
    const text = 'Hello @vera@vera.example'
    const post = await write({ audience, text })
    const sent = onlySent(scene)
    expect(sent.activity).toMatchObject({ to: expected(to), cc: expected(cc) })
    expect(post.document).toMatchObject({ to: expected(to), cc: expected(cc) })
    // A mention that is no follower has her own inbox unless somebody is reached at the shared one anyway.
    const hers = audience === 'direct' ? inboxes : [inboxes[0], vera.inbox]
    expect(sent.inboxes).toEqual(hers)
  })

  test('for followers reaches several of one host once, by their shared inbox', async () => {
    await scene.followedBy(scene.actor('second', {}, 'fan.example'))
    await scene.followedBy(scene.actor('third', { endpoints: undefined }, 'fan.example'))
    await write({ audience: 'followers' })
    expect(onlySent(scene).inboxes).toEqual([
      'https://fan.example/inbox',
      'https://fan.example/users/third/inbox',
    ])
  })

  test('for nobody is sent to nobody', async () => {
    const post = await write({ audience: 'direct', text: 'note to self' })
    expect(scene.sent).toEqual([])
    expect(scene.home()).toEqual([post.id])
  })

  test('has its images as attachments, with their descriptions', async () => {
    const post = await write({ text: '![a fox](https://fuchs.example/you/s/fox.png)\n\nlook' })
    expect(post.document?.attachment).toMatchObject([
      { type: 'Document', url: 'https://fuchs.example/you/s/fox.png', name: 'a fox' },
    ])
    expect(post.document?.content).not.toContain('<img')
  })

  test.each([
    ['empty', { text: '  ' }, 'empty'],
    ['too long', { text: 'x'.repeat(POST_LIMITS.characters + 1) }, '50001 characters'],
    [
      'with too many files',
      { attachments: Array(17).fill({ url: 'https://x.example/1', mediaType: 'image/png' }) },
      '16 files',
    ],
  ])('that is %s is refused in words', async (_, draft, words) => {
    await expect(write(draft)).rejects.toThrow(words)
    expect(scene.home()).toEqual([])
  })
})

describe('a mention', () => {
  test('is looked up, linked, tagged and delivered', async () => {
    const post = await write({ text: 'Hi @vera@vera.example and @you' })
    expect(post.document?.tag).toEqual([
      { type: 'Mention', name: '@vera@vera.example', href: vera.id },
      { type: 'Mention', name: '@you@fuchs.example', href: us },
    ])
    expect(post.document?.content).toContain(`href="${vera.id}"`)
    expect(onlySent(scene).inboxes).toContain(vera.inbox)
  })

  test('that nobody finds stays text', async () => {
    const post = await write({ text: 'Hi @nobody@vera.example and @none' })
    expect(post.document).toMatchObject({ tag: [], cc: [followers] })
    expect(post.document?.content).toContain('@nobody@vera.example')
  })

  test('of another user here notifies, and is not sent to ourselves', async () => {
    await scene.user('other')
    const post = await write({ text: '@other look', audience: 'direct' })
    expect(scene.notifications('other')).toEqual([post.id])
    expect(scene.notifications('you')).not.toContain(post.id)
    expect(scene.sent).toEqual([])
  })
})

describe('a reply', () => {
  test('mentions and reaches whom it answers', async () => {
    const note = vera.note()
    scene.served.set(note.id, note)
    const post = await write({ text: 'yes', inReplyTo: note.id })
    expect(post).toMatchObject({ inReplyTo: note.id, recipients: [vera.id] })
    expect(post.document).toMatchObject({
      inReplyTo: note.id,
      cc: [followers, vera.id],
      tag: [{ type: 'Mention', href: vera.id, name: '@vera@vera.example' }],
    })
    expect(onlySent(scene).inboxes).toEqual(['https://fan.example/inbox', vera.inbox])
  })

  test('reaches her after everything that is cached was deleted', async () => {
    const note = vera.note({ inReplyTo: (await scene.post()).id })
    await scene.receive(vera.create(note))
    scene.context.actors.forget(vera.id)
    await write({ text: 'yes', inReplyTo: note.id, audience: 'direct' })
    expect(onlySent(scene).inboxes).toEqual([vera.inbox])
  })

  test('to ourselves mentions nobody', async () => {
    const first = await scene.post()
    const post = await write({ inReplyTo: first.id })
    expect(post.document).toMatchObject({ tag: [], cc: [followers] })
    expect(scene.context.store.objects.count('replies', first.id)).toBe(1)
  })

  test('to what cannot be had is refused in words', async () => {
    await expect(write({ inReplyTo: 'https://vera.example/none' })).rejects.toThrow(
      'could not be fetched',
    )
    await expect(write({ inReplyTo: `${us}/p/1` })).rejects.toThrow('not a post')
    expect(scene.home()).toEqual([])
  })
})

describe('a poll', () => {
  const endsAt = Date.parse('2030-01-02T00:00:00Z')
  const poll = { options: ['Tea', 'Coffee'], isMultiple: false, endsAt }

  test.each([
    [false, 'oneOf', 'anyOf'],
    [true, 'anyOf', 'oneOf'],
  ])('of which several may be chosen: %j, is a Question', async (isMultiple, used, unused) => {
    const post = await write({ poll: { ...poll, isMultiple } })
    const replies = { type: 'Collection', totalItems: 0 }
    expect(post.document).toMatchObject({
      type: 'Question',
      endTime: '2030-01-02T00:00:00.000Z',
      votersCount: 0,
      [used]: [
        { type: 'Note', name: 'Tea', replies },
        { type: 'Note', name: 'Coffee', replies },
      ],
    })
    expect(post.document).not.toHaveProperty(unused)
  })

  test.each([
    ['one option', ['Tea'], '2 to 20'],
    ['21 options', Array.from({ length: 21 }, (_, i) => `${i}`), '2 to 20'],
    ['the same option twice', ['Tea', 'Tea'], 'the same'],
    ['an empty option', ['Tea', ' '], '1 to 200'],
    ['an option that is too long', ['Tea', 'x'.repeat(201)], '1 to 200'],
  ])('with %s is refused in words', async (_, options, words) => {
    await expect(write({ poll: { ...poll, options } })).rejects.toThrow(words)
  })
})
