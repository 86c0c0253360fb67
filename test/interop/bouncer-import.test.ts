// Moving in from a real ZNC and a real soju that were really used: people log in with their old passwords, find their
// channels joined and what was said before.
import { join } from 'node:path'
import { systemClock } from '@fuchsbau/shared/clock.ts'
import { silentLog } from '@fuchsbau/shared/log.ts'
import { createMetrics } from '@fuchsbau/shared/metrics.ts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Bouncer } from '../../services/bouncer/bouncer.ts'
import { importSoju } from '../../services/bouncer/import/soju.ts'
import { importZnc } from '../../services/bouncer/import/znc.ts'
import { listenPlain } from '../../services/bouncer/server.ts'
import type { StoredMessage } from '../../services/bouncer/store/records.ts'
import { openStore, type Store } from '../../services/bouncer/store/store.ts'
import { type Ca, createCa } from '../support/ca.ts'
import { startFakeIrc } from '../support/fake-irc-server.ts'
import { connect, type IrcClient } from '../support/irc-client.ts'
import { requirePeer } from '../support/peers.ts'
import { startSoju } from '../support/soju.ts'
import { makeTempData, removeTempData } from '../support/temp-data.ts'
import { waitFor } from '../support/wait-for.ts'
import { startZnc } from '../support/znc.ts'

let ca: Ca
beforeAll(async () => {
  ca = await createCa()
})
afterAll(() => ca.close())

const clock = systemClock()

function openData() {
  const directory = makeTempData('bouncer-import')
  const store = openStore({ directory: join(directory, 'bouncer'), clock })
  const end = () => {
    store.close()
    removeTempData(directory)
  }
  return { store, [Symbol.dispose]: end }
}

/** Serves a store; `end` disconnects everybody. */
async function serve(store: Store) {
  const bouncer = new Bouncer({
    store,
    clock,
    log: silentLog(),
    metrics: createMetrics(),
    serverName: 'fuchsbau.test',
  })
  const listener = await listenPlain(bouncer, { host: '127.0.0.1', port: 0 })
  bouncer.start()
  return {
    port: Number(listener.address.split(':').at(-1)),
    async [Symbol.asyncDispose]() {
      await bouncer.close('the test is over')
      await listener.close()
    },
  }
}

/** Everything of a conversation, as `NICK text`. */
function said(store: Store, networkId: number, foldedTarget: string): string[] {
  const query = { networkId, foldedTarget, limit: 1000, withEvents: false }
  return store.messages
    .latest(query)
    .map(({ source, text }: StoredMessage) => `${source.split('!', 1)[0]} ${text}`)
}

/** Tells a module, and waits for its answer. */
async function tell(client: IrcClient, module: string, ...commands: string[]) {
  for (const command of commands) {
    client.send(`PRIVMSG *${module} :${command}`)
    await client.expect(({ nick }) => nick === `*${module}`)
  }
}

const zncs = [{ peer: 'znc18' }, { peer: 'znc' }] as const

test.each(zncs)(
  '$peer: its user moves in with everything, twice, and nothing is doubled',
  async ({ peer }) => {
    if (!requirePeer(peer)) return
    await using server = await startFakeIrc()
    await using other = await startFakeIrc()
    const networks = [
      {
        name: 'den',
        port: server.port,
        channels: ['#den', '#secret sesame'],
        modules: ['perform', 'sasl', 'nickserv', 'simple_away'],
      },
      { name: 'other', port: other.port, channels: ['#hall'] },
    ]
    const modules = ['log', 'chansaver']
    const user = { name: 'fox', password: 'Geheim 1', isAdmin: true, networks, modules }
    await using znc = await startZnc({ ca, peer, users: [user] })
    await server.expectLine('JOIN', { timeoutMs: 30_000 })
    {
      await using fox = await connect({ port: znc.port })
      await fox.register({ nick: 'fox', pass: 'fox/den:Geheim 1' })
      await fox.expect('366 * #secret', { timeoutMs: 15_000 })
      await tell(fox, 'perform', 'add MODE %nick% +i', 'add /msg hare hello there')
      await tell(fox, 'sasl', 'set fox bau')
      await tell(fox, 'nickserv', 'set bau2')
      server.join('#den', 'hare')
      server.say('#den', 'hare', 'grüß dich')
      await fox.expect('PRIVMSG #den')
      fox.send('PRIVMSG #den :hi', 'PRIVMSG hare :psst', 'JOIN #new key2')
      await fox.expect('366 * #new')
      server.say('fox', 'hare', 'what?')
      await fox.expect('PRIVMSG fox what?')
      await tell(fox, 'status', 'SaveConfig')
    }
    {
      await using fox = await connect({ port: znc.port })
      await fox.register({ nick: 'fox', pass: 'fox/other:Geheim 1' })
      await fox.expect('366 * #hall', { timeoutMs: 15_000 })
      other.say('#hall', 'elk', 'elsewhere')
      await fox.expect('PRIVMSG #hall')
    }
    await znc.stop()

    using data = openData()
    const { store } = data
    const words: string[] = []
    const take = () =>
      importZnc({
        store,
        clock,
        directory: znc.directory,
        timezone: 'UTC',
        print: (line) => words.push(line),
      })
    expect(await take()).toBe(true)
    const [den, hall, ...more] = store.networks.all()
    expect(more).toEqual([])
    expect(den).toMatchObject({
      name: 'den',
      host: '127.0.0.1',
      port: server.port,
      transport: 'plain',
      nick: 'fox',
      alternateNicks: ['fox_'],
      saslMechanism: 'PLAIN',
      saslUser: 'fox',
      saslPassword: 'bau',
      nickservPassword: 'bau2',
      isAutoAway: true,
      connectCommands: ['MODE fox +i', 'PRIVMSG hare :hello there'],
    })
    const channels = store.channels.list(den?.id ?? 0).map(({ name, key }) => `${name} ${key}`)
    expect(channels.sort()).toEqual(['#den ', '#new key2', '#secret sesame'])
    expect(store.users.named('fox')?.password).toMatch(/^(znc-sha256\$|\$argon2id\$)/)
    const history = () => [
      said(store, den?.id ?? 0, '#den'),
      said(store, den?.id ?? 0, 'hare'),
      said(store, hall?.id ?? 0, '#hall'),
    ]
    const expected = [['hare grüß dich', 'fox hi'], ['fox psst', 'hare what?'], ['elk elsewhere']]
    expect(history()).toEqual(expected)
    expect(await take()).toBe(true)
    expect(history()).toEqual(expected)
    expect(store.networks.all()).toHaveLength(2)
    expect(words.join('\n')).not.toMatch(/damaged|bau2/)

    await using bouncer = await serve(store)
    await server.expectLine('JOIN', { timeoutMs: 15_000 })
    await using fox = await connect({ port: bouncer.port })
    await fox.register({ nick: 'fox', pass: 'fox/den:Geheim 1' })
    await fox.expect('366 * #new', { timeoutMs: 15_000 })
    server.say('#den', 'hare', 'welcome back')
    expect((await fox.expect('PRIVMSG')).params[1]).toBe('welcome back')
    await waitFor(
      () => Promise.resolve(store.users.named('fox')?.password.startsWith('$argon2id$')),
      {
        what: 'the hash of ours',
      },
    )
    await using again = await connect({ port: bouncer.port })
    await again.register({ nick: 'fox', pass: 'fox/other@phone:Geheim 1' })
    await using wrong = await connect({ port: bouncer.port })
    await expect(wrong.register({ nick: 'fox', pass: 'fox/den:Geheim 2' })).rejects.toThrow('464')
  },
)

