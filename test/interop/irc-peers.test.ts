// The IRC peers by themselves: a raw client can use each of them. What fails here is no fault of the bouncer.
import { createHash, X509Certificate } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startAtheme } from '../support/atheme.ts'
import { type Ca, createCa } from '../support/ca.ts'
import { startInspircd } from '../support/inspircd.ts'
import { connect, type IrcClientOptions } from '../support/irc-client.ts'
import { startNgircd } from '../support/ngircd.ts'
import { requirePeer } from '../support/peers.ts'

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
    await using atheme = await startAtheme({ ircd })
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
    await fox.expect('CAP * DEL')
    await atheme.start()
    await fox.expect('CAP * NEW')
  },
)

test.skipIf(!requirePeer('ngircd'))('ngIRCd: two clients talk, plain and by TLS', async () => {
  await using ircd = await startNgircd({ ca })
  await talk({ port: ircd.port }, { port: ircd.tlsPort, tls: { ca: ca.pem } })
})

/** Connects, and again for a while when it fails. */
async function connectSoon(options: IrcClientOptions) {
  const { waitFor } = await import('../support/wait-for.ts')
  return waitFor(() => connect(options), { what: 'a connection' })
}
