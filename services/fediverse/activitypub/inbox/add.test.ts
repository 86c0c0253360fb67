// https://www.w3.org/TR/activitypub/#add-activity-inbox, for pinned posts
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type RemoteActor, Scene, type WithId } from '../../context.fixture.ts'

let scene: Scene
let vera: RemoteActor
let note: WithId

beforeEach(async () => {
  scene = new Scene()
  await scene.user()
  vera = scene.actor('vera')
  await scene.follows(vera)
  note = vera.note()
  scene.served.set(note.id, note)
})
afterEach(() => scene.end())

const featured = () => ({ target: `${vera.id}/featured` })
const pinned = () => scene.context.actors.pinned(vera.id)

describe('pinned posts of whom we follow', () => {
  test('are noted, newest first, and fetched; Remove ends it', async () => {
    const second = vera.note()
    scene.served.set(second.id, second)
    for (const { id } of [note, second, note]) {
      expect(await scene.receive(vera.activity('Add', id, featured()))).toBe('done')
    }
    expect(pinned()).toEqual([note.id, second.id])
    expect(scene.object(note.id)?.document).toEqual(note)
    expect(scene.home()).toEqual([])
    expect(await scene.receive(vera.activity('Remove', note.id, featured()))).toBe('done')
    expect(pinned()).toEqual([second.id])
  })

  test.each([
    ['into another collection', { target: 'https://vera.example/users/vera/followers' }],
    ['into nothing', {}],
  ])('are not noted by an Add %s', async (_, target) => {
    expect(await scene.receive(vera.activity('Add', note.id, target))).toBe('ignored')
    expect(pinned()).toEqual([])
  })

  test('are her own only', async () => {
    const wanda = scene.actor('wanda', {}, 'vera.example')
    const hers = wanda.note()
    scene.served.set(hers.id, hers)
    const ours = await scene.post()
    for (const id of [hers.id, ours.id]) {
      expect(await scene.receive(vera.activity('Add', id, featured()))).toBe('ignored')
    }
    expect(pinned()).toEqual([])
  })

  test('change by her own word only', async () => {
    const mallory = scene.actor('mallory')
    const add = vera.activity('Add', note.id, featured())
    expect(await scene.receive(add, { signer: mallory.id })).toBe('ignored')
    expect(await scene.receive(mallory.activity('Add', note.id, featured()))).toBe('ignored')
    await scene.receive(vera.activity('Add', note.id, featured()))
    expect(await scene.receive(mallory.activity('Remove', note.id, featured()))).toBe('ignored')
    expect(pinned()).toEqual([note.id])
  })

  test('wait while her host cannot be asked', async () => {
    scene.served.set(note.id, 0)
    expect(await scene.receive(vera.activity('Add', note.id, featured()))).toHaveProperty('retry')
  })
})

test('pinned posts of whom we do not follow are not fetched', async () => {
  const mallory = scene.actor('mallory')
  await scene.context.actors.resolve(mallory.id)
  const { id } = mallory.note()
  const add = mallory.activity('Add', id, { target: `${mallory.id}/featured` })
  expect(await scene.receive(add)).toBe('ignored')
  expect(scene.fetched).not.toContain(id)
})
