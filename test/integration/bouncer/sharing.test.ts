// Many clients of one person on one network: each gets everything once, in order, wherever it was; and what the one does, the
// others see.
import { settableClock } from '@fuchsbau/shared/clock.ts'
import { expect, test } from 'vitest'
import { type Scene, startScene } from '../../../services/bouncer/bouncer.fixture.ts'
import { startAutoDetach } from '../../../services/bouncer/downstream/auto-detach.ts'
import { connect, type IrcClient } from '../../support/irc-client.ts'
import type { IrcLine } from '../../support/irc-line.ts'

const isSaid = ({ command }: IrcLine) => command === 'PRIVMSG'
const texts = (lines: readonly IrcLine[]) =>
  lines.filter(isSaid).map(({ params }) => params[1] ?? '')

/** Everything that a client was told, up to now. */
async function heard(client: IrcClient): Promise<string[]> {
  await client.sync()
  return texts(client.lines)
}

async function den(): Promise<Scene> {
  const scene = await startScene({ channels: ['#den'] })
  scene.server.join('#den', 'badger')
  return scene
}

test('a client that was cut without QUIT gets what it missed, once; another one has its own place', async () => {
  await using scene = await den()
  const { server } = scene
  await using phone = await scene.client('phone', ['server-time'])
  const desk = await scene.client('desk', ['server-time'])
  for (let n = 0; n < 10; n++) server.say('#den', 'badger', `both ${n}`)
  await desk.expect((line) => line.params[1] === 'both 9')
  await scene.settled()
  expect(await heard(desk)).toHaveLength(10)
  desk.cut()
  await desk.closed
  for (let n = 0; n < 500; n++) server.say('#den', 'badger', `missed ${n}`)
  server.say('fox', 'badger', 'in private')
  await scene.settled()
  await using again = await scene.client('desk', ['server-time'])
  const missed = Array.from({ length: 500 }, (_, n) => `missed ${n}`)
  expect(await heard(again)).toEqual([...missed, 'in private'])
  expect(await heard(phone)).toHaveLength(511)
  expect(again.lines.filter(isSaid).every(({ tags }) => 'time' in tags)).toBe(true)
})

test('without server-time the time stands in the text, in an ACTION too', async () => {
  await using scene = await den()
  const client = await scene.client('old')
  await client.close()
  scene.server.say('#den', 'badger', 'hello')
  scene.server.say('#den', 'badger', '\x01ACTION waves\x01')
  await scene.settled()
  await using again = await scene.client('old')
  expect(await heard(again)).toEqual([
    expect.stringMatching(/^\[\d\d:\d\d:\d\d\] hello$/),
    expect.stringMatching(/^.ACTION \[\d\d:\d\d:\d\d\] waves.$/),
  ])
})

test('after a restart of the bouncer each client goes on where it was', async () => {
  await using scene = await den()
  const { server } = scene
  const desk = await scene.client('desk')
  server.say('#den', 'badger', 'before')
  await desk.expect('PRIVMSG #den before')
  await desk.sync()
  server.say('#den', 'badger', 'last')
  await desk.expect('PRIVMSG #den last')
  await desk.close()
  await scene.restart()
  server.say('#den', 'badger', 'after')
  await using again = await scene.client('desk', ['server-time'])
  const lines = (await heard(again)).filter((text) => text !== 'after')
  expect(lines).toEqual([])
})

test('of clients that share a name, one that was cut misses nothing because another has it', async () => {
  await using scene = await den()
  const { server } = scene
  await using desk = await scene.client('', ['server-time'])
  const phone = await scene.client('', ['server-time'])
  server.say('#den', 'badger', 'both')
  await phone.expect('PRIVMSG #den both')
  await desk.expect('PRIVMSG #den both')
  await phone.sync()
  phone.pause()
  await scene.settled()
  server.say('#den', 'badger', 'in flight')
  await desk.expect('PRIVMSG #den *', { since: desk.lines.length })
  await desk.sync()
  phone.cut()
  await phone.closed
  server.say('#den', 'badger', 'later')
  await scene.settled()
  await using again = await scene.client('', ['server-time'])
  expect(await heard(again)).toEqual(expect.arrayContaining(['in flight', 'later']))
})

test('a client that answers no PING is believed when it goes on talking', async () => {
  const clock = settableClock(Date.now())
  await using scene = await startScene({ clock, isConnected: false })
  for (; !scene.network.upstream?.isReady; await turn()) clock.advance(500)
  const { server, store, network } = scene
  const mute = await scene.client('mute', ['server-time'], { answersPing: false })
  server.say('fox', 'badger', 'hello')
  await mute.expect('PRIVMSG fox hello')
  await mute.sync()
  const newest = store.messages.lastId(network.record.id)
  expect(store.receipts.get(network.record.id, 'mute')).toBeLessThan(newest)
  clock.advance(40_000)
  await mute.sync()
  expect(store.receipts.get(network.record.id, 'mute')).toBe(newest)
})

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

