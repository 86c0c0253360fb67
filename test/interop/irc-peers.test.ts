// The IRC peers by themselves: a raw client can use each of them. What fails here is no fault of the bouncer.
import { createHash, X509Certificate } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startAtheme } from '../support/atheme.ts'
import { type Ca, createCa } from '../support/ca.ts'
import { startFakeIrc } from '../support/fake-irc-server.ts'
import { startInspircd } from '../support/inspircd.ts'
import { connect, type IrcClientOptions } from '../support/irc-client.ts'
import {
  startIrssi,
  startSenpai,
  startWeechat,
  type TerminalClientOptions,
} from '../support/irc-terminal.ts'
import { startNgircd } from '../support/ngircd.ts'
import { type Peer, requirePeer } from '../support/peers.ts'
import { startSoju } from '../support/soju.ts'
import type { Terminal } from '../support/terminal.ts'
import { waitFor } from '../support/wait-for.ts'
import { startZnc } from '../support/znc.ts'

let ca: Ca
beforeAll(async () => {
  ca = await createCa()
})
afterAll(() => ca.close())

/** Two clients, in ways of their own, hear each other in a channel. */
async function talk(first: IrcClientOptions, second: IrcClientOptions, caps?: string[]) {
  await using fox = await connect(first)
  await using hare = await connect(second)
  await fox.register({ nick: 'fox', ...(caps && { caps }) })
  await hare.register({ nick: 'hare', ...(caps && { caps }) })
  fox.send('JOIN #den')
  await fox.expect('366 * #den')
  hare.send('JOIN #den')
  await hare.expect('366 * #den')
  expect((await fox.expect('JOIN #den')).nick).toBe('hare')
  fox.send('PRIVMSG #den :hello')
  hare.send('PRIVMSG #den :hi')
  expect((await hare.expect('PRIVMSG #den hello')).nick).toBe('fox')
  expect((await fox.expect('PRIVMSG #den hi')).nick).toBe('hare')
}

const inspircds = [
  { version: 3, peer: 'inspircd3' },
  { version: 4, peer: 'inspircd4' },
] as const

describe.each(inspircds)('InspIRCd $version', ({ version, peer }) => {
  test.skipIf(!requirePeer(peer))('two clients talk, plain and by TLS', async () => {
    await using ircd = await startInspircd({ ca, version })
    const caps = ['message-tags', 'server-time', 'batch', 'labeled-response', 'extended-join']
    await talk({ port: ircd.port }, { port: ircd.tlsPort, tls: { ca: ca.pem } }, caps)
    const modern = await connect({ port: ircd.port })
    const { offered, isupport } = await modern.register({ nick: 'owl', caps: [] })
    expect([...offered.keys()]).toEqual(expect.arrayContaining(['echo-message', 'setname']))
    expect(offered.has('sasl')).toBe(false)
    expect(isupport.get('NETWORK')).toBe('Inspired')
    // Relaxed: 2,000 lines at once neither kill nor slow.
    modern.send(...Array.from({ length: 2_000 }, (_, index) => `PRIVMSG owl :${index}`))
    expect((await modern.sync()).filter(({ command }) => command === 'PRIVMSG')).toHaveLength(2_000)
    modern.send('OPER oper oper')
    await modern.expect('381')
    await ircd.stop()
    await modern.closed
    await ircd.start()
    await talk({ port: ircd.port }, { port: ircd.port })
  })

  test.skipIf(!requirePeer(peer))('its certificate can be replaced while it runs', async () => {
    await using ircd = await startInspircd({ ca, version })
    const other = await createCa()
    const tls = { ca: other.pem }
    await expect(connect({ port: ircd.tlsPort, tls })).rejects.toThrow('verif')
    ircd.replaceCertificate(await other.issue('127.0.0.1'))
    await using client = await connectSoon({ port: ircd.tlsPort, tls })
    expect((await client.register({ nick: 'fox' })).isupport.size).toBeGreaterThan(10)
    await other.close()
  })
})

test.skipIf(!requirePeer('inspircd3') || !requirePeer('atheme'))(
  'InspIRCd 3 offers SASL while atheme is linked: PLAIN and EXTERNAL',
  async () => {
    await using ircd = await startInspircd({ ca, version: 3 })
    await using early = await connect({ port: ircd.port })
    expect((await early.register({ nick: 'owl', caps: ['cap-notify'] })).offered).not.toContain(
      'sasl',
    )
    await using atheme = await startAtheme({ ircd })
    expect((await early.expect('CAP owl NEW')).params[2]).toBe('sasl=PLAIN,EXTERNAL')
    const { cert, key } = await ca.issue('fox')
    const { raw } = new X509Certificate(cert)
    await atheme.addAccount('fox', 'den-den', createHash('sha256').update(raw).digest('hex'))
    await using fox = await connect({ port: ircd.tlsPort, tls: { ca: ca.pem } })
    const sasl = { mechanism: 'PLAIN', account: 'fox', password: 'den-den' } as const
    const caps = ['cap-notify', 'account-notify']
    expect((await fox.register({ nick: 'fox', sasl, caps })).account).toBe('fox')
    await using wrong = await connect({ port: ircd.port })
    const bad = { ...sasl, password: 'x' }
    await expect(wrong.register({ nick: 'hare', sasl: bad })).rejects.toThrow('904')
    await using external = await connect({ port: ircd.tlsPort, tls: { ca: ca.pem, cert, key } })
    const welcome = await external.register({ nick: 'fox2', sasl: { mechanism: 'EXTERNAL' } })
    expect(welcome.account).toBe('fox')
    await atheme.stop()
    await using vain = await connect({ port: ircd.port })
    await expect(vain.register({ nick: 'elk', sasl })).rejects.toThrow('NAK')
    vain.cut()
    await vain.closed
    await atheme.start()
    await using again = await connect({ port: ircd.port })
    expect((await again.register({ nick: 'elk', sasl })).account).toBe('fox')
  },
)

