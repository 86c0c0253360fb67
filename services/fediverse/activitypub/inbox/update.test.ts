// https://www.w3.org/TR/activitypub/#update-activity-inbox
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type RemoteActor, Scene, type WithId } from '../../context.fixture.ts'
import type { Json } from '../document.ts'

let scene: Scene
let vera: RemoteActor
let mallory: RemoteActor
let note: WithId

beforeEach(async () => {
  scene = new Scene()
  await scene.user()
  vera = scene.actor('vera')
  mallory = scene.actor('mallory')
  await scene.follows(vera)
  note = vera.note()
  await scene.receive(vera.create(note))
})
afterEach(() => scene.end())

const at = (minute: number) => new Date(Date.UTC(2030, 0, 2, 0, minute)).toISOString()
const edited = (minute: number, content: string): WithId => ({
  ...note,
  content,
  updated: at(minute),
})
const update = (object: unknown, actor = vera) => actor.activity('Update', object)
const content = () => scene.object(note.id)?.document?.content

describe('an Update of a post', () => {
  test('replaces it in its place, and says when it was edited', async () => {
    const before = scene.object(note.id)
    expect(await scene.receive(update(edited(1, 'first')))).toBe('done')
    expect(scene.object(note.id)).toEqual({
      ...before,
      document: edited(1, 'first'),
      editedAt: Date.parse(at(1)),
    })
    expect(scene.home()).toEqual([note.id])
  })

  test('that is older than what is stored changes nothing', async () => {
    await scene.receive(update(edited(2, 'second')))
    for (const old of [edited(1, 'first'), note]) {
      expect(await scene.receive(update(old))).toBe('ignored')
    }
    expect(content()).toBe('second')
  })

  test('does not change whom it was for', async () => {
    const secret = vera.note({ to: [vera.followers], cc: [] })
    await scene.receive(vera.create(secret))
    const wider = {
      ...secret,
      to: ['https://www.w3.org/ns/activitystreams#Public'],
      updated: at(1),
    }
    expect(await scene.receive(update(wider))).toBe('done')
    expect(scene.object(secret.id)?.audience).toBe('followers')
  })

  test('brings new counts of a poll, which is no edit', async () => {
    const question = (votes: number): WithId => ({
      ...note,
      type: 'Question',
      oneOf: [{ type: 'Note', name: 'Tea', replies: { totalItems: votes } }],
    })
    expect(await scene.receive(update(question(3)))).toBe('done')
    expect(scene.object(note.id)?.document).toEqual(question(3))
    expect(scene.object(note.id)).not.toHaveProperty('editedAt')
  })

  test('by its id is fetched', async () => {
    scene.served.set(note.id, edited(1, 'first'))
    expect(await scene.receive(update(note.id))).toBe('done')
    expect(content()).toBe('first')
  })

  test.each([
    ['that another has signed', () => [update(edited(1, 'forged')), mallory.id]],
    ['by another', () => [update(edited(1, 'forged'), mallory), mallory.id]],
    [
      'by another who says that it is his',
      () => [update({ ...edited(1, 'forged'), attributedTo: mallory.id }, mallory), mallory.id],
    ],
  ] as [string, () => [Json, string]][])('%s counts as its own host has it', async (_, make) => {
    scene.served.set(note.id, edited(1, 'hers'))
    const [activity, signer] = make()
    expect(await scene.receive(activity, { signer })).toBe('done')
    expect(content()).toBe('hers')
  })

  test('that another has signed waits while its host cannot be asked', async () => {
    scene.served.set(note.id, 0)
    const activity = update(edited(1, 'forged'))
    expect(await scene.receive(activity, { signer: mallory.id })).toHaveProperty('retry')
    expect(content()).toBe(note.content)
  })

  test('is not taken for a post that came with another author', async () => {
    scene.served.set(note.id, { ...edited(1, 'stolen'), attributedTo: `${vera.id}2` })
    expect(await scene.receive(update(note.id))).toBe('ignored')
    expect(content()).toBe(note.content)
  })

  test('does not bring back what was deleted', async () => {
    await scene.receive(vera.activity('Delete', note.id))
    expect(await scene.receive(update(edited(1, 'again')))).toBe('ignored')
    expect(scene.has(note.id, 'tombstone')).toBe(true)
  })

  test('of what is not stored, or ours, changes nothing', async () => {
    expect(await scene.receive(update(vera.note()))).toBe('ignored')
    const ours = await scene.post()
    const forged = { ...ours.document, content: 'forged', updated: at(1) }
    expect(await scene.receive(update(forged))).toBe('ignored')
    expect(scene.object(ours.id)).toEqual(ours)
    expect(scene.fetched).toEqual([])
  })
})

describe('an Update of an actor', () => {
  const renamed = () => ({ ...vera.document, name: 'Vera the Second' })
  const name = () => scene.context.actors.get(vera.id)?.name

  test('is taken as she signed it', async () => {
    expect(await scene.receive(update(renamed()))).toBe('done')
    expect(name()).toBe('Vera the Second')
    expect(scene.fetched).toEqual([])
  })

  test.each([
    ['by its id', () => [update(vera.id), vera.id]],
    ['that another has signed', () => [update({ ...renamed(), name: 'Forged' }), mallory.id]],
  ] as [string, () => [Json, string]][])('%s is fetched', async (_, make) => {
    scene.served.set(vera.id, renamed())
    const [activity, signer] = make()
    expect(await scene.receive(activity, { signer })).toBe('done')
    expect(name()).toBe('Vera the Second')
    expect(scene.fetched).toEqual([vera.id])
  })

  test('of another actor changes nothing', async () => {
    expect(await scene.receive(update(renamed(), mallory))).toBe('ignored')
    expect(name()).toBe('vera')
  })

  test('takes followers along to her new inboxes', async () => {
    await scene.followedBy(vera)
    const inbox = 'https://vera.example/new/inbox'
    await scene.receive(update({ ...vera.document, inbox, endpoints: undefined }))
    const { relations } = scene.context.store
    expect(relations.get('you', 'followers', vera.id)).toMatchObject({ state: 'accepted', inbox })
    expect(relations.followers('you')).toEqual([expect.objectContaining({ inbox })])
    expect(relations.get('you', 'followers', vera.id)).not.toHaveProperty('sharedInbox')
    expect(relations.get('you', 'following', vera.id)).toMatchObject({ state: 'accepted', inbox })
  })

  test('who is not known here is not fetched', async () => {
    expect(await scene.receive(update(mallory.id, mallory))).toBe('ignored')
    expect(scene.fetched).toEqual([])
  })
})
