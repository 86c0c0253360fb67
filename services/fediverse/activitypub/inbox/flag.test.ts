// https://www.w3.org/TR/activitystreams-vocabulary/#dfn-flag, as Mastodon sends it
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type RemoteActor, Scene } from '../../context.fixture.ts'

let scene: Scene
let reporter: RemoteActor
const us = 'https://fuchs.example/you'

beforeEach(async () => {
  scene = new Scene()
  await scene.user('you')
  await scene.user('other')
  reporter = scene.actor('reporter')
})
afterEach(() => scene.end())

test('a report is kept for the users whom it names', async () => {
  const { id } = await scene.post()
  const flag = reporter.activity('Flag', [us, id, 'https://elsewhere.example/x'], {
    content: 'rude',
  })
  expect(await scene.receive(flag)).toBe('done')
  expect(scene.notifications()).toContain(flag.id)
  expect(scene.notifications('other')).toEqual([])
  expect(scene.object(flag.id)).toMatchObject({
    kind: 'flag',
    audience: 'direct',
    document: { content: 'rude', object: [us, id, 'https://elsewhere.example/x'] },
  })
})

test.each([
  ['nobody here', ['https://elsewhere.example/you', 'https://fuchs.example/nobody']],
  ['nothing', undefined],
])('a report about %s is dropped', async (_, object) => {
  const flag = reporter.activity('Flag', object)
  expect(await scene.receive(flag)).toBe('ignored')
  expect(scene.object(flag.id)).toBeUndefined()
})

test('a report that another has signed is dropped', async () => {
  const mallory = scene.actor('mallory')
  expect(await scene.receive(reporter.activity('Flag', us), { signer: mallory.id })).toBe('ignored')
  expect(scene.notifications()).toEqual([])
})
