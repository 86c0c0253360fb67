// The raw client and the fake network, against each other: what all tests of the bouncer stand on.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Ca, createCa } from './ca.ts'
import { startFakeIrc } from './fake-irc-server.ts'
import { connect } from './irc-client.ts'
import { parseLine } from './irc-line.ts'

const modern = ['message-tags', 'server-time', 'batch', 'labeled-response', 'echo-message']

test('a line is parsed as in message-tags', () => {
  const line = parseLine('@a=1\\:\\s\\\\;+b;c= :fox!f@den PRIVMSG  #c :hello  world')
  expect(line.tags).toEqual({ a: '1; \\', '+b': '', c: '' })
  expect(line).toMatchObject({ source: 'fox!f@den', nick: 'fox', command: 'PRIVMSG' })
  expect(line.params).toEqual(['#c', 'hello  world'])
})

describe('a client and a fake network', () => {
  test('she registers, joins, hears, and is heard', async () => {
    await using server = await startFakeIrc()
    await using fox = await connect({ port: server.port })
    const { isupport, offered } = await fox.register({ nick: 'fox', caps: modern })
    expect(isupport.get('CASEMAPPING')).toBe('rfc1459')
    expect(offered.has('chghost')).toBe(true)
    server.join('#den', 'badger', { modes: 'o' })
    fox.send('JOIN #den')
    expect((await fox.expect('353 * * #den')).params.at(-1)).toBe('@badger fox')
    server.say('#den', 'badger', 'hello', { '+x': '1' })
    const heard = await fox.expect('PRIVMSG #den hello')
    expect(heard.tags).toMatchObject({ '+x': '1', msgid: expect.any(String) })
    fox.send('@label=7 PRIVMSG #DEN :hi')
    expect((await server.expectLine('PRIVMSG #DEN hi')).connection.user.nick).toBe('fox')
    expect((await fox.expect('PRIVMSG')).tags).toMatchObject({ label: '7' })
    fox.send('@label=8 WHOIS badger')
    const lines = await fox.sync()
    const [start] = lines
    expect(start).toMatchObject({ command: 'BATCH', tags: { label: '8' } })
    expect(lines.filter(({ tags }) => tags['batch'] !== undefined).length).toBeGreaterThan(2)
  })

  test('capabilities come and go, netsplits are batches, and she is told of away and accounts', async () => {
    await using server = await startFakeIrc({ accounts: { fox: 'den' } })
    await using fox = await connect({ port: server.port })
    const caps = [...modern, 'away-notify', 'account-notify', 'extended-join', 'chghost', 'setname']
    await fox.register({ nick: 'fox', caps })
    fox.send('JOIN #den')
    await fox.expect('366')
    server.addCap('sasl', 'PLAIN')
    expect((await fox.expect('CAP fox NEW')).params[2]).toBe('sasl=PLAIN')
    server.join('#den', 'hare')
    expect((await fox.expect('JOIN #den')).params).toEqual(['#den', '*', 'hare'])
    server.account('hare', 'h')
    server.away('hare', 'asleep')
    server.chghost('hare', 'h', 'burrow')
    server.netsplit(['hare'])
    server.netjoin(['hare'])
    const commands = (await fox.sync()).map(({ command }) => command)
    expect(commands).toEqual([
      ...['ACCOUNT', 'AWAY', 'CHGHOST'],
      ...['BATCH', 'QUIT', 'BATCH', 'BATCH', 'JOIN', 'AWAY', 'BATCH'],
    ])
    server.removeCap('sasl')
    expect((await fox.expect('CAP fox DEL')).params[2]).toBe('sasl')
  })

  test('bans, throttles, taken nicks and floods end as on real networks', async () => {
    await using server = await startFakeIrc({ takenNicks: ['fox'], maxLinesPerSecond: 20 })
    await using fox = await connect({ port: server.port })
    await expect(fox.register({ nick: 'fox' })).rejects.toThrow('433')
    fox.send('NICK hare')
    await fox.expect('001 hare')
    fox.send(...Array.from({ length: 30 }, () => 'MODE hare'))
    await fox.expect(/Excess Flood/)
    await fox.closed
    server.settings.ban = 'You are banned'
    await using banned = await connect({ port: server.port })
    await expect(banned.register({ nick: 'hare' })).rejects.toThrow('465')
    server.settings.refuse = 'Trying to reconnect too fast.'
    await using fast = await connect({ port: server.port })
    await fast.expect(/^ERROR :Trying/)
  })

  test('a flood of 20,000 lines comes whole, also to a client that stalls for a while', async () => {
    await using server = await startFakeIrc()
    await using fox = await connect({ port: server.port })
    await fox.register({ nick: 'fox' })
    fox.send('JOIN #den')
    await fox.expect('366')
    fox.pause()
    const flooding = server.flood(20_000, { target: '#den', nick: 'hare' })
    fox.resume()
    expect((await flooding).written).toBe(20_000)
    const heard = (await fox.sync({ timeoutMs: 20_000 })).filter(
      ({ command }) => command === 'PRIVMSG',
    )
    expect(heard.map(({ params }) => params[1])).toEqual(
      Array.from({ length: 20_000 }, (_, index) => `line ${index}`),
    )
  })

  test('it stops, starts on its port, falls silent, and cuts', async () => {
    await using server = await startFakeIrc()
    const { port } = server
    await using fox = await connect({ port })
    await fox.register({ nick: 'fox' })
    await server.stop()
    await fox.closed
    await expect(connect({ port })).rejects.toThrow('ECONNREFUSED')
    await server.start()
    expect(server.port).toBe(port)
    await using again = await connect({ port })
    await again.register({ nick: 'fox' })
    server.freeze()
    await expect(again.sync({ timeoutMs: 100 })).rejects.toThrow('waited')
    server.thaw()
    server.cut()
    expect(await again.closed).toMatch(/ECONNRESET|closed/)
  })
})

