// https://www.w3.org/TR/activitypub/#delete-activity-inbox
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type RemoteActor, Scene, type WithId } from '../../context.fixture.ts'
import { StoreUnavailable } from '../../store/journal.ts'
import type { StoredObject } from '../../store/objects.ts'
import { PUBLIC } from '../document.ts'

let scene: Scene
let vera: RemoteActor
let mallory: RemoteActor
let note: WithId
const us = 'https://fuchs.example/you'

beforeEach(async () => {
  scene = new Scene()
  await scene.user()
  vera = scene.actor('vera')
  mallory = scene.actor('mallory')
  await scene.follows(vera)
  await scene.followedBy(vera)
  note = vera.note({ tag: [{ type: 'Mention', href: us, name: '@you@fuchs.example' }] })
  await scene.receive(vera.create(note))
  scene.fetched.length = 0
})
afterEach(() => scene.end())

const tombstone = () => ({ id: note.id, type: 'Tombstone' })
const isThere = () => scene.home().includes(note.id) && scene.notifications().includes(note.id)

describe('a Delete of a post', () => {
  test.each([
    ['by its id', () => note.id],
    ['as a Tombstone', tombstone],
  ])('%s leaves a tombstone without its words', async (_, object) => {
    expect(isThere()).toBe(true)
    expect(await scene.receive(vera.activity('Delete', object()))).toBe('done')
    expect(scene.object(note.id)).toMatchObject({ kind: 'tombstone', actor: vera.id })
    expect(JSON.stringify(scene.object(note.id))).not.toContain(note.content)
    expect(isThere()).toBe(false)
    expect(scene.fetched).toEqual([])
    expect(await scene.receive(vera.activity('Delete', object()))).toBe('ignored')
  })

  test.each([
    ['by another', () => mallory.activity('Delete', tombstone())],
    ['of ours', () => vera.activity('Delete', `${us}/p/1`)],
    ['of what nobody has', () => mallory.activity('Delete', mallory.note().id)],
    ['of nothing', () => vera.activity('Delete', undefined)],
  ])('%s changes nothing', async (_, activity) => {
    expect(await scene.receive(activity())).toBe('ignored')
    expect(isThere()).toBe(true)
  })

  test('of a post of ours changes nothing', async () => {
    const { id } = await scene.post()
    expect(await scene.receive(vera.activity('Delete', id))).toBe('ignored')
    expect(scene.has(id)).toBe(true)
  })

  test('before its Create is remembered for an id on her host only', async () => {
    const foreign = mallory.note().id
    expect(await scene.receive(vera.activity('Delete', foreign))).toBe('ignored')
    expect(scene.object(foreign)).toBeUndefined()
  })

  test.each([
    [404, 'done'],
    [410, 'done'],
    [0, { retry: expect.any(String) }],
    [500, { retry: expect.any(String) }],
    [200, 'ignored'],
  ])('that is forwarded counts when her host answers %i: %j', async (status, effect) => {
    scene.served.set(note.id, status === 200 ? note : status)
    const deletion = vera.activity('Delete', tombstone())
    expect(await scene.receive(deletion, { signer: mallory.id })).toEqual(effect)
    expect(scene.fetched).toEqual([note.id])
    expect(isThere()).toBe(effect !== 'done')
  })

  test('that is forwarded counts when her host has a Tombstone', async () => {
    scene.served.set(note.id, tombstone())
    const deletion = vera.activity('Delete', note.id)
    expect(await scene.receive(deletion, { signer: mallory.id })).toBe('done')
    expect(isThere()).toBe(false)
  })
})

