// Where clients connect to the real process: TLS with a certificate that is renewed, WebSocket, PROXY headers; and how many
// may, and how fast.
import { once } from 'node:events'
import { copyFileSync, readFileSync } from 'node:fs'
import { connect as connectTcp } from 'node:net'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type BouncerProcess,
  openBouncerStore,
  startBouncer,
} from '../../support/bouncer-process.ts'
import { type Ca, createCa } from '../../support/ca.ts'
import { type FakeIrcServer, startFakeIrc } from '../../support/fake-irc-server.ts'
import { connect, type IrcClientOptions } from '../../support/irc-client.ts'
import { makeTempData, removeTempData } from '../../support/temp-data.ts'
import { waitFor } from '../../support/wait-for.ts'

const password = 'correct horse battery staple'
const pass = `you/den:${password}`

let network: FakeIrcServer
let ca: Ca

beforeAll(async () => {
  network = await startFakeIrc()
  ca = await createCa()
})
afterAll(async () => {
  await network.stop()
  await ca.close()
})

const start = (env: Record<string, string> = {}) =>
  startBouncer({ people: [{ name: 'you', port: network.port }], env })

/** Ports of the TLS and the web listener, as it said. */
function portsOf(bouncer: BouncerProcess): { tls: number; web: number } {
  const [, tls, web] =
    /"tls":"[\d.]+:(\d+)".*"web":"http:\/\/[\d.]+:(\d+)"/.exec(bouncer.log()) ?? []
  return { tls: Number(tls), web: Number(web) }
}

/** Logs in; resolves with the nick, rejects with what the bouncer said. */
async function login(options: IrcClientOptions, secret = pass): Promise<string> {
  await using client = await connect(options)
  await client.register({ nick: 'fox', pass: secret })
  return client.nick
}

/** What the bouncer says on a connection until it ends it. */
async function saidTo(port: number, ...parts: (string | Buffer)[]): Promise<string> {
  const socket = connectTcp({ port, host: '127.0.0.1' })
  let said = ''
  socket.on('data', (bytes) => {
    said += bytes
  })
  socket.on('error', () => {})
  await once(socket, 'connect')
  for (const part of parts) socket.write(part)
  await once(socket, 'close')
  return said
}

describe('the certificate', () => {
  test('of files is renewed without a connection being lost; a wrong one changes nothing', async () => {
    const directory = makeTempData('tls')
    const files = { cert: join(directory, 'tls.crt'), key: join(directory, 'tls.key') }
    const put = async (name: string, keyOf = name) => {
      copyFileSync((await ca.issue(name)).certFile, files.cert)
      copyFileSync((await ca.issue(keyOf)).keyFile, files.key)
    }
    await put('one.test')
    await using bouncer = await start({
      FUCHSBAU_BOUNCER_CERTIFICATE: files.cert,
      FUCHSBAU_BOUNCER_CERTIFICATE_KEY: files.key,
    })
    const port = portsOf(bouncer).tls
    const tls = (servername: string) => ({ port, tls: { ca: ca.pem, servername } })
    await using before = await connect(tls('one.test'))
    await before.register({ nick: 'fox', pass })
    await put('two.test', 'one.test')
    await waitFor(() => bouncer.log().includes('does not belong to the key'), { what: 'the log' })
    expect(await login(tls('one.test'))).toBe('you')
    await put('two.test')
    await waitFor(() => bouncer.log().includes('the certificate was replaced'), { what: 'the log' })
    expect(await login(tls('two.test'))).toBe('you')
    await expect(login(tls('one.test'))).rejects.toThrow("does not match certificate's altnames")
    expect(await before.sync()).toEqual([])
    removeTempData(directory)
  })

  test('that was made here is shown to clients that do not name the host, too', async () => {
    await using bouncer = await start()
    const socket = connectTls({
      port: portsOf(bouncer).tls,
      host: '127.0.0.1',
      ca: readFileSync(join(bouncer.directory, 'certificate.pem')),
    })
    await once(socket, 'secureConnect')
    const told = /IRC certificate \(SHA-256\): (\S+)/.exec(bouncer.log())?.[1]
    expect(socket.getPeerCertificate().fingerprint256).toBe(told)
    expect(socket.getProtocol()).toBe('TLSv1.3')
    socket.destroy()
  })
})

