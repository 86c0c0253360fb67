// What is told of our polls, and when. https://docs.joinmastodon.org/spec/activitypub/#Question
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createMetrics } from '@fuchsbau/shared/metrics.ts'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { makeTempData, removeTempData } from '../../../test/support/temp-data.ts'
import { blockHosts } from '../activitypub/blocked-hosts.ts'
import { startDelivery } from '../activitypub/delivery.ts'
import { makePost, makeSigners } from '../activitypub/outbound.ts'
import { createTestRemote, startPeer } from '../activitypub/peer.fixture.ts'
import { makeAnswers } from '../answers.ts'
import { onlySent, type RemoteActor, Scene } from '../context.fixture.ts'
import type { Context } from '../context.ts'
import { notificationView } from '../show/notification.ts'
import { fsck } from '../store/fsck.ts'
import type { Delivery } from '../store/queue.ts'
import { openStore } from '../store/store.ts'
import type { User } from '../store/users.ts'
import { edit } from './edit.ts'
import { type Polls, startPolls, TELL_AFTER_MS } from './polls.ts'
import type { Draft } from './publish.ts'
import { remove } from './remove.ts'
import { vote } from './vote.ts'

const HOUR_MS = 3_600_000
const us = 'https://fuchs.example/you'

let scene: Scene
let you: User
let fan: RemoteActor
let vera: RemoteActor
let polls: Polls

beforeEach(async () => {
  scene = new Scene()
  you = await scene.user()
  fan = scene.actor('fan')
  vera = scene.actor('vera')
  await scene.followedBy(fan)
  polls = startPolls(scene.context)
})
afterEach(async () => {
  await polls.close()
  await scene.end()
})

async function ask(draft: Partial<Draft> = {}, lastsMs = HOUR_MS): Promise<string> {
  const poll = {
    options: ['Tea', 'Coffee'],
    isMultiple: false,
    endsAt: scene.clock.now() + 1 + lastsMs,
  }
  return (await scene.post({ text: 'Tea or coffee?', poll, ...draft })).id
}

/** A vote from another server, and that server's actor in the cache. */
async function votes(voter: RemoteActor, question: string, name: string) {
  await scene.context.actors.resolve(voter.id)
  const note = voter.note({ inReplyTo: question, name, content: undefined, to: [us], cc: [] })
  return scene.receive(voter.create(note))
}

async function pass(ms: number): Promise<void> {
  scene.clock.advance(ms)
  await polls.idle()
}

/** As after kill -9: what was only in memory is gone. */
async function restart(downMs = 0): Promise<void> {
  await polls.close()
  scene.clock.advance(downMs)
  polls = startPolls(scene.context)
  await pass(0)
}

const told = () =>
  scene.sent.map(({ activity }) => {
    const { oneOf, votersCount, closed } = activity.object as Record<string, unknown>
    const options = oneOf as { replies: { totalItems: number } }[]
    return [activity.type, options.map(({ replies }) => replies.totalItems), votersCount, closed]
  })

