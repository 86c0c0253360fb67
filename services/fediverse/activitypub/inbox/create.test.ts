// https://www.w3.org/TR/activitypub/#create-activity-inbox
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type RemoteActor, Scene } from '../../context.fixture.ts'
import { remove } from '../../post/remove.ts'
import { type Json, PUBLIC } from '../document.ts'

let scene: Scene
let vera: RemoteActor
let mallory: RemoteActor
const us = 'https://fuchs.example/you'

beforeEach(async () => {
  scene = new Scene()
  await scene.user()
  vera = scene.actor('vera')
  mallory = scene.actor('mallory')
})
afterEach(() => scene.end())

const mention = { type: 'Mention', href: us, name: '@you@fuchs.example' }

async function block(actor: RemoteActor): Promise<void> {
  const { store } = scene.context
  const relation = {
    actor: actor.id,
    activity: `${us}/p/1/Block`,
    state: 'accepted',
    at: 1,
  } as const
  await store.commit([store.relations.put('you', 'blocks', relation)])
}

describe('a Create of whom we follow', () => {
  beforeEach(() => scene.follows(vera))

  test('is stored as it came and shown at home', async () => {
    const note = vera.note({ content: '<script>x</script><p>hi</p>' })
    expect(await scene.receive(vera.create(note), { inboxOf: 'you' })).toBe('done')
    expect(scene.home()).toEqual([note.id])
    expect(scene.notifications()).toEqual([])
    expect(scene.object(note.id)).toMatchObject({
      kind: 'post',
      actor: vera.id,
      audience: 'public',
      document: note,
      at: scene.clock.now(),
    })
    expect(scene.fetched).toEqual([])
    expect(scene.pending()).toEqual([])
  })

  test.each([
    ['public', { to: [PUBLIC], cc: [] }],
    ['public', { to: 'as:Public' }],
    ['unlisted', { to: ['F'], cc: [PUBLIC] }],
    ['unlisted', { to: [], cc: 'Public' }],
    ['followers', { to: ['F'], cc: [us] }],
    ['direct', { to: [us], cc: [] }],
    ['direct', { to: ['https://elsewhere.example/followers', us], cc: [] }],
  ])('is %s when it goes to %j', async (audience, addresses) => {
    const spelled = JSON.parse(JSON.stringify(addresses).replaceAll('"F"', `"${vera.followers}"`))
    const note = vera.note({ cc: undefined, ...spelled })
    expect(await scene.receive(vera.create(note))).toBe('done')
    expect(scene.object(note.id)?.audience).toBe(audience)
  })

  test('arrives once, by whatever activity', async () => {
    const note = vera.note()
    await scene.receive(vera.create(note))
    expect(await scene.receive(vera.create({ ...note, content: 'other' }))).toBe('ignored')
    expect(scene.object(note.id)?.document).toEqual(note)
    expect(scene.home()).toEqual([note.id])
  })

  test('does not come back after its Delete', async () => {
    const note = vera.note()
    await scene.receive(vera.create(note))
    expect(await scene.receive(vera.activity('Delete', note.id))).toBe('done')
    expect(await scene.receive(vera.create(note))).toBe('ignored')
    expect(scene.has(note.id, 'tombstone')).toBe(true)
    expect(scene.home()).toEqual([])
  })

  test('that comes after its own Delete is not stored', async () => {
    const note = vera.note()
    await scene.receive(vera.activity('Delete', { id: note.id, type: 'Tombstone' }))
    expect(await scene.receive(vera.create(note))).toBe('ignored')
    expect(scene.home()).toEqual([])
  })

  test('is not kept out by another user of her host, who has deleted its id before', async () => {
    const victor = scene.actor('victor', {}, 'vera.example')
    await scene.follows(victor)
    const note = vera.note()
    expect(await scene.receive(victor.activity('Delete', note.id))).toBe('done')
    expect(await scene.receive(vera.create(note))).toBe('done')
    expect(scene.home()).toEqual([note.id])
  })

  test.each<[string, (post: string) => string, Json]>([
    ['Follow', () => us, {}],
    ['Flag', () => us, {}],
    ['Like', (post) => post, {}],
    ['Announce', (post) => post, { to: [PUBLIC] }],
    [
      'Move',
      () => 'https://vera.example/users/victor',
      { target: 'https://vera.example/users/vera' },
    ],
  ])('is not overwritten by a %s of her neighbour under its id', async (type, object, fields) => {
    const victor = scene.actor('victor', {}, 'vera.example')
    await scene.follows(victor)
    scene.served.set(vera.id, { ...vera.document, alsoKnownAs: [victor.id] })
    const { id } = await scene.post()
    const note = vera.note()
    await scene.receive(vera.create(note))
    const before = scene.object(note.id)
    await scene.receive({ ...victor.activity(type, object(id), fields), id: note.id })
    expect(scene.object(note.id)).toEqual(before)
  })

  test('that answers a stranger is not shown at home, one among those we follow is', async () => {
    const wanda = scene.actor('wanda')
    await scene.follows(wanda)
    const hers = wanda.note()
    await scene.receive(wanda.create(hers))
    const toFriend = vera.note({ inReplyTo: hers.id })
    const toStranger = vera.note({ inReplyTo: 'https://mallory.example/users/mallory/notes/1' })
    const toSelf = vera.note({ inReplyTo: toFriend.id })
    for (const note of [toFriend, toStranger, toSelf]) await scene.receive(vera.create(note))
    expect(scene.home()).toEqual([toSelf.id, toFriend.id, hers.id])
  })

  test('is not shown to whom has blocked her', async () => {
    await block(vera)
    const note = vera.note({ to: [PUBLIC, us], tag: [mention] })
    expect(await scene.receive(vera.create(note))).toBe('ignored')
    expect(scene.object(note.id)).toBeUndefined()
  })

  test.each(['Note', 'Question', 'Article', 'Page', 'Video', 'Audio', 'Event', 'Image'])(
    'may be of a %s',
    async (type) => {
      const note = vera.note({ type, name: 'A title' })
      expect(await scene.receive(vera.create(note))).toBe('done')
      expect(scene.home()).toEqual([note.id])
    },
  )

  test.each([
    ['a Person', { type: 'Person' }],
    ['a type that nobody knows', { type: 'Frob' }],
    ['what has no author', { attributedTo: undefined }],
  ])('of %s changes nothing', async (_, changes) => {
    const note = vera.note(changes)
    expect(await scene.receive(vera.create(note))).toBe('ignored')
    expect(scene.object(note.id)).toBeUndefined()
  })
})