describe('a WebSocket', () => {
  let bouncer: BouncerProcess
  let port: number
  beforeAll(async () => {
    bouncer = await start({
      FUCHSBAU_BOUNCER_ORIGINS: 'https://chat.example',
      FUCHSBAU_TRUST_PROXY: 'loopback',
    })
    port = portsOf(bouncer).web
  })
  afterAll(() => bouncer[Symbol.asyncDispose]())

  test.each(['text.ircv3.net', 'binary.ircv3.net'] as const)('speaks %s', async (protocol) => {
    await using client = await connect({ port, path: '/socket', protocol })
    expect(client.protocol).toBe(protocol)
    await client.register({ nick: 'fox', pass, caps: ['echo-message'] })
    client.send('JOIN #den')
    await client.expect('366')
    client.send('PRIVMSG #den :füchse 🦊')
    // The flood control of the network may hold it back for some seconds.
    const { params } = await client.expect('PRIVMSG', { timeoutMs: 20_000 })
    expect(params).toEqual(['#den', 'füchse 🦊'])
    client.send('x'.repeat(9_000))
    await client.expect('417')
    client.send('QUIT')
    expect(await client.closed).toContain('1000')
  })

  test.each([
    [undefined, true],
    ['http://127.0.0.1', true],
    ['https://chat.example', true],
    ['https://evil.example', false],
    ['null', false],
  ])('of a page of %s is let in: %s', async (origin, isLetIn) => {
    const own = origin === 'http://127.0.0.1' ? `${origin}:${port}` : origin
    const headers = own === undefined ? {} : { origin: own }
    const opening = connect({ port, path: '/socket', headers })
    if (isLetIn) await expect(opening.then((client) => client.close())).resolves.toBeUndefined()
    else await expect(opening).rejects.toThrow('403')
  })

  test('elsewhere is not there', async () => {
    await expect(connect({ port, path: '/other' })).rejects.toThrow('404')
  })

  test('behind a trusted proxy has the address of its client', async () => {
    const headers = { 'x-forwarded-for': '203.0.113.9, 198.51.100.7' }
    await expect(login({ port, path: '/socket', headers }, 'you:wrong')).rejects.toThrow('464')
    await bouncer.stop()
    const store = openBouncerStore(bouncer)
    expect(store.audit.list(1)).toMatchObject([{ address: '198.51.100.7', outcome: 'refused' }])
    store.close()
  })
})

describe('a PROXY header', () => {
  const v1 = 'PROXY TCP4 203.0.113.5 127.0.0.1 50000 6697\r\n'
  const v2 = Buffer.from(
    '0d0a0d0a000d0a515549540a2121002420010db800000000000000000000000100000000000000000000000000000001c35019fd',
    'hex',
  )

  test('from a listed address says whose the connection is, before TLS and without', async () => {
    await using bouncer = await start({ FUCHSBAU_BOUNCER_PROXIES: '127.0.0.0/8' })
    const own = readFileSync(join(bouncer.directory, 'certificate.pem'), 'utf8')
    const tls = { ca: own, servername: 'localhost' }
    const { tls: port } = portsOf(bouncer)
    expect(await login({ port, tls, preamble: v1 })).toBe('you')
    expect(await login({ port, tls, preamble: v2 })).toBe('you')
    expect(await login({ port: bouncer.port, preamble: v1 })).toBe('you')
    const rest = Buffer.from(`${v1}PASS :${pass}\r\nNICK fox\r\nUSER x 0 * :x\r\nQUIT\r\n`)
    expect(await saidTo(bouncer.port, rest.subarray(0, 10), rest.subarray(10))).toContain(' 001 ')
    await bouncer.stop()
    const store = openBouncerStore(bouncer)
    const addresses = store.audit.list(10).map(({ address }) => address)
    store.close()
    expect(addresses).toEqual(['203.0.113.5', '203.0.113.5', '2001:db8:0:0:0:0:0:1', '203.0.113.5'])
  })

  test('must come from there, in time, and be one', async () => {
    await using bouncer = await start({ FUCHSBAU_BOUNCER_PROXIES: '127.0.0.1' })
    const { tls } = portsOf(bouncer)
    const begin = performance.now()
    const endings = await Promise.all([
      saidTo(tls, 'GET / HTTP/1.1\r\n\r\n'),
      saidTo(bouncer.port, 'NICK fox\r\nUSER x 0 * :x\r\n'),
      saidTo(tls, 'PROXY TCP4 1.2.3.4 '),
      saidTo(bouncer.port, `PROXY TCP4 ${'1'.repeat(500)}`),
      saidTo(tls),
    ])
    expect(endings).toEqual(['', '', '', '', ''])
    expect(performance.now() - begin).toBeLessThan(10_000)
  })

  test('from elsewhere is refused', async () => {
    await using bouncer = await start()
    expect(await saidTo(bouncer.port, `${v1}NICK fox\r\n`)).toMatch(
      /^ERROR :PROXY headers are taken/,
    )
    const { tls } = portsOf(bouncer)
    expect(await saidTo(tls, v1)).not.toContain('ERROR')
  })
})