describe('with TLS and accounts', () => {
  let ca: Ca
  beforeAll(async () => {
    ca = await createCa()
  })
  afterAll(() => ca.close())

  test('SASL by password, by SCRAM and by certificate', async () => {
    const mine = await ca.issue('fox')
    const { X509Certificate } = await import('node:crypto')
    const fingerprint = new X509Certificate(mine.cert).fingerprint256
      .replaceAll(':', '')
      .toLowerCase()
    await using server = await startFakeIrc({
      tls: await ca.issue('127.0.0.1'),
      accounts: { fox: 'den' },
      fingerprints: { [fingerprint]: 'fox' },
    })
    server.addCap('sasl', 'PLAIN,EXTERNAL,SCRAM-SHA-256')
    const { port } = server
    const tls = { ca: ca.pem, cert: mine.cert, key: mine.key }
    const login = { account: 'fox', password: 'den' } as const
    await using plain = await connect({ port, tls: { ca: ca.pem } })
    const sasl = { mechanism: 'PLAIN', ...login } as const
    expect((await plain.register({ nick: 'a', sasl })).account).toBe('fox')
    await using scram = await connect({ port, tls: { ca: ca.pem } })
    const scrammed = { mechanism: 'SCRAM-SHA-256', ...login } as const
    expect((await scram.register({ nick: 'b', sasl: scrammed })).account).toBe('fox')
    await using external = await connect({ port, tls })
    expect((await external.register({ nick: 'c', sasl: { mechanism: 'EXTERNAL' } })).account).toBe(
      'fox',
    )
    await using wrong = await connect({ port, tls: { ca: ca.pem } })
    const bad = { mechanism: 'SCRAM-SHA-256', account: 'fox', password: 'x' } as const
    await expect(wrong.register({ nick: 'd', sasl: bad })).rejects.toThrow('904')
  })

  test('a certificate that is not trusted is refused', async () => {
    const other = await createCa()
    await using server = await startFakeIrc({ tls: await ca.issue('127.0.0.1') })
    await expect(connect({ port: server.port, tls: { ca: other.pem } })).rejects.toThrow('verif')
    await other.close()
  })
})