describe('votes', () => {
  test('are told once in three minutes, to followers, whom the poll names, and voters', async () => {
    const wanda = scene.actor('wanda')
    const question = await ask({ text: 'Tea or coffee, @wanda@wanda.example?' })
    expect(await votes(vera, question, 'Tea')).toBe('done')
    await pass(TELL_AFTER_MS - 1_000)
    await votes(fan, question, 'Coffee')
    expect(scene.sent).toEqual([])
    await pass(1_000)
    expect(told()).toEqual([['Update', [1, 1], 2, undefined]])
    const { activity, inboxes } = onlySent(scene)
    expect(activity).toMatchObject({ actor: us, object: { id: question, type: 'Question' } })
    expect(activity.object).not.toHaveProperty('updated')
    expect(inboxes).toEqual([
      'https://fan.example/inbox',
      'https://vera.example/inbox',
      wanda.inbox,
    ])
    await pass(10 * TELL_AFTER_MS)
    expect(scene.sent).toHaveLength(1)
    await votes(wanda, question, 'Tea')
    await pass(TELL_AFTER_MS)
    expect(told().at(-1)).toEqual(['Update', [2, 1], 3, undefined])
    expect(scene.sent[0]?.activity.id).not.toBe(scene.sent[1]?.activity.id)
  })

  test('that nobody was told of are told after a restart, not sooner and not twice', async () => {
    const question = await ask()
    await votes(vera, question, 'Tea')
    await restart(60_000)
    expect(scene.sent).toEqual([])
    await pass(TELL_AFTER_MS - 60_000)
    expect(told()).toEqual([['Update', [1, 0], 1, undefined]])
    await restart(TELL_AFTER_MS)
    await pass(TELL_AFTER_MS)
    expect(scene.sent).toHaveLength(1)
  })

  test('are told at once when the server was down for longer', async () => {
    const question = await ask()
    await votes(vera, question, 'Tea')
    await restart(TELL_AFTER_MS)
    expect(told()).toEqual([['Update', [1, 0], 1, undefined]])
  })

  test('of a poll for followers are told to no voter else', async () => {
    const question = await ask({ audience: 'followers' })
    await votes(vera, question, 'Tea')
    await pass(TELL_AFTER_MS)
    expect(onlySent(scene).inboxes).toEqual(['https://fan.example/inbox'])
  })

  test('are not told to whom we block', async () => {
    const question = await ask()
    await votes(vera, question, 'Tea')
    const { store } = scene.context
    const block = { actor: vera.id, activity: `${us}/p/1/Block`, state: 'accepted', at: 1 } as const
    await store.commit([store.relations.put('you', 'blocks', block)])
    await pass(TELL_AFTER_MS)
    expect(onlySent(scene).inboxes).toEqual(['https://fan.example/inbox'])
  })

  test('that an edit has told are not told again', async () => {
    const question = await ask()
    await votes(vera, question, 'Tea')
    await edit(scene.context, you, question, { text: 'Well?' })
    expect(told()).toEqual([['Update', [1, 0], 1, undefined]])
    await pass(TELL_AFTER_MS)
    expect(scene.sent).toHaveLength(1)
  })

  test('are told of no poll that was deleted', async () => {
    const question = await ask()
    await votes(vera, question, 'Tea')
    await remove(scene.context, 'you', question)
    await pass(2 * HOUR_MS)
    expect(onlySent(scene).activity.type).toBe('Delete')
  })
})

describe('the end of a poll', () => {
  test('is told once, with the result', async () => {
    const question = await ask()
    await pass(HOUR_MS - 60_000)
    await votes(vera, question, 'Tea')
    await pass(60_000)
    const closed = scene.object(question)?.document?.endTime
    expect(told()).toEqual([['Update', [1, 0], 1, closed]])
    expect(scene.object(question)?.document).toMatchObject({ closed, votersCount: 1 })
    await pass(HOUR_MS)
    await restart(HOUR_MS)
    expect(scene.sent).toHaveLength(1)
  })

  test('is told when the server was down at the time, once', async () => {
    const question = await ask()
    await polls.close()
    await votes(vera, question, 'Tea')
    await restart(48 * HOUR_MS)
    expect(told()).toEqual([['Update', [1, 0], 1, scene.object(question)?.document?.endTime]])
    await restart(HOUR_MS)
    expect(scene.sent).toHaveLength(1)
  })

  test('is when votes do not count any more', async () => {
    const question = await ask({}, HOUR_MS)
    scene.clock.set(Date.parse(String(scene.object(question)?.document?.endTime)) - 1)
    expect(await votes(vera, question, 'Tea')).toBe('ignored') // a ms passes
    await pass(0)
    expect(told()).toEqual([['Update', [0, 0], 0, scene.object(question)?.document?.endTime]])
    expect(await votes(vera, question, 'Tea')).toBe('ignored')
    await pass(HOUR_MS)
    expect(scene.sent).toHaveLength(1)
  })

  test('notifies the author and who voted here', async () => {
    await scene.user('neighbour')
    await scene.user('stranger')
    const question = await ask()
    await vote(scene.context, 'neighbour', question, ['Tea'])
    await pass(HOUR_MS)
    const end = `${question}/Update/end`
    expect(onlySent(scene).activity.id).toBe(end)
    expect(scene.notifications()[0]).toBe(end)
    expect(scene.notifications('neighbour')).toEqual([end])
    expect(scene.notifications('stranger')).toEqual([])
    expect(await fsck(scene.context.store)).toMatchObject({ isSound: true })
    const object = scene.object(end)
    expect(object && notificationView(scene.context, 'you', object, 0)).toMatchObject({
      kind: 'poll',
      isNew: true,
      post: { id: question, poll: { isClosed: true, voters: 1 } },
    })
  })

  test('makes the ready answers of the post anew', async () => {
    const question = await ask()
    const answers = makeAnswers(scene.context)
    const served = () =>
      answers.json('post', () => answers.postOf(question), [`object ${question}`])?.bytes.toString()
    expect(served()).not.toContain('"closed"')
    await pass(HOUR_MS)
    expect(served()).toContain('"closed"')
  })

  test('is kept by an edit; one before the end is told does not hide it', async () => {
    const early = await ask()
    await polls.close()
    scene.clock.advance(HOUR_MS)
    await edit(scene.context, you, early, { text: 'Too late?' })
    await restart()
    expect(scene.notifications()[0]).toBe(`${early}/Update/end`)
    await edit(scene.context, you, early, { text: 'Thanks!' })
    expect(scene.object(early)?.document).toHaveProperty('closed')
    await restart(HOUR_MS)
    expect(scene.sent.map(({ activity }) => activity.type)).toHaveLength(3)
  })
})

