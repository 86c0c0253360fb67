// Staying connected: backoff by cause, restarts, gaps, channels that cannot be joined again, many users at once.
import { type SettableClock, settableClock } from '@fuchsbau/shared/clock.ts'
import { afterEach, describe, expect, test } from 'vitest'
import type { IrcClient } from '../../test/support/irc-client.ts'
import { waitFor } from '../../test/support/wait-for.ts'
import { type Scene, type SceneOptions, startScene } from './bouncer.fixture.ts'

let scene: Scene
let clock: SettableClock
afterEach(() => scene[Symbol.asyncDispose]())

const isReady = () => scene.network.upstream?.isReady === true
const isState = (state: string) => () => scene.network.keeper.state === state
const until = (isSo: () => boolean, what: string) => waitFor(isSo, { what, everyMs: 5 })
const waitMs = () => (scene.network.keeper.nextAt ?? Number.NaN) - clock.now()

/** A scene whose time stands still, connected. */
async function begin(options: SceneOptions = {}) {
  clock = settableClock(1_700_000_000_000)
  scene = await startScene({ ...options, clock, isConnected: false })
  clock.advance(0)
  await until(isReady, 'the welcome')
}

/** Moves on to the next try. */
async function retry() {
  await until(isState('waiting'), 'the wait')
  clock.advance(Math.max(0, waitMs()))
}

async function joined(...channels: string[]) {
  for (const channel of channels) {
    scene.network.upstream?.send({
      tags: new Map(),
      source: undefined,
      command: 'JOIN',
      params: [channel],
    })
  }
  await until(
    () => channels.every((name) => scene.network.upstream?.channels.get(name)?.isReady),
    'the members',
  )
}

const notices = (client: IrcClient) =>
  client.lines.filter(({ command }) => command === 'NOTICE').map(({ params }) => params[1])

describe('a network that goes away', () => {
  test('is come back to, and its clients are told why and what is true again', async () => {
    await begin()
    await joined('#den')
    await using client = await scene.client()
    await client.sync()
    scene.server.kill('fox', 'begone')
    await client.expect(/NOTICE fox :Disconnected from den: .*begone/)
    await retry()
    await client.expect(/NOTICE fox :Connected to den again/)
    await client.expect('JOIN #den')
    const names = await client.expect('353 * * #den')
    expect(names.params[3]).toBe('@fox')
    await client.expect('366 * #den')
  })

  test('waits longer each time, up to a minute while the server is away, and says so once', async () => {
    await begin()
    await using client = await scene.client()
    await scene.server.stop()
    const waits: number[] = []
    for (let attempt = 0; attempt < 9; attempt++) {
      await until(isState('waiting'), 'the wait')
      waits.push(waitMs())
      await retry()
      await until(isState('waiting'), 'the next wait')
    }
    expect(waits[0]).toBeGreaterThanOrEqual(1_000)
    expect(waits[0]).toBeLessThanOrEqual(2_000)
    expect(waits.at(-1)).toBeGreaterThanOrEqual(30_000)
    expect(waits.at(-1)).toBeLessThanOrEqual(60_000)
    await client.sync()
    expect(notices(client).filter((text) => text?.includes('refuses connections'))).toHaveLength(1)
    await scene.server.start()
    await retry()
    await until(isReady, 'the welcome')
    expect(scene.network.keeper.lastError).toBeUndefined()
  })

  test('TCP that is cut silently is noticed by PING within 80 s', async () => {
    await begin()
    scene.server.freeze()
    const from = clock.now()
    for (; scene.network.keeper.state === 'connected'; await nextTurn()) clock.advance(10_000)
    expect(clock.now() - from).toBeLessThanOrEqual(80_000)
    expect(scene.network.keeper.lastError).toContain('silent')
    scene.server.thaw()
  })
})

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve))