describe('a Create of whom we do not follow', () => {
  test('that concerns nobody here is not stored', async () => {
    const note = vera.note()
    expect(await scene.receive(vera.create(note))).toBe('ignored')
    expect(scene.object(note.id)).toBeUndefined()
  })

  test.each([
    ['mentions us', { tag: [mention] }],
    ['is addressed to us', { cc: [us] }],
    ['is direct', { to: [us], cc: [], tag: [mention] }],
  ])('notifies us when it %s', async (_, fields) => {
    const note = vera.note(fields)
    expect(await scene.receive(vera.create(note))).toBe('done')
    expect(scene.notifications()).toEqual([note.id])
    expect(scene.home()).toEqual([])
  })

  test('notifies us when it answers us, and is among the replies', async () => {
    const { id } = await scene.post()
    const note = vera.note({ inReplyTo: id })
    expect(await scene.receive(vera.create(note))).toBe('done')
    expect(scene.notifications()).toEqual([note.id])
    expect(scene.context.store.objects.about('replies', id).map((reply) => reply.id)).toEqual([
      note.id,
    ])
  })

  test('that answers a deleted post of ours is not stored', async () => {
    const { id } = await scene.post()
    await remove(scene.context, 'you', id)
    const note = vera.note({ inReplyTo: id })
    await scene.receive(vera.create(note))
    expect(scene.notifications()).toEqual([])
  })

  test('is dropped when we block her', async () => {
    const { id } = await scene.post()
    await block(vera)
    const note = vera.note({ inReplyTo: id, tag: [mention], to: [us] })
    await scene.receive(vera.create(note))
    expect(scene.notifications()).toEqual([])
    expect(scene.context.store.objects.about('replies', id)).toEqual([])
  })
})

describe('a forwarded Create', () => {
  beforeEach(() => scene.follows(vera))

  test('counts as its own host has it', async () => {
    const note = vera.note({ content: 'as she wrote it' })
    scene.served.set(note.id, note)
    const forged = vera.create({ ...note, content: 'as Mallory wants it' })
    expect(await scene.receive(forged, { signer: mallory.id })).toBe('done')
    expect(scene.object(note.id)?.document).toEqual(note)
    expect(scene.fetched).toEqual([note.id])
  })

  test('with only the id of its object is fetched too', async () => {
    const note = vera.note()
    scene.served.set(note.id, note)
    expect(await scene.receive(vera.activity('Create', note.id))).toBe('done')
    expect(scene.home()).toEqual([note.id])
  })

  test.each([
    ['is not there', 404],
    ['is gone', 410],
  ])('is dropped when its object %s', async (_, status) => {
    const note = vera.note()
    scene.served.set(note.id, status)
    expect(await scene.receive(vera.create(note), { signer: mallory.id })).toBe('ignored')
    expect(scene.object(note.id)).toBeUndefined()
  })

  test.each([0, 500])('waits while its host answers %j', async (status) => {
    const note = vera.note()
    scene.served.set(note.id, status)
    const create = vera.create(note)
    expect(await scene.receive(create, { signer: mallory.id })).toHaveProperty('retry')
    expect(scene.pending()).toEqual([create.id])
  })

  test('is dropped when the object that is served is by an author elsewhere', async () => {
    const note = vera.note({ attributedTo: mallory.id })
    scene.served.set(note.id, note)
    expect(await scene.receive(vera.create(note), { signer: mallory.id })).toBe('ignored')
    expect(scene.object(note.id)).toBeUndefined()
  })
})

test('an embedded object on another host is fetched from there, by whomever the Create is signed', async () => {
  await scene.follows(vera)
  const note = vera.note({ content: 'as she wrote it' })
  scene.served.set(note.id, note)
  const create = mallory.activity('Create', { ...note, content: 'forged' })
  expect(await scene.receive(create)).toBe('done')
  expect(scene.object(note.id)?.document).toEqual(note)
})