describe('a Delete of an actor', () => {
  const relations = () =>
    (['followers', 'following'] as const).map((kind) =>
      scene.context.store.relations.count('you', kind),
    )

  test('by herself ends what she had with us, and she is forgotten', async () => {
    expect(relations()).toEqual([1, 1])
    expect(await scene.receive(vera.activity('Delete', vera.id))).toBe('done')
    expect(relations()).toEqual([0, 0])
    expect(scene.context.actors.get(vera.id)).toBeUndefined()
    expect(scene.sent).toEqual([])
  })

  /** Ids of the objects that she made: one of each kind. */
  async function activities(ours: string): Promise<string[]> {
    const reply = vera.note({ inReplyTo: ours })
    const made = [
      vera.activity('Like', ours),
      vera.activity('EmojiReact', ours, { content: '🦊' }),
      vera.activity('Announce', ours, { to: [PUBLIC] }),
    ]
    await scene.receive(vera.create(reply))
    for (const activity of made) expect(await scene.receive(activity)).toBe('done')
    return [note.id, reply.id, ...made.map(({ id }) => id)]
  }

  test('buries what she made, and undoes what she did; what others made stays', async () => {
    const { id } = await scene.post()
    const ids = await activities(id)
    const like = mallory.activity('Like', id)
    await scene.receive(like)
    const { objects } = scene.context.store
    const counts = () =>
      (['likes', 'announces', 'replies'] as const).map((k) => objects.count(k, id))
    expect(counts()).toEqual([3, 1, 1])
    expect(await scene.receive(vera.activity('Delete', vera.id))).toBe('done')
    for (const made of ids)
      expect(scene.object(made)).toMatchObject({ kind: 'tombstone', actor: vera.id })
    expect(counts()).toEqual([1, 0, 0])
    expect(scene.home()).toEqual([id])
    expect(scene.notifications()).toEqual([like.id])
    expect(scene.has(id)).toBe(true)
    expect(await scene.receive(vera.create(note))).toBe('ignored')
    expect(scene.pending()).toEqual([])
  })

  /** Posts of hers, as many. */
  async function posts(count: number): Promise<string[]> {
    const { store, clock } = scene.context
    const objects = Array.from(
      { length: count },
      (_, i): StoredObject => ({
        id: `${vera.id}/n/${i}`,
        kind: 'post',
        actor: vera.id,
        at: clock.now() + i,
        audience: 'public',
        home: ['you'],
      }),
    )
    await store.commit(objects.map((object) => store.objects.put(object)))
    return objects.map(({ id }) => id)
  }

  test('lets others have their turn between parts of what she made', async () => {
    const ids = await posts(500)
    const { store } = scene.context
    const { commit } = store
    const sizes: number[] = []
    store.commit = (ops) => {
      sizes.push(ops.length)
      return commit(ops)
    }
    await scene.receive(vera.activity('Delete', vera.id))
    expect(ids.filter((id) => scene.has(id))).toEqual([])
    expect(Math.max(...sizes)).toBeLessThanOrEqual(50)
    expect(sizes.length).toBeGreaterThanOrEqual(10)
  })

  test('that is interrupted goes on where it was', async () => {
    const ids = await posts(200)
    const { store } = scene.context
    const { commit } = store
    let left = 4
    store.commit = (ops) => {
      if (left-- === 0) throw new StoreUnavailable('the end')
      return commit(ops)
    }
    const deletion = vera.activity('Delete', vera.id)
    await expect(scene.receive(deletion)).rejects.toThrow('the end')
    store.commit = commit
    expect(scene.pending()).toEqual([deletion.id])
    expect(ids.filter((id) => scene.has(id)).length).toBeGreaterThan(0)
    expect(await scene.receive(deletion)).toBe('done')
    expect(ids.filter((id) => scene.has(id))).toEqual([])
    expect(scene.pending()).toEqual([])
  })

  test('that another has signed counts when her host no longer has her', async () => {
    const deletion = vera.activity('Delete', vera.id)
    expect(await scene.receive(deletion, { signer: mallory.id })).toBe('ignored')
    expect(relations()).toEqual([1, 1])
    scene.served.set(vera.id, 410)
    const second = vera.activity('Delete', vera.id)
    expect(await scene.receive(second, { signer: mallory.id })).toBe('done')
    expect(relations()).toEqual([0, 0])
  })

  test('by another changes nothing', async () => {
    expect(await scene.receive(mallory.activity('Delete', vera.id))).toBe('ignored')
    expect(relations()).toEqual([1, 1])
  })
})