describe('a network that does not want us', () => {
  test.each([
    ['a K-line', { ban: 'K-lined: spam' }, 300_000, 'K-lined'],
    ['a throttle', { refuse: 'Trying to reconnect too fast.' }, 30_000, 'too fast'],
    ['a wrong server password', { password: 'other' }, 5_000, 'Password'],
  ])('%s: it is left alone for long, and clients are told', async (_, change, leastMs, reason) => {
    await begin()
    await using client = await scene.client()
    Object.assign(scene.server.settings, change)
    scene.server.kill('fox', 'bye')
    await retry()
    await client.expect(new RegExp(`Cannot connect to den: .*${reason}`))
    await until(isState('waiting'), 'the wait')
    expect(waitMs()).toBeGreaterThanOrEqual(leastMs)
    expect(scene.network.keeper.lastError).toContain(reason)
  })

  test('465 behind the welcome is no reason of what happens hours later', async () => {
    await begin()
    await using client = await scene.client()
    scene.server.raw(':irc.fake.test 465 fox :You are going to be banned', 'fox')
    await client.expect('465')
    scene.server.cut()
    await until(isState('waiting'), 'the wait')
    expect(scene.network.keeper.lastError).not.toContain('banned')
    expect(waitMs()).toBeLessThan(30_000)
  })

  test('a change by the owner tries at once nevertheless', async () => {
    await begin({ server: {} })
    scene.server.settings.ban = 'K-lined'
    scene.server.kill('fox', 'bye')
    await retry()
    await until(isState('waiting'), 'the wait')
    scene.server.settings.ban = ''
    scene.network.keeper.restart('it was changed')
    clock.advance(0)
    await until(isReady, 'the welcome')
    expect(scene.network.keeper.state).toBe('connected')
  })
})

describe('the owner', () => {
  test('who changes a connected network has it connected anew at once', async () => {
    await begin()
    scene.network.record = { ...scene.network.record, nick: 'vixen' }
    scene.network.keeper.restart('it was changed')
    await scene.server.expectLine(/^QUIT :it was changed/)
    await until(() => scene.network.upstream === undefined, 'the end')
    clock.advance(0)
    await until(isReady, 'the welcome')
    expect(scene.network.upstream?.nick).toBe('vixen')
  })

  test('who stops it and starts it before the old connection has ended is connected', async () => {
    await begin()
    scene.network.keeper.stop('bye')
    scene.network.keeper.start()
    await until(() => scene.network.upstream === undefined, 'the end')
    clock.advance(0)
    await until(isReady, 'the welcome')
    expect(scene.network.keeper.state).toBe('connected')
  })

  test('who stops it has it stay away', async () => {
    await begin()
    scene.network.keeper.stop('bye')
    await until(() => scene.network.upstream === undefined, 'the end')
    clock.advance(3_600_000)
    expect(scene.network.keeper.state).toBe('disabled')
    expect(scene.server.accepted).toHaveLength(1)
  })
})

describe('channels', () => {
  test('with keys are joined again; one that is refused is told as left, kept, and tried again', async () => {
    await begin()
    await joined('#den', '#secret')
    scene.server.join('#secret', 'badger', { modes: 'o' })
    await using client = await scene.client()
    await client.sync()
    scene.server.mode('#secret', 'badger', '+i')
    scene.server.kill('fox', 'bye')
    await retry()
    await client.expect((line) => line.command === 'PART' && /\+i/.test(line.params[1] ?? ''))
    expect([...scene.network.channels.keys()].sort()).toEqual(['#den', '#secret'])
    scene.server.mode('#secret', 'badger', '-i')
    scene.server.kill('fox', 'bye')
    await retry()
    await client.expect('366 * #secret')
    expect(scene.network.upstream?.channels.has('#secret')).toBe(true)
  })

  test('the history has a gap in each channel, once', async () => {
    await begin()
    await joined('#den')
    scene.server.kill('fox', 'begone')
    await until(isState('waiting'), 'the wait')
    const lostAt = clock.now()
    await retry()
    await until(() => scene.network.upstream?.channels.get('#den')?.isReady === true, 'the members')
    const gaps = () => stored().filter(({ kind }) => kind === 'GAP')
    expect(gaps()).toMatchObject([{ target: '#den', time: lostAt }])
    expect(gaps()[0]?.text).toContain('begone')
    scene.network.upstream?.send({
      tags: new Map(),
      source: undefined,
      command: 'PART',
      params: ['#den'],
    })
    await joined('#den')
    expect(gaps()).toHaveLength(1)
  })

  test('also when the process itself was killed', async () => {
    await begin()
    await joined('#den')
    scene.server.join('#den', 'badger')
    scene.server.say('#den', 'badger', 'the last words')
    await scene.settled()
    // As after kill -9: nothing was noted at the end.
    const { properties } = scene.store
    const { id } = scene.network.record
    expect(properties.get(`connected-${id}`)).toBe('up')
    const close = scene.network.keeper
    close.stop = () => undefined
    clock.advance(0)
    const restarted = scene.restart()
    await until(
      () => scene.network.keeper !== close && scene.network.keeper.state === 'waiting',
      'the start',
    )
    clock.advance(0)
    await restarted
    await until(() => scene.network.upstream?.channels.get('#den')?.isReady === true, 'the members')
    const gap = stored().find(({ kind }) => kind === 'GAP')
    expect(gap?.text).toContain('killed')
  })
})