describe('too many', () => {
  test('strangers of one address are not let in, until one of them has logged in', async () => {
    await using bouncer = await start({ FUCHSBAU_BOUNCER_MAX_STRANGERS: '3' })
    const { port } = bouncer
    const strangers = [await connect({ port }), await connect({ port }), await connect({ port })]
    expect(await saidTo(port)).toBe('')
    await strangers[0]?.register({ nick: 'fox', pass })
    expect(await login({ port })).toBe('you')
    await Promise.all(strangers.map((client) => client.close()))
  })

  test('clients of one person are refused in words', async () => {
    await using bouncer = await start({ FUCHSBAU_BOUNCER_MAX_CLIENTS: '2' })
    await using one = await bouncer.client('you', 'one')
    await using two = await bouncer.client('you', 'two')
    await expect(bouncer.client('you', 'three')).rejects.toThrow('Too many clients: 2 are allowed')
    expect(await one.sync()).toEqual([])
    await two.close()
    await using three = await bouncer.client('you', 'three')
    expect(three.nick).toBe('you')
  })

  test('lines of one client do not keep the others waiting', async () => {
    await using bouncer = await start()
    await using noisy = await bouncer.client('you', 'noisy')
    await using calm = await bouncer.client('you', 'calm')
    noisy.send(Buffer.from('PING x\r\n'.repeat(8_000)))
    const waits: number[] = []
    for (let count = 0; count < 10; count += 1) {
      const begin = performance.now()
      await calm.sync()
      waits.push(performance.now() - begin)
    }
    expect(Math.max(...waits)).toBeLessThan(500)
    await noisy.sync({ timeoutMs: 20_000 })
    expect(noisy.lines.filter(({ command }) => command === 'PONG')).toHaveLength(8_001)
  })

  test('requests of a client that does not read are left unread', async () => {
    await using bouncer = await start()
    await using deaf = await bouncer.client('you', 'deaf')
    deaf.pause()
    deaf.send(Buffer.from(`PING ${'x'.repeat(4_000)}\r\n`.repeat(4_000)))
    await using calm = await bouncer.client('you', 'calm')
    const unread = async () => {
      const text = await (await fetch(`${bouncer.management}/metrics`)).text()
      return Number(/^fuchsbau_bouncer_unread_bytes (\d+)/m.exec(text)?.[1])
    }
    await waitFor(async () => (await unread()) > 500_000, { what: 'the answers to pile up' })
    await calm.sync()
    expect(await unread()).toBeLessThan(3_000_000)
    deaf.resume()
    await deaf.sync({ timeoutMs: 20_000 })
    expect(deaf.lines.filter(({ command }) => command === 'PONG')).toHaveLength(4_001)
  })
})
