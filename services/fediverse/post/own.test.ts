// Which post a verb is about, and who may see it.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { PUBLIC } from '../activitypub/document.ts'
import { type RemoteActor, Scene } from '../context.fixture.ts'
import type { StoredObject } from '../store/objects.ts'
import { maySee, requirePost } from './own.ts'
import { remove } from './remove.ts'

let scene: Scene
let vera: RemoteActor

beforeEach(async () => {
  scene = new Scene()
  await scene.user('you')
  await scene.user('other')
  vera = scene.actor('vera')
})
afterEach(() => scene.end())

describe('a post that is named', () => {
  const find = (id: string) => requirePost(scene.context, id)

  test.each([
    ['its id', (id: string) => id],
    ['the address of its page', () => 'https://vera.example/@vera/1'],
  ])('by %s is fetched, once, and shown to nobody', async (_, name) => {
    const note = vera.note({ published: '2029-12-24T18:00:00Z' })
    scene.served.set(note.id, note)
    scene.served.set('https://vera.example/@vera/1', note)
    const found = await find(name(note.id))
    expect(found).toMatchObject({ id: note.id, actor: vera.id, audience: 'public', document: note })
    expect(found.at).toBe(Date.parse('2029-12-24T18:00:00Z'))
    expect(scene.context.actors.get(vera.id)).toBeDefined()
    scene.fetched.length = 0
    expect(await find(note.id)).toEqual(found)
    expect(scene.fetched).toEqual([])
    expect([scene.home(), scene.notifications()]).toEqual([[], []])
  })

  test('is one of ours', async () => {
    const post = await scene.post({}, 'other')
    expect(await find(post.id)).toEqual(post)
  })

  test('and was deleted is not fetched again, by whatever name', async () => {
    await scene.follows(vera)
    const note = vera.note()
    await scene.receive(vera.create(note))
    await scene.receive(vera.activity('Delete', note.id))
    scene.served.set(note.id, note)
    scene.served.set('https://vera.example/@vera/1', note)
    for (const name of [note.id, 'https://vera.example/@vera/1']) {
      await expect(find(name)).rejects.toThrow('not a post, or was deleted')
    }
    expect(scene.has(note.id, 'tombstone')).toBe(true)
    const ours = await scene.post()
    await remove(scene.context, 'you', ours.id)
    await expect(find(ours.id)).rejects.toThrow('not a post, or was deleted')
  })

  test.each([
    ['is not there', 404],
    [
      'is no post',
      { id: 'https://vera.example/x', type: 'Person', inbox: 'https://vera.example/i' },
    ],
    [
      'is by an author elsewhere',
      { id: 'https://vera.example/x', type: 'Note', attributedTo: 'https://wanda.example/w' },
    ],
  ])('and %s is refused', async (_, served) => {
    scene.served.set('https://vera.example/x', served)
    await expect(find('https://vera.example/x')).rejects.toThrow('could not be fetched')
    expect(scene.object('https://vera.example/x')).toBeUndefined()
  })
})

describe('who may see', () => {
  const seers = (object: StoredObject) =>
    [undefined, 'you', 'other'].filter((user) => maySee(scene.context, user, object))

  test.each([
    ['public', [undefined, 'you', 'other']],
    ['unlisted', [undefined, 'you', 'other']],
    ['followers', ['you']],
    ['direct', ['you']],
  ] as const)('a post of ours that is %s', async (audience, expected) => {
    expect(seers(await scene.post({ audience }))).toEqual(expected)
  })

  test('a direct post of ours that names another user here', async () => {
    const post = await scene.post({ text: '@other look', audience: 'direct' })
    expect(seers(post)).toEqual(['you', 'other'])
  })

  test.each([
    ['public', { to: [PUBLIC] }, [undefined, 'you', 'other']],
    ['for her followers', { to: ['https://vera.example/users/vera/followers'], cc: [] }, ['you']],
    [
      'for her followers and another',
      {
        to: ['https://vera.example/users/vera/followers', 'https://fuchs.example/other'],
        cc: [],
      },
      ['you', 'other'],
    ],
    ['direct', { to: ['https://fuchs.example/other'], cc: [] }, ['other']],
  ] as const)('a post of whom we follow that is %s', async (_, addresses, expected) => {
    await scene.follows(vera, 'you')
    const note = vera.note(addresses)
    await scene.receive(vera.create(note))
    expect(seers(scene.object(note.id) as StoredObject)).toEqual(expected)
  })

  test('a post for followers when we asked to follow, or have left', async () => {
    await scene.follows(vera, 'you')
    const note = vera.note({ to: [vera.followers], cc: [] })
    await scene.receive(vera.create(note))
    const { store } = scene.context
    const relation = store.relations.get('you', 'following', vera.id)
    if (!relation) throw new Error('we follow her')
    await store.commit([
      store.relations.put('you', 'following', { ...relation, state: 'requested' }),
    ])
    expect(seers(scene.object(note.id) as StoredObject)).toEqual([])
  })
})