const stored = () => scene.store.messages.afterId(scene.network.record.id, 0, 500)

test('30 users are back after the server restarts, no more than 20 of them at once', async () => {
  await begin()
  for (let index = 0; index < 29; index++) await scene.addPerson(`user${index}`)
  const keepers = () =>
    [...scene.bouncer.users.values()].flatMap(({ networks }) =>
      [...networks.values()].map(({ keeper }) => keeper),
    )
  clock.advance(2_000)
  await until(() => keepers().every(({ state }) => state === 'connected'), 'all')
  await scene.server.stop()
  await until(() => keepers().every(({ state }) => state === 'waiting'), 'none')
  // Down for five minutes.
  for (let step = 0; step < 60; step++) {
    clock.advance(5_000)
    await until(() => keepers().every(({ state }) => state === 'waiting'), 'none')
  }
  await scene.server.start()
  const before = scene.server.accepted.length
  let atOnce = 0
  for (
    let passed = 0;
    passed < 60_000 && !keepers().some(({ state }) => state === 'connected');
    passed += 50
  ) {
    clock.advance(50)
    await nextTurn()
    await scene.bouncer.store.commitTurn()
    await until(() => keepers().every(({ state }) => state !== 'connecting'), 'the answers')
  }
  const from = clock.now()
  while (keepers().some(({ state }) => state !== 'connected')) {
    const connecting = keepers().filter(({ state }) => state !== 'waiting').length
    clock.advance(50)
    const begun = keepers().filter(({ state }) => state !== 'waiting').length - connecting
    atOnce = Math.max(atOnce, begun)
    await until(() => keepers().every(({ state }) => state !== 'connecting'), 'the answers')
  }
  expect(clock.now() - from).toBeLessThanOrEqual(10_000)
  expect(atOnce).toBeLessThanOrEqual(21)
  expect(scene.server.accepted.length - before).toBe(30)
})

describe('the store', () => {
  test('that takes nothing has the networks left, and come back to when it does', async () => {
    await begin()
    await using client = await scene.client()
    const { store, user } = scene
    let isBroken = true
    store.tryAgain = () => !isBroken
    user.suspend('the disk is full')
    // What Bouncer does when the store fails is begun by the store; here its poll is what matters.
    await scene.server.expectLine(/^QUIT :the disk is full/)
    await client.expect(/Disconnected from den: the disk is full/)
    await until(() => scene.network.upstream === undefined, 'the end')
    clock.advance(60_000)
    expect(scene.server.connections).toHaveLength(0)
    isBroken = false
    user.resume()
    clock.advance(0)
    await until(isReady, 'the welcome')
    expect(scene.network.keeper.state).toBe('connected')
  })
})

test('an exception in a handler does not end the process or the connection', async () => {
  await begin()
  await joined('#den')
  const { upstream } = scene.network
  const topic = upstream?.channels
  if (!upstream || !topic) throw new Error('not connected')
  const values = topic.values.bind(topic)
  topic.values = () => {
    throw new Error('a mistake of ours')
  }
  scene.server.join('#den', 'badger')
  scene.server.quit('badger', 'bye')
  await scene.settled()
  topic.values = values
  expect(scene.network.upstream).toBe(upstream)
})
