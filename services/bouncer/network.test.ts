// What the clients of one network hear of it: detached channels that come back, texts to themselves and to operators, and
// the tokens of 005.
import { expect, test } from 'vitest'
import { modernCaps } from '../../test/support/fake-irc/world.ts'
import type { IrcClient } from '../../test/support/irc-client.ts'
import type { IrcLine } from '../../test/support/irc-line.ts'
import { type Scene, startScene } from './bouncer.fixture.ts'

const MODERN = ['batch', 'echo-message', 'labeled-response', 'message-tags', 'server-time']
const HISTORY = [...MODERN, 'draft/chathistory']
const MULTILINE = { ...modernCaps, 'draft/multiline': 'max-bytes=4096,max-lines=24' }

/** What was said to a client, behind what it had read. */
async function said(client: IrcClient): Promise<string[]> {
  const lines = await client.sync()
  return lines.filter(({ command }) => command === 'PRIVMSG').map(({ params }) => params.join(' '))
}

function detach({ network }: Scene, reattachOn: 'message' | 'highlight'): void {
  const channel = network.channels.get('#den')
  if (channel) network.putChannel({ ...channel, reattachOn })
  network.detach('#den')
}

test('the word that brings a detached channel back is heard once by every client', async () => {
  await using scene = await startScene({ channels: ['#den'] })
  const { server } = scene
  await using modern = await scene.client('modern', HISTORY)
  await using old = await scene.client('old', ['server-time'])
  detach(scene, 'highlight')
  server.say('#den', 'badger', 'nothing')
  server.say('#den', 'badger', 'foxes like you, fox')
  await modern.expect('JOIN #den', { since: modern.lines.length })
  await scene.settled()
  // The one fetches what was before; the other can't.
  expect(await said(modern)).toEqual(['#den foxes like you, fox'])
  expect(await said(old)).toEqual(['#den nothing', '#den foxes like you, fox'])
})