test.each([
  ['by playback', ['server-time']],
  ['with chathistory', ['server-time', 'batch', 'message-tags', 'draft/chathistory']],
])(
  'a stalled client (%s) does not hold up another one, and gets everything once when it reads again',
  async (_, caps) => {
    await using scene = await den()
    await using stalled = await scene.client('stalled', caps)
    await using healthy = await scene.client('healthy', ['server-time'])
    await stalled.sync()
    await healthy.sync()
    stalled.pause()
    const count = 15_000
    const before = performance.now()
    await scene.server.flood(count, { target: '#den', nick: 'badger' })
    await healthy.expect('PRIVMSG #den *', { since: 0 })
    await healthy.expect((line) => line.params[1] === `line ${count - 1}`, { timeoutMs: 20_000 })
    const times = healthy.lines.filter(isSaid).map(({ at }) => at)
    const gaps = times.map((at, index) => at - (times[index - 1] ?? before))
    expect(Math.max(...gaps.slice(1))).toBeLessThan(1_000)
    const [slow] = [...scene.network.downstreams].filter(
      ({ clientName }) => clientName === 'stalled',
    )
    expect(slow?.waiting).toBeLessThan(2 * 1024 * 1024)
    stalled.resume()
    await stalled.sync({ timeoutMs: 20_000 })
    expect(texts(stalled.lines)).toEqual(texts(healthy.lines))
  },
)

test('joins, parts, nicks, topics and modes are the same in all clients, each told once', async () => {
  await using scene = await startScene()
  const { server } = scene
  await using desk = await scene.client('desk')
  await using phone = await scene.client('phone', ['extended-join', 'multi-prefix'])
  desk.send('JOIN #den')
  await phone.expect('366')
  server.join('#den', 'badger')
  desk.send('TOPIC #den :cosy', 'MODE #den +m', 'NICK vixen')
  await phone.expect('NICK vixen')
  phone.send('PART #den :bye')
  await desk.expect('PART #den bye')
  await phone.expect('PART #den bye')
  for (const client of [desk, phone]) {
    await client.sync()
    const seen = client.lines
      .filter(({ command }) => ['JOIN', 'TOPIC', 'MODE', 'NICK', 'PART'].includes(command))
      .map(({ command, params }) => `${command} ${params[0]}`)
    expect(seen).toEqual([
      'JOIN #den',
      'JOIN #den',
      'TOPIC #den',
      'MODE #den',
      'NICK vixen',
      'PART #den',
    ])
  }
  const joins = phone.lines
    .filter(({ command }) => command === 'JOIN')
    .map(({ params }) => params.length)
  expect(joins).toEqual([3, 3])
})

test('own lines are shown to the other clients, and to the one that said it only if it wants its echo', async () => {
  for (const caps of [{}, { 'echo-message': '', 'message-tags': '' }, undefined]) {
    await using scene = await startScene({ channels: ['#den'], ...(caps && { server: { caps } }) })
    scene.server.user('badger')
    await using desk = await scene.client('desk')
    await using echo = await scene.client('echo', ['echo-message', 'labeled-response', 'batch'])
    await using znc = await scene.client('znc', ['znc.in/self-message'])
    desk.send('PRIVMSG #den :from desk', 'PRIVMSG badger :privately')
    await echo.expect('PRIVMSG badger privately')
    await znc.expect('PRIVMSG badger privately')
    echo.send('@label=x1 PRIVMSG #den :from echo')
    const own = await echo.expect('PRIVMSG #den *')
    expect(own.tags['label']).toBe('x1')
    await desk.expect('PRIVMSG #den *')
    await scene.settled()
    expect(await heard(desk)).toEqual(['from echo'])
    expect(await heard(echo)).toEqual(['from desk', 'privately', 'from echo'])
    expect(await heard(znc)).toEqual(['from desk', 'privately', 'from echo'])
    expect(echo.lines.filter(({ command }) => command === 'ACK')).toEqual([])
  }
})

test('what the network answers goes to the client that asked', async () => {
  for (const caps of [{}, undefined]) {
    await using scene = await startScene({ ...(caps && { server: { caps } }) })
    scene.server.user('badger')
    await using desk = await scene.client('desk', ['labeled-response', 'batch'])
    await using phone = await scene.client('phone')
    desk.send('@label=w WHOIS badger', 'PING after')
    phone.send('WHO badger')
    await desk.expect('PONG * after')
    const numerics = desk.lines.map(({ command }) => command)
    expect(numerics).toContain('318')
    expect(
      desk.lines.find(
        ({ command, params }) => command === 'BATCH' && params[1] === 'labeled-response',
      )?.tags['label'],
    ).toBe('w')
    await phone.expect('315')
    await phone.sync()
    expect(phone.lines.some(({ command }) => ['311', '318'].includes(command))).toBe(false)
    expect(desk.lines.some(({ command }) => ['352', '315'].includes(command))).toBe(false)
  }
})

