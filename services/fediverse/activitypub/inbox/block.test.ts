// https://www.w3.org/TR/activitypub/#block-activity-outbox; the specification says not to send it, most servers do.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type RemoteActor, Scene } from '../../context.fixture.ts'

let scene: Scene
let vera: RemoteActor
const us = 'https://fuchs.example/you'

beforeEach(async () => {
  scene = new Scene()
  await scene.user()
  vera = scene.actor('vera')
  await scene.followedBy(vera)
  await scene.follows(vera)
})
afterEach(() => scene.end())

const relations = () =>
  (['followers', 'following'] as const).map((kind) =>
    scene.context.store.relations.count('you', kind),
  )

test('who blocks us ends both relations, and is told nothing', async () => {
  expect(relations()).toEqual([1, 1])
  expect(await scene.receive(vera.activity('Block', us))).toBe('done')
  expect(relations()).toEqual([0, 0])
  expect(scene.sent).toEqual([])
})

test.each([
  ['of nobody here', 'https://fuchs.example/nobody'],
  ['of somebody elsewhere', 'https://elsewhere.example/you'],
  ['of nothing', undefined],
])('a Block %s changes nothing', async (_, object) => {
  expect(await scene.receive(vera.activity('Block', object))).toBe('ignored')
  expect(relations()).toEqual([1, 1])
})

test('a Block by a stranger, or that another has signed, changes nothing', async () => {
  const mallory = scene.actor('mallory')
  await scene.receive(mallory.activity('Block', us))
  await scene.receive(vera.activity('Block', us), { signer: mallory.id })
  expect(relations()).toEqual([1, 1])
})