test('a copy of the tree without indexes, repaired, knows what is owed', async () => {
  const question = await ask()
  await votes(vera, question, 'Tea')
  const copy = makeTempData('polls')
  cpSync(scene.context.store.directory, copy, { recursive: true })
  rmSync(join(copy, 'index'), { recursive: true })
  expect(await fsck(copy, { repair: true, clock: scene.clock })).toMatchObject({ isSound: true })
  const store = openStore({ directory: copy, clock: scene.clock })
  const woken: Delivery[] = []
  const context: Context = { ...scene.context, store, wake: (more) => woken.push(...more) }
  const others = startPolls(context)
  scene.clock.advance(TELL_AFTER_MS)
  await others.idle()
  expect(woken.map(({ inbox }) => inbox).sort()).toEqual([
    'https://fan.example/inbox',
    'https://vera.example/inbox',
  ])
  await others.close()
  await store.close()
  removeTempData(copy)
})

test('another server gets the new counts and the result', async () => {
  const { context, clock } = scene
  const peer = await startPeer((_, response) => response.writeHead(202).end())
  const remote = createTestRemote({}, clock)
  const inbox = `${peer.origin}/inbox`
  await scene.followedBy(scene.actor('pia', { inbox, endpoints: {} }, 'pia.example'))
  const post = makePost(remote, makeSigners(context.store, context.urls), blockHosts([]))
  const delivery = startDelivery({
    store: context.store,
    clock,
    log: context.log,
    metrics: createMetrics(),
    random: () => 0,
    post: async (...attempt) =>
      attempt[0].inbox === inbox ? post(...attempt) : { kind: 'delivered' },
    onGone: () => [],
  })
  const question = await ask()
  await polls.close()
  polls = startPolls({ ...context, wake: (more) => delivery.wake(more) })
  await votes(vera, question, 'Tea')
  const updates = () =>
    peer.requests
      .map(({ body }) => JSON.parse(String(body)))
      .filter(({ type }) => type === 'Update')
  await pass(TELL_AFTER_MS)
  await expect.poll(updates).toMatchObject([{ object: { id: question, votersCount: 1 } }])
  await pass(HOUR_MS)
  const closed = scene.object(question)?.document?.endTime
  await expect
    .poll(updates)
    .toMatchObject([{}, { id: `${question}/Update/end`, object: { closed } }])
  const closing = delivery.close(0)
  clock.advance(0)
  await closing
  await remote.close()
  await peer.close()
})
