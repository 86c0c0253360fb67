// https://www.w3.org/TR/activitypub/#delete-activity-inbox
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type RemoteActor, Scene, type WithId } from '../../context.fixture.ts'

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