test.skipIf(!requirePeer('ngircd'))('ngIRCd: two clients talk, plain and by TLS', async () => {
  await using ircd = await startNgircd({ ca })
  await talk({ port: ircd.port }, { port: ircd.tlsPort, tls: { ca: ca.pem } })
})

const zncs = [{ peer: 'znc18' }, { peer: 'znc' }] as const

test.each(zncs)(
  '$peer: a client is attached to a network, by TLS, and hears and is heard',
  async ({ peer }) => {
    if (!requirePeer(peer)) return
    await using server = await startFakeIrc({ tls: await ca.issue('127.0.0.1') })
    const network = { name: 'net', port: server.port, tls: true, channels: ['#den'] }
    const user = { name: 'fox', password: 'den', networks: [network], modules: ['log'] }
    await using znc = await startZnc({ ca, peer, users: [user] })
    await server.expectLine('JOIN #den', { timeoutMs: 30_000 })
    await using fox = await connect({ port: znc.tlsPort, tls: { ca: ca.pem } })
    await fox.register({ nick: 'fox', pass: 'fox/net:den' })
    await fox.expect('366 * #den')
    server.say('#den', 'hare', 'hello')
    expect((await fox.expect('PRIVMSG #den hello')).nick).toBe('hare')
    fox.send('PRIVMSG #den :hi')
    expect((await server.expectLine('PRIVMSG #den hi')).connection.user.nick).toBe('fox')
  },
)

test.skipIf(!requirePeer('soju'))('soju: a client is attached to a network by SASL', async () => {
  await using server = await startFakeIrc({ tls: await ca.issue('127.0.0.1') })
  await using soju = await startSoju({ ca })
  await soju.addUser('fox', 'den')
  await soju.addNetwork('fox', { name: 'net', port: server.port, tls: true })
  // A JOIN that comes while it registers there is lost now and then.
  const status = () => soju.control('user', 'run', 'fox', 'network', 'status')
  await waitFor(async () => (await status()).includes('[connected]'), {
    what: 'soju on the network',
  })
  const sasl = { mechanism: 'PLAIN', account: 'fox/net@test', password: 'den' } as const
  await using fox = await connect({ port: soju.tlsPort, tls: { ca: ca.pem } })
  await fox.register({ nick: 'fox', sasl, caps: ['draft/chathistory', 'message-tags', 'batch'] })
  fox.send('JOIN #den')
  await fox.expect('366 * #den', { timeoutMs: 15_000 })
  server.say('#den', 'hare', 'hello')
  expect((await fox.expect('PRIVMSG #den hello')).nick).toBe('hare')
  fox.send('PRIVMSG #den :hi')
  expect((await server.expectLine('PRIVMSG #den hi')).connection.user.nick).toBe('fox')
  await using web = await connect({ port: soju.webPort, path: '/socket' })
  await web.register({ nick: 'fox', sasl })
  server.say('#den', 'hare', 'hello again')
  expect((await web.expect('PRIVMSG #den')).params[1]).toBe('hello again')
})

type Start = (options: TerminalClientOptions) => Promise<Terminal>
const clients: { peer: Peer; start: Start }[] = [
  { peer: 'irssi', start: startIrssi },
  { peer: 'weechat3', start: (options) => startWeechat({ ...options, version: 3 }) },
  { peer: 'weechat', start: startWeechat },
  { peer: 'senpai', start: startSenpai },
]

test.each(clients)(
  '$peer in a terminal: connects by TLS and SASL, joins, shows what is said',
  async ({ peer, start }) => {
    if (!requirePeer(peer) || !requirePeer('tmux')) return
    await using server = await startFakeIrc({
      tls: await ca.issue('127.0.0.1'),
      accounts: { fox: 'den' },
    })
    server.addCap('sasl', 'PLAIN')
    const sasl = { account: 'fox', password: 'den' }
    await using terminal = await start({ ca, port: server.port, tls: true, nick: 'fox', sasl })
    await server.expectLine('CAP END', { timeoutMs: 15_000 })
    await terminal.waitFor('Welcome')
    await terminal.enter('/join #den')
    await server.expectLine('JOIN #den')
    expect(server.client('fox').user.account).toBe('fox')
    server.say('#den', 'hare', 'hello, grüß dich')
    expect(await terminal.waitFor('hello, grüß dich')).toContain('hare')
    await terminal.enter('hi there')
    await server.expectLine('PRIVMSG #den')
    expect(await terminal.waitFor('hi there')).toContain('#den')
  },
)

/** Connects, and again for a while when it fails. */
function connectSoon(options: IrcClientOptions) {
  return waitFor(() => connect(options), { what: 'a connection' })
}