test('away is set when the last client leaves, lifted at the first, and is what all of them say', async () => {
  await using scene = await startScene()
  const { server } = scene
  const away = () =>
    server.received.filter(({ command }) => command === 'AWAY').map(({ params }) => params[0] ?? '')
  const desk = await scene.client('desk')
  await server.expectLine((line) => line.command === 'AWAY' && line.params.length === 0)
  await using phone = await scene.client('phone')
  desk.send('AWAY :lunch')
  await desk.expect('306')
  await desk.sync()
  expect(away().slice(-1)).toEqual([''])
  phone.send('AWAY :asleep')
  await server.expectLine('AWAY asleep')
  phone.send('AWAY')
  await server.expectLine((line) => line.command === 'AWAY' && line.params.length === 0)
  await desk.close()
  await phone.sync()
  expect(phone.lines.filter(({ command }) => command === '305' || command === '306')).toHaveLength(
    2,
  )
  await using ghost = await scene.client('ghost', ['draft/pre-away'])
  ghost.send('AWAY *')
  await ghost.expect('306')
  await phone.close()
  await expect(
    server.expectLine(
      (line) => line.params[0]?.startsWith('Away') === true && line.tags['label'] !== 'f1',
    ),
  ).resolves.toMatchObject({ params: ['Away: no client is connected'] })
})

test('a client that says before its welcome that it comes without her lifts nothing', async () => {
  await using scene = await startScene()
  const { server, port } = scene
  await server.expectLine('AWAY *')
  await using client = await connect({ port })
  const login = { nick: 'fox', pass: 'you/den@sync:secret', caps: ['draft/pre-away'] }
  await client.register({ ...login, beforeEnd: ['AWAY *'] })
  await client.sync()
  await scene.settled()
  expect(server.received.filter(({ command }) => command === 'AWAY')).toHaveLength(1)
  await using desk = await scene.client('desk')
  await desk.sync()
  await server.expectLine(({ command, params }) => command === 'AWAY' && params.length === 0)
})

test('a detached channel is silent, relays what names the person, and brings what was missed when it is attached', async () => {
  await using scene = await den()
  const { server } = scene
  await using desk = await scene.client('desk', ['server-time'])
  await desk.sync()
  desk.send('PART #den detach')
  await desk.expect('PART #den Detached')
  server.say('#den', 'badger', 'quietly')
  server.say('#den', 'badger', 'fox: look')
  await desk.expect((line) => line.command === 'NOTICE' && /#den <badger> fox: look/.test(line.raw))
  expect(await heard(desk)).toEqual([])
  expect(server.members('#den')).toContain('fox')
  desk.send('JOIN #den')
  await desk.expect('366')
  expect(await heard(desk)).toEqual(['quietly', 'fox: look'])
  const newest = scene.store.messages.lastId(scene.network.record.id)
  await desk.expect(`PING fuchsbau-seen-${newest}`, { since: 0 })
  await desk.sync()
  desk.cut()
  await desk.closed
  await using again = await scene.client('desk', ['server-time'])
  expect(await heard(again)).toEqual([])
})

test('a channel is detached when nothing was said in it for so long as its owner wants', async () => {
  const clock = settableClock(Date.now())
  await using scene = await startScene({ clock, isConnected: false })
  const { network, server } = scene
  for (; !network.upstream?.isReady; await turn()) clock.advance(500)
  await using desk = await scene.client('desk')
  desk.send('JOIN #den')
  await desk.expect('366')
  const channel = network.channels.get('#den')
  if (channel) network.putChannel({ ...channel, detachAfterMs: 120_000 })
  const stop = startAutoDetach(scene.bouncer)
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 10_000) {
      clock.advance(10_000)
      await desk.sync()
      await scene.settled()
    }
  }
  await pass(100_000)
  server.join('#den', 'badger')
  server.say('#den', 'badger', 'still here')
  await pass(100_000)
  expect(network.isDetached('#den')).toBe(false)
  await pass(70_000)
  expect(network.isDetached('#den')).toBe(true)
  stop()
  await desk.expect('PART #den Detached', { since: 0 })
})

test('when the network is lost and comes back, clients are told the truth: nick, channels, and those that are closed now', async () => {
  await using scene = await startScene({ channels: ['#den', '#full'] })
  const { server } = scene
  server.join('#full', 'mole')
  server.join('#den', 'badger')
  await using desk = await scene.client('desk')
  await desk.sync()
  server.settings.takenNicks = ['fox']
  server.cut()
  await desk.expect((line) => line.command === 'NOTICE' && /Disconnected from den/.test(line.raw))
  server.mode('#full', 'mole', '+k', 'secret')
  server.topic('#den', 'badger', 'new topic')
  await desk.expect((line) => line.command === 'NICK' && line.nick === 'fox', { timeoutMs: 15_000 })
  await desk.expect('JOIN #den', { since: 0 })
  await desk.expect('332 * #den *', { timeoutMs: 15_000 })
  await expect(desk.expect('PART #full *', { since: 0 })).resolves.toBeDefined()
})

test('CAP NEW and DEL follow what the network can', async () => {
  await using scene = await startScene()
  await using client = await scene.client('phone', ['cap-notify', 'away-notify'])
  await using old = await scene.client('old')
  scene.server.removeCap('away-notify')
  await client.expect('CAP * DEL away-notify')
  scene.server.addCap('away-notify')
  await client.expect('CAP * NEW away-notify')
  expect((await old.sync()).filter(({ command }) => command === 'CAP')).toEqual([])
})