test.skipIf(!requirePeer('soju'))('soju: its user moves in with everything, twice', async () => {
  await using server = await startFakeIrc()
  await using soju = await startSoju({ ca })
  await soju.addUser('fox', 'Geheim 1')
  // A pin does nothing on a plain connection, but it moves.
  const pinned = 'ab'.repeat(64)
  const options = ['-connect-command', 'MODE fox +i', '-certfp', pinned]
  await soju.addNetwork('fox', { name: 'den', port: server.port, nick: 'fox', options })
  await soju.control('user', 'run', 'fox', 'sasl', 'set-plain', '-network', 'den', 'fox', 'bau')
  const sasl = { mechanism: 'PLAIN', account: 'fox/den@desk', password: 'Geheim 1' } as const
  const caps = [
    'draft/chathistory',
    'message-tags',
    'batch',
    'draft/read-marker',
    'server-time',
    'echo-message',
  ]
  let read = ''
  {
    await using fox = await connect({ port: soju.port })
    await fox.register({ nick: 'fox', sasl, caps })
    fox.send('JOIN #den', 'JOIN #secret sesame')
    await fox.expect('366 * #secret', { timeoutMs: 15_000 })
    server.join('#den', 'hare')
    server.say('#den', 'hare', 'grüß dich')
    read = (await fox.expect('PRIVMSG #den')).tags['time'] ?? ''
    fox.send(`MARKREAD #den timestamp=${read}`, 'PRIVMSG #den :hi', 'PRIVMSG hare :psst')
    // soju sends slowly.
    await fox.expect('PRIVMSG hare', { timeoutMs: 30_000 })
    server.say('fox', 'hare', 'what?')
    await fox.expect('PRIVMSG fox what?')
    await fox.sync()
  }
  await soju.stop()

  using data = openData()
  const { store } = data
  const take = () => importSoju({ store, clock, file: soju.database, print: () => {} })
  expect(await take()).toBe(true)
  const [den] = store.networks.all()
  expect(den).toMatchObject({
    name: 'den',
    host: '127.0.0.1',
    port: server.port,
    transport: 'plain',
    fingerprint: pinned,
    nick: 'fox',
    saslMechanism: 'PLAIN',
    saslUser: 'fox',
    saslPassword: 'bau',
    connectCommands: ['MODE fox +i'],
  })
  const channels = store.channels.list(den?.id ?? 0).map(({ name, key }) => `${name} ${key}`)
  expect(channels.sort()).toEqual(['#den ', '#secret sesame'])
  expect(store.markers.get(den?.id ?? 0, '#den')).toBe(Date.parse(read))
  const history = () => [said(store, den?.id ?? 0, '#den'), said(store, den?.id ?? 0, 'hare')]
  const expected = [
    ['hare grüß dich', 'fox hi'],
    ['fox psst', 'hare what?'],
  ]
  expect(history()).toEqual(expected)
  expect(await take()).toBe(true)
  expect(history()).toEqual(expected)

  await using bouncer = await serve(store)
  await server.expectLine('JOIN', { timeoutMs: 15_000 })
  await using fox = await connect({ port: bouncer.port })
  await fox.register({ nick: 'fox', sasl })
  await fox.expect('366 * #secret', { timeoutMs: 15_000 })
  server.say('#den', 'hare', 'welcome back')
  expect((await fox.expect('PRIVMSG')).params[1]).toBe('welcome back')
})
