// BouncerServ and *status as clients have them: on a network, on none, and while the network is away.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Scene, startScene } from '../../../services/bouncer/bouncer.fixture.ts'
import type { IrcClient } from '../../support/irc-client.ts'

let scene: Scene
beforeAll(async () => {
  scene = await startScene({ channels: ['#den'] })
  await scene.addPerson('vera')
})
afterAll(() => scene[Symbol.asyncDispose]())

/** A client that has been shown where it is. */
async function settled(name: string, caps?: readonly string[]): Promise<IrcClient> {
  const client = await scene.client(name, caps)
  await client.sync()
  return client
}

/** What a service answers. */
async function ask(client: IrcClient, text: string, service = 'BouncerServ'): Promise<string[]> {
  client.send(`PRIVMSG ${service} :${text}`)
  const lines = await client.sync()
  return lines
    .filter(({ command, nick }) => command === 'PRIVMSG' && nick === service)
    .map(({ params }) => params[1] ?? '')
}

test('answers come from BouncerServ to the client that asked, and nothing is stored or sent on', async () => {
  await using desk = await settled('desk')
  await using phone = await settled('phone')
  const before = scene.store.sizes().messages
  const heard = scene.server.received.length
  desk.send('PRIVMSG bouncerserv :help network create')
  const line = await desk.expect('PRIVMSG')
  expect(line.raw).toBe(
    ':BouncerServ!BouncerServ@fuchsbau PRIVMSG fox :network create -addr ADDRESS [flags]',
  )
  expect(await phone.sync()).toEqual([])
  await scene.settled()
  const sent = scene.server.received.slice(heard).map(({ command }) => command)
  expect(sent).not.toContain('PRIVMSG')
  expect(scene.store.sizes().messages).toBe(before)
})

test('clients without a network, and on one that is away, have it too', async () => {
  await using loose = await scene.client('', undefined, { network: '' })
  expect(await ask(loose, 'network status')).toEqual([expect.stringMatching(/^den \[connected\]/)])
  await using desk = await settled('desk')
  expect(await ask(desk, 'network disconnect')).toEqual(['den is disconnected.'])
  expect(await ask(desk, 'network status')).toEqual([expect.stringMatching(/^den \[disabled\]/)])
  expect(await ask(desk, 'network connect')).toEqual(['den is being connected.'])
  await desk.expect('JOIN #den')
})

test('a command that takes time is answered before the PONG of a later PING, and in its turn', async () => {
  await using desk = await settled('desk')
  desk.send(
    'PRIVMSG BouncerServ :app-password create one',
    'PRIVMSG BouncerServ :app-password list',
  )
  const lines = (await desk.sync()).map(({ params }) => params[1])
  expect(lines).toEqual([
    expect.stringMatching(/^App password for one/),
    expect.stringMatching(/^\d+: one, made/),
  ])
})

test('many commands that take time are refused rather than kept', async () => {
  await using desk = await settled('desk')
  for (let count = 0; count < 30; count++) desk.send('PRIVMSG BouncerServ :app-password create x')
  const answers = (await desk.sync({ timeoutMs: 30_000 })).map(({ params }) => params[1] ?? '')
  expect(answers.filter((text) => text.startsWith('Too many commands'))).toHaveLength(20)
  expect(answers.filter((text) => text.startsWith('App password'))).toHaveLength(10)
})

test('an echo and labels are given to clients that want them', async () => {
  await using desk = await settled('desk', [
    ...['batch', 'echo-message', 'labeled-response', 'message-tags'],
  ])
  desk.send(
    '@label=a PRIVMSG BouncerServ :certfp fingerprint',
    '@label=b NOTICE BouncerServ :thanks',
    '@label=c;+typing=active TAGMSG BouncerServ',
  )
  const lines = await desk.sync()
  expect(lines.map(({ command, tags }) => [command, tags.label])).toEqual([
    ['BATCH', 'a'],
    ['PRIVMSG', undefined],
    ['PRIVMSG', undefined],
    ['BATCH', undefined],
    ['NOTICE', 'b'],
    ['TAGMSG', 'c'],
  ])
})

test('notices and CTCP are not answered', async () => {
  await using desk = await settled('desk')
  desk.send('NOTICE BouncerServ :help', 'PRIVMSG BouncerServ :\x01VERSION\x01')
  expect(await desk.sync()).toEqual([])
})

test('a password that is said to a module of ZNC never goes to the network, and the answer says where it belongs', async () => {
  await using desk = await settled('desk')
  await scene.settled()
  const heard = scene.server.received.length
  expect(await ask(desk, 'set fox swordfish', '*sasl')).toEqual([
    expect.stringMatching(/^There is no module \*sasl .*nothing was sent.*sasl set-plain/),
  ])
  expect(await ask(desk, 'swordfish', '*nonesuch')).toEqual([expect.stringContaining('help')])
  desk.send('ZNC *NickServ set swordfish', 'ZNC version', 'NOTICE *perform :swordfish')
  const lines = await desk.sync()
  expect(lines.map(({ nick, params }) => [nick, params[1]])).toEqual([
    ['*NickServ', expect.stringContaining('-nickserv PASSWORD')],
    ['*status', expect.stringMatching(/^Fuchsbau /)],
  ])
  await scene.settled()
  const sent = scene.server.received.slice(heard).map(({ command }) => command)
  expect(sent.filter((command) => !['PING', 'PONG'].includes(command))).toEqual([])
})

test('DETACH, as ZNC has it, hides channels and JOIN shows them', async () => {
  await using desk = await settled('desk')
  desk.send('DETACH #den,#nowhere')
  await desk.expect('PART #den')
  expect(scene.server.members('#den')).toContain('fox')
  desk.send('JOIN #den')
  await desk.expect('366 * #den')
})