test('of a detached channel nothing is told that passes through, nor what she says there herself', async () => {
  await using scene = await startScene({ channels: ['#den'] })
  const { server, network } = scene
  await using desk = await scene.client('desk', HISTORY)
  detach(scene, 'message')
  await desk.expect('PART #den')
  server.tagmsg('#den', 'badger', { '+typing': 'active' })
  server.notice('@#den', 'badger', '\x01PING 1\x01')
  desk.send('@label=a PRIVMSG #den :fox is here')
  await desk.expect('ACK')
  await scene.settled()
  expect(network.isDetached('#den')).toBe(true)
  const told = (await desk.sync()).filter(({ params }) => /#den|fox is here/.test(params.join(' ')))
  expect(told).toEqual([])
})

test('a text of several lines that names her brings a detached channel back', async () => {
  await using scene = await startScene({ channels: ['#den'], server: { caps: MULTILINE } })
  const { server } = scene
  await using modern = await scene.client('modern', HISTORY)
  await using old = await scene.client('old', ['server-time'])
  detach(scene, 'highlight')
  server.raw(':badger!b@h BATCH +text draft/multiline #den')
  server.raw('@batch=text :badger!b@h PRIVMSG #den :one')
  server.raw('@batch=text :badger!b@h PRIVMSG #den :two, fox')
  server.raw('BATCH -text')
  await scene.settled()
  expect(await said(modern)).toEqual(['#den one', '#den two, fox'])
  expect(await said(old)).toEqual(['#den one', '#den two, fox'])
})

test('her answer stands behind what it answers, also where the clock of the network is wrong', async () => {
  const { 'echo-message': _, ...caps } = modernCaps
  await using scene = await startScene({ channels: ['#den'], server: { caps } })
  await using desk = await scene.client('desk', HISTORY)
  const time = new Date(scene.clock.now() + 30_000).toISOString()
  scene.server.raw(`@time=${time} :badger!b@h PRIVMSG #den :are you there?`)
  await desk.expect('PRIVMSG #den')
  desk.send('PRIVMSG #den yes')
  await desk.expect('PRIVMSG #den yes')
  desk.send('CHATHISTORY LATEST #den * 2')
  expect(await said(desk)).toEqual(['#den are you there?', '#den yes'])
})

test('what she says to herself reaches every client once, and twice those that want echoes', async () => {
  await using scene = await startScene({ channels: ['#den'] })
  await using modern = await scene.client('modern', MODERN)
  await using old = await scene.client('old', ['server-time'])
  await using irssi = await scene.client('irssi', ['server-time', 'znc.in/self-message'])
  old.send('PRIVMSG fox :mind the den')
  await old.expect('PRIVMSG fox')
  await scene.settled()
  await old.sync()
  expect(await said(modern)).toEqual(['fox mind the den', 'fox mind the den'])
  expect(await said(irssi)).toEqual(['fox mind the den'])
  expect(old.lines.filter(({ command }) => command === 'PRIVMSG')).toHaveLength(1)
})

test('what she says to the operators of a channel is heard by her other clients, as all in the channel', async () => {
  await using scene = await startScene({ channels: ['#den'] })
  await using desk = await scene.client('desk', ['server-time'])
  await using old = await scene.client('old', ['server-time'])
  desk.send('PRIVMSG @#den :to the operators')
  await scene.server.expectLine('PRIVMSG @#den')
  await scene.settled()
  expect(await said(old)).toEqual(['@#den to the operators'])
  expect(await said(desk)).toEqual([])
})

test('a text of several lines is not echoed to a client that wants no echo', async () => {
  await using scene = await startScene({ channels: ['#den'], server: { caps: MULTILINE } })
  const { server } = scene
  await using desk = await scene.client('desk', ['batch', 'message-tags'])
  desk.send('CAP REQ draft/multiline')
  await desk.expect('CAP * ACK')
  server.on('BATCH', (_, connection) => {
    connection.tell(':fox!fox@h BATCH +text draft/multiline #den')
    return true
  })
  desk.send('BATCH +1 draft/multiline #den', '@batch=1 PRIVMSG #den one')
  desk.send('@batch=1 PRIVMSG #den two', 'BATCH -1')
  await server.expectLine(({ params }) => params[0]?.startsWith('+') === true)
  server.raw('@batch=text :fox!fox@h PRIVMSG #den :one')
  server.raw('@batch=text :fox!fox@h PRIVMSG #den :two')
  server.raw('BATCH -text')
  await scene.settled()
  expect(await said(desk)).toEqual([])
})

test('how large a network is, which it tells at each connection, is told to who asks alone', async () => {
  await using scene = await startScene({ channels: ['#den'] })
  await using desk = await scene.client('desk')
  await using phone = await scene.client('phone')
  scene.server.cut()
  await desk.expect('JOIN #den')
  await desk.expect('JOIN #den', { timeoutMs: 15_000 })
  desk.send('LUSERS')
  await desk.expect('250')
  const isOfSize = ({ command }: IrcLine) => /^25\d$/.test(command)
  expect(desk.lines.filter(isOfSize).map(({ command }) => command)).toEqual(['251', '255', '250'])
  expect((await phone.sync()).filter(isOfSize)).toEqual([])
})

const tokens = (lines: readonly IrcLine[]) =>
  lines.filter(({ command }) => command === '005').flatMap(({ params }) => params.slice(1, -1))

test('tokens of 005 are told in our words, when they change, once', async () => {
  await using scene = await startScene({ channels: ['#den'] })
  await using desk = await scene.client('desk')
  await using phone = await scene.client('phone')
  await desk.sync()
  await phone.sync()
  scene.server.on('VERSION', (_, connection) => {
    connection.numeric('351', 'fake-1', 'irc.fake.test', '')
    connection.numeric('005', 'NETWORK=FakeNet', 'CHATHISTORY=5', 'TOPICLEN=390', 'are supported')
    return true
  })
  desk.send('VERSION')
  await desk.expect('351')
  await scene.settled()
  expect(tokens(await desk.sync())).toEqual([])
  expect(tokens(await phone.sync())).toEqual([])
  scene.server.isupport('TOPICLEN', '111')
  await scene.settled()
  expect(tokens(await phone.sync())).toEqual(['TOPICLEN=111'])
})

test('that a network has a history of its own is not told: clients ask ours', async () => {
  const isupport = { CHATHISTORY: '5', 'draft/CHATHISTORY': '5' }
  await using scene = await startScene({ server: { isupport } })
  await using desk = await scene.client('desk')
  const told = tokens(desk.lines)
  expect(told).toContain('CHATHISTORY=1000')
  expect(told.filter((token) => token.startsWith('draft/'))).toEqual([])
})

test('how the network greets us, and that it saw us go, is between it and us', async () => {
  await using scene = await startScene({ channels: ['#den'] })
  const { server, network } = scene
  await using desk = await scene.client('desk')
  // Ergo tells who is killed of her own QUIT.
  server.raw(':fox!fox@host QUIT :Killed by badger: begone', 'fox')
  await scene.settled()
  server.on('USER', (_, connection) => {
    connection.numeric('251', 'There are 2 users')
    return false
  })
  server.kill('fox', 'begone')
  await desk.expect(/NOTICE fox :Disconnected from den: .*begone/)
  network.keeper.start()
  await desk.expect(/NOTICE fox :Connected to den again/)
  await desk.expect('366 * #den')
  await desk.sync()
  expect(desk.lines.filter(({ command }) => /^(?:QUIT|25\d|26[56])$/.test(command))).toEqual([])
})

test('a network that folds names otherwise than before keeps their history and markers', async () => {
  await using scene = await startScene()
  const { server, store, network } = scene
  await using desk = await scene.client('desk', [...HISTORY, 'draft/read-marker'])
  server.say('fox', 'kit[m]', 'of old')
  const { tags } = await desk.expect('PRIVMSG fox')
  desk.send(`MARKREAD kit[m] timestamp=${tags['time']}`)
  const marker = await desk.expect('MARKREAD')
  server.isupport('CASEMAPPING', 'ascii')
  await scene.settled()
  expect(store.networks.list(network.record.userId)[0]?.casemapping).toBe('ascii')
  await desk.sync()
  desk.send('MARKREAD kit[m]', 'CHATHISTORY LATEST kit[m] * 10')
  expect(await said(desk)).toEqual(['fox of old'])
  expect(desk.lines.findLast(({ command }) => command === 'MARKREAD')?.params).toEqual(
    marker.params,
  )
  // And back again: what is new is not mixed with what was there.
  server.say('fox', 'kit[m]', 'new')
  server.isupport('CASEMAPPING', 'rfc1459')
  await scene.settled()
  await desk.sync()
  desk.send('CHATHISTORY LATEST KIT{m} * 10')
  expect(await said(desk)).toEqual(['fox of old', 'fox new'])
})
