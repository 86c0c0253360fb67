// The bouncer between a fake network and raw clients, in process: what is said on one side is heard on the other.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '@fuchsbau/shared/clock.ts'
import { createMetrics } from '@fuchsbau/shared/metrics.ts'
import { hashPassword } from '@fuchsbau/shared/password.ts'
import { silentLog } from '@fuchsbau/shared/log.ts'
import { startFakeIrc, type FakeIrcServer } from '../../test/support/fake-irc-server.ts'
import { connect, type IrcClient } from '../../test/support/irc-client.ts'
import { makeTempData } from '../../test/support/temp-data.ts'
import { Bouncer } from './bouncer.ts'
import { type Listener, listenPlain } from './server.ts'
import { openStore, type Store } from './store/store.ts'

let server: FakeIrcServer
let store: Store
let bouncer: Bouncer
let listener: Listener

beforeEach(async () => {
  server = await startFakeIrc()
  const clock = systemClock()
  const log = silentLog()
  store = openStore({ directory: makeTempData('bouncer'), clock })
  bouncer = new Bouncer({ store, clock, log, metrics: createMetrics(), serverName: 'fuchsbau.test' })
  const user = store.users.add({
    name: 'you', password: await hashPassword('secret'), isAdmin: true, isEnabled: true, nick: 'fox', realname: 'Fox',
    bindAddress: '', createdAt: 0, subject: '',
  })
  if (!user) throw new Error('no user')
  bouncer.adopt(user).addNetwork({
    name: 'den', isEnabled: true, host: '127.0.0.1', port: server.port, transport: 'plain', fingerprint: '', socks: '',
    serverPassword: '', nick: 'fox', alternateNicks: [], username: 'fox', realname: 'Fox', saslMechanism: '', saslUser: '',
    saslPassword: '', certificate: '', privateKey: '', nickservPassword: '', connectCommands: [], encoding: 'utf-8',
    isAutoAway: true, casemapping: 'rfc1459',
  })
  listener = await listenPlain(bouncer, { host: '127.0.0.1', port: 0 })
  await server.expectLine('USER')
})
afterEach(async () => {
  await bouncer.close('the test is over')
  await listener.close()
  await server.stop()
  store.close()
})

async function client(name = '', caps: string[] = []): Promise<IrcClient> {
  const port = Number(listener.address.split(':').at(-1))
  const one = await connect({ port })
  await one.register({ nick: 'fox', pass: `you/den${name && `@${name}`}:secret`, caps })
  return one
}

test('what is said in a channel is heard by every client, and missed by none that was away', async () => {
  await using desk = await client('desk')
  desk.send('JOIN #den')
  await desk.expect('366')
  await using phone = await client('phone', ['server-time', 'message-tags', 'batch', 'echo-message'])
  await phone.expect('366')
  server.join('#den', 'badger')
  server.say('#den', 'badger', 'hello')
  await desk.expect('PRIVMSG #den hello')
  const heard = await phone.expect('PRIVMSG #den hello')
  expect(heard.tags).toMatchObject({ msgid: expect.any(String), time: expect.any(String) })
  desk.send('PRIVMSG #den :hi')
  await phone.expect('PRIVMSG #den hi')
  const lines = await desk.sync()
  expect(lines.filter(({ command }) => command === 'PRIVMSG')).toEqual([])
  desk.send('QUIT')
  await desk.closed
  server.say('#den', 'badger', 'missed')
  await phone.expect('PRIVMSG #den missed')
  await using again = await client('desk', ['server-time'])
  const missed = (await again.sync()).filter(({ command }) => command === 'PRIVMSG')
  expect(missed.map(({ params }) => params[1])).toEqual(['missed'])
})