test('a network is added and used within one client', async () => {
  await using desk = await settled('desk')
  const added = await ask(
    desk,
    `network create -name fort -addr irc+insecure://127.0.0.1:${scene.server.port} -nick badger`,
  )
  expect(added[0]).toMatch(/^Added fort .* as badger; it is being connected\.$/)
  await scene.server.expectLine('NICK badger')
  await using fort = await scene.client('desk', undefined, { network: 'fort', nick: 'badger' })
  fort.send('JOIN #fort')
  await fort.expect('366')
  expect(await ask(fort, 'channel status')).toEqual([
    expect.stringMatching(/^#fort\/fort \[joined\]/),
  ])
  expect(await ask(fort, 'channel update #fort -detached')).toEqual(['#fort is changed on fort.'])
  expect(await ask(fort, 'channel status')).toEqual([expect.stringMatching(/detached, joined/)])
  expect(await ask(desk, 'network delete fort')).toEqual(['fort is removed.'])
  await fort.closed
})

test('a nick is changed without a new connection, a username with one', async () => {
  await using fresh = await startScene({ channels: ['#den'] })
  await using desk = await fresh.client('desk')
  desk.send('PRIVMSG BouncerServ :network update -nick vixen')
  await desk.expect(({ params }) => params[1] === 'Changed den.')
  await desk.expect('NICK vixen')
  expect(fresh.server.accepted).toHaveLength(1)
  desk.send('PRIVMSG BouncerServ :network update -username reynard')
  await desk.expect(({ params }) => params[1] === 'Changed den; it is being connected anew.')
  await fresh.server.expectLine('USER reynard')
  await desk.expect('JOIN #den')
  expect(fresh.server.accepted).toHaveLength(2)
})

test('what a network says while it is being removed does no harm', async () => {
  await using fresh = await startScene({ channels: ['#den'] })
  fresh.server.join('#den', 'badger')
  await fresh.settled()
  await using loose = await fresh.client('', undefined, { network: '' })
  loose.send('PRIVMSG BouncerServ :network delete den')
  for (let count = 0; count < 200; count++) fresh.server.say('#den', 'badger', `line ${count}`)
  await loose.expect(({ params }) => params[1] === 'den is removed.')
  await fresh.server.expectLine('QUIT')
  for (let count = 0; count < 200; count++) fresh.server.say('#den', 'badger', `line ${count}`)
  await loose.sync()
  expect(fresh.store.failure).toBeUndefined()
  expect(fresh.store.networks.all()).toEqual([])
})

test('history is found, shown and deleted, only her own', async () => {
  await using desk = await settled('desk')
  await scene.settled()
  scene.server.join('#den', 'badger')
  scene.server.say('#den', 'badger', 'the moon is made of cheese')
  await desk.expect('PRIVMSG #den')
  expect(await ask(desk, 'history search moon cheese -in #den')).toEqual([
    expect.stringMatching(/#den\/den <badger> the moon is made of cheese$/),
  ])
  await using other = await scene.client('', undefined, { user: 'vera', nick: 'vera' })
  expect(await ask(other, 'history search moon')).toEqual(['Nothing was found.'])
  expect((await ask(desk, 'history export #den')).at(-1)).toContain('<badger> the moon is made')
  expect(await ask(desk, 'history delete #den')).toEqual([expect.stringMatching(/add -yes/)])
  expect(await ask(desk, 'history delete #den -yes')).toEqual([
    'Deleted the history of #den on den.',
  ])
  expect(await ask(desk, 'history search moon')).toEqual(['Nothing was found.'])
})

test('a disabled user is disconnected, and cannot come back until she is enabled', async () => {
  await using desk = await settled('desk')
  await using other = await scene.client('', undefined, { user: 'vera', nick: 'vera' })
  await ask(desk, 'user update vera -enabled false')
  expect(await other.closed).toBeDefined()
  await expect(scene.client('', undefined, { user: 'vera', nick: 'vera' })).rejects.toThrow()
  await ask(desk, 'user update vera -enabled true')
  await using again = await scene.client('', undefined, { user: 'vera', nick: 'vera' })
  expect(await ask(again, 'client list')).toEqual([expect.stringMatching(/on den from 127/)])
})

test('a notice of an administrator reaches all clients', async () => {
  await using desk = await settled('desk')
  await using other = await scene.client('', undefined, { user: 'vera', nick: 'vera' })
  desk.send('PRIVMSG BouncerServ :server notice "Back in five minutes"')
  const line = await other.expect('NOTICE')
  expect(line.raw).toMatch(/^:BouncerServ!BouncerServ@fuchsbau NOTICE vera :Back in five minutes$/)
  other.send('PRIVMSG BouncerServ :server notice "me too"')
  expect((await other.sync()).map(({ params }) => params[1])).toContain(
    'Only an administrator can do that.',
  )
})

test('what people type to *status from habit is done', async () => {
  await using desk = await settled('desk')
  expect(await ask(desk, 'ListChans', '*status')).toEqual([expect.stringMatching(/^#den\/den/)])
  expect(await ask(desk, 'Detach #den', '*status')).toEqual(['#den is changed on den.'])
  expect(scene.network.isDetached('#den')).toBe(true)
  expect(await ask(desk, 'Attach #den', '*status')).toEqual(['#den is changed on den.'])
  expect(await ask(desk, 'ListClients', '*status')).toEqual(
    expect.arrayContaining([expect.stringMatching(/^desk on den from 127/)]),
  )
})
