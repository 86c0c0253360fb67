// https://www.w3.org/TR/activitypub/#announce-activity-inbox, FEP-1b12 for groups
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type RemoteActor, Scene, type WithId } from '../../context.fixture.ts'
import { PUBLIC } from '../document.ts'

let scene: Scene
let vera: RemoteActor
let wanda: RemoteActor
const us = 'https://fuchs.example/you'

beforeEach(async () => {
  scene = new Scene()
  await scene.user()
  vera = scene.actor('vera')
  wanda = scene.actor('wanda')
})
afterEach(() => scene.end())

const announce = (object: unknown, booster = vera) =>
  booster.activity('Announce', object, { to: [PUBLIC], cc: [booster.followers] })
const boosts = (id: string) => scene.context.store.objects.about('announces', id)

describe('an Announce of a post of ours', () => {
  test('counts once and is told', async () => {
    const { id } = await scene.post()
    const boost = announce(id)
    expect(await scene.receive(boost)).toBe('done')
    expect(await scene.receive(boost)).toBe('ignored')
    expect(await scene.receive(announce(id))).toBe('ignored')
    expect(boosts(id)).toMatchObject([{ id: boost.id, actor: vera.id, target: id }])
    expect(scene.notifications()).toEqual([boost.id])
    expect(scene.home()).toEqual([id])
    expect(scene.fetched).not.toContain(id)
  })

  test('does not come back when it was undone and is replayed', async () => {
    const { id } = await scene.post()
    const boost = announce(id)
    await scene.receive(boost)
    await scene.receive(vera.activity('Undo', boost))
    expect(await scene.receive(boost)).toBe('ignored')
    expect(boosts(id)).toEqual([])
  })

  test.each(['followers', 'direct'] as const)('that is for %s is refused', async (audience) => {
    const { id } = await scene.post({ audience })
    expect(await scene.receive(announce(id))).toBe('ignored')
    expect(boosts(id)).toEqual([])
  })

  test('by whom we block is refused', async () => {
    const { id } = await scene.post()
    const { store } = scene.context
    const block = { actor: vera.id, activity: `${us}/p/1/Block`, state: 'accepted', at: 1 } as const
    await store.commit([store.relations.put('you', 'blocks', block)])
    expect(await scene.receive(announce(id))).toBe('ignored')
    expect(boosts(id)).toEqual([])
  })

  test('that is not there changes nothing', async () => {
    expect(await scene.receive(announce(`${us}/p/0`))).toBe('ignored')
    expect(scene.fetched).toEqual([])
  })
})

describe('an Announce by whom we follow', () => {
  let note: WithId

  beforeEach(async () => {
    await scene.follows(vera)
    note = wanda.note()
    scene.served.set(note.id, note)
  })

  test('brings the post, from its own host', async () => {
    const boost = announce({ ...note, content: 'forged' })
    expect(await scene.receive(boost)).toBe('done')
    expect(scene.home()).toEqual([boost.id])
    expect(scene.object(note.id)).toMatchObject({ kind: 'post', actor: wanda.id, document: note })
    expect(scene.notifications()).toEqual([])
    expect(scene.fetched).toContain(note.id)
  })

  test('of what is here already fetches nothing', async () => {
    await scene.follows(wanda)
    await scene.receive(wanda.create(note))
    scene.fetched.length = 0
    const boost = announce(note.id)
    expect(await scene.receive(boost)).toBe('done')
    expect(scene.home()).toEqual([boost.id, note.id])
    expect(scene.fetched).toEqual([])
  })

  test.each([
    ['for followers', () => ({ to: [wanda.followers], cc: [] })],
    ['direct', () => ({ to: [vera.id], cc: [] })],
  ])('of a post that is %s is refused', async (_, addresses) => {
    note = wanda.note(addresses())
    scene.served.set(note.id, note)
    expect(await scene.receive(announce(note.id))).toBe('ignored')
    expect(scene.object(note.id)).toBeUndefined()
    expect(scene.home()).toEqual([])
  })

  test('of a post for followers that we have is refused, unless it is her own', async () => {
    await scene.follows(wanda)
    const secret = wanda.note({ to: [wanda.followers], cc: [] })
    await scene.receive(wanda.create(secret))
    expect(await scene.receive(announce(secret.id))).toBe('ignored')
    const own = announce(secret.id, wanda)
    expect(await scene.receive(own)).toBe('done')
    expect(scene.home()).toEqual([own.id, secret.id])
  })

  test('of a deleted post changes nothing', async () => {
    await scene.follows(wanda)
    await scene.receive(wanda.create(note))
    await scene.receive(wanda.activity('Delete', note.id))
    expect(await scene.receive(announce(note.id))).toBe('ignored')
    expect(scene.home()).toEqual([])
  })

  test.each([
    [404, 'ignored'],
    [410, 'ignored'],
    [0, { retry: expect.any(String) }],
    [502, { retry: expect.any(String) }],
  ])('of a post whose host answers %i: %j', async (status, effect) => {
    scene.served.set(note.id, status)
    expect(await scene.receive(announce(note.id))).toEqual(effect)
    expect(scene.home()).toEqual([])
  })

  test.each(['Create', 'Update'])('that has a %s within brings the post within', async (type) => {
    const group = scene.actor('group', { type: 'Group' })
    await scene.follows(group)
    const boost = announce(wanda.activity(type, note), group)
    expect(await scene.receive(boost)).toBe('done')
    expect(scene.object(boost.id)).toMatchObject({ kind: 'announce', target: note.id })
    expect(scene.object(note.id)?.document).toEqual(note)
  })

  test.each([
    ['of a Like', () => wanda.activity('Like', note.id)],
    ['of an actor', () => wanda.document],
    ['of nothing', () => undefined],
  ])('%s changes nothing', async (_, make) => {
    expect(await scene.receive(announce(make()))).toBe('ignored')
    expect(scene.home()).toEqual([])
    expect(boosts(note.id)).toEqual([])
  })

  test('that another has signed changes nothing', async () => {
    expect(await scene.receive(announce(note.id), { signer: wanda.id })).toBe('ignored')
    expect(scene.home()).toEqual([])
  })
})

test('an Announce by a stranger of a post that is not ours changes nothing', async () => {
  const note = wanda.note()
  scene.served.set(note.id, note)
  expect(await scene.receive(announce(note.id))).toBe('ignored')
  expect(scene.fetched).toEqual([])
  expect(scene.object(note.id)).toBeUndefined()
})
