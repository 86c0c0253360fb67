// What is sent again, by whomever, has its effect once: replays, copies by others, old versions, resurrections.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { openScene, type Scene, type WithId } from '../../support/hostile-scene.ts'
import { ask } from '../../support/http-post.ts'
import { PUBLIC } from '../../support/peer.ts'
import { signPost } from '../../support/sign.ts'
import { settle } from '../../support/vitals.ts'

let scene: Scene

beforeAll(async () => {
  scene = await openScene()
})

afterEach(() => scene.expectWell())

afterAll(() => scene?.[Symbol.asyncDispose]())

/** How often a word occurs in our notifications. */
async function countNotified(word: string): Promise<number> {
  await settle(scene.server)
  const lines = await scene.server.cli('show', 'notifications', '--limit', '1000')
  return lines.filter((line) => line.includes(word)).length
}

test('the same request, again and at the same time, and after a restart', async () => {
  const { server, mallory, us, inbox } = scene
  const body = Buffer.from(JSON.stringify(mallory.create('sent-often', [us])))
  const headers = signPost(new URL(inbox), body, mallory)
  const send = () => ask(inbox, { headers, body })
  const answers = await Promise.all(Array.from({ length: 20 }, send))
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 202))
  expect(await countNotified('sent-often')).toBe(1)
  for (const end of ['kill', 'stop'] as const) {
    await server[end]()
    await server.start()
    expect(await send()).toMatchObject({ status: 202 })
    expect(await countNotified('sent-often')).toBe(1)
  }
})

test('the same activity to both inboxes, and signed anew', async () => {
  const { server, mallory, us, inbox } = scene
  const activity = mallory.create('sent-twice', [us])
  await mallory.post(inbox, activity)
  await mallory.post(`${server.url}/shared-inbox`, activity, { at: Date.now() - 5_000 })
  expect(await countNotified('sent-twice')).toBe(1)
})

test('the same note in another activity', async () => {
  const { mallory, us, inbox } = scene
  const { object } = mallory.create('wrapped-twice', [us])
  await mallory.post(inbox, mallory.activity('Create', object))
  await mallory.post(inbox, mallory.activity('Create', object))
  expect(await countNotified('wrapped-twice')).toBe(1)
})

test('an activity that another signer was faster with still counts', async () => {
  const { vera, victor, mallory, us, inbox } = scene
  const activity = vera.create('outrun', [us])
  for (const thief of [mallory, victor]) {
    const { status } = await thief.post(inbox, activity)
    expect(status).toBe(202)
    const like = { ...vera.activity('Like', scene.ourPost), id: activity.id, actor: thief.id }
    await thief.post(inbox, { ...like, actor: mallory.id })
  }
  expect(await countNotified('outrun')).toBe(0)
  await vera.post(inbox, activity)
  expect(await countNotified('outrun')).toBe(1)
})

test('an Undo that was undone again by a replay of the Follow', async () => {
  const { server, mallory, us, inbox } = scene
  const follow = mallory.activity('Follow', us)
  const followers = async () => (await server.cli('followers')).join()
  await mallory.post(inbox, follow)
  await settle(server)
  expect(await followers()).toContain(mallory.id)
  await mallory.post(inbox, mallory.activity('Undo', follow))
  await mallory.post(inbox, follow)
  await settle(server)
  expect(await followers()).not.toContain(mallory.id)
})

test('a deleted note does not come back, by its Create or by an Update', async () => {
  const { server, mallory, us, inbox } = scene
  const create = mallory.create('buried', [us])
  const note = create['object'] as WithId
  await mallory.post(inbox, create)
  expect(await countNotified('buried')).toBe(1)
  await mallory.post(inbox, mallory.activity('Delete', { id: note.id, type: 'Tombstone' }))
  await mallory.post(inbox, create)
  await mallory.post(inbox, mallory.activity('Create', note))
  await mallory.post(
    inbox,
    mallory.activity('Update', { ...note, updated: '2099-01-01T00:00:00Z' }),
  )
  await mallory.post(inbox, mallory.activity('Announce', note.id, { to: [PUBLIC] }))
  expect(await countNotified('buried')).toBe(0)
  await expect(server.cli('show', note.id)).rejects.toThrow()
})

test('an old version does not take the place of a newer one', async () => {
  const { server, mallory, us, inbox } = scene
  const create = mallory.create('first', [us])
  const note = create['object'] as WithId
  const version = (content: string, updated: string) =>
    mallory.activity('Update', { ...note, content, updated })
  const second = version('second', '2026-01-02T00:00:00Z')
  await mallory.post(inbox, create)
  await mallory.post(inbox, version('third', '2026-01-03T00:00:00Z'))
  await mallory.post(inbox, second)
  await mallory.post(inbox, version('second', '2026-01-02T00:00:00Z'))
  await mallory.post(inbox, mallory.activity('Update', note))
  await settle(server)
  expect((await server.cli('show', note.id)).join()).toContain('third')
})

test('likes and boosts under many ids count once', async () => {
  const { server, mallory, inbox, ourPost } = scene
  for (let count = 0; count < 5; count += 1) {
    await mallory.post(inbox, mallory.activity('Like', ourPost))
    await mallory.post(inbox, mallory.activity('Announce', ourPost, { to: [PUBLIC] }))
  }
  await settle(server)
  const lines = await server.cli('show', 'notifications', '--limit', '1000')
  const hers = lines.filter((line) => line.includes('@mallory') && line.includes(ourPost))
  expect(hers.filter((line) => line.includes(' like '))).toHaveLength(1)
  expect(hers.filter((line) => line.includes(' announce '))).toHaveLength(1)
})
