// The socket to a network: TLS verified, pinned or not at all, client certificates, SOCKS5, outgoing address, IPv6, STS.
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { connect as connectTcp, createServer, type Server, type Socket } from 'node:net'
import tls from 'node:tls'
import { settableClock } from '@fuchsbau/shared/clock.ts'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Ca, type Certificate, createCa } from '../../../test/support/ca.ts'
import { modernCaps } from '../../../test/support/fake-irc/world.ts'
import { type FakeIrcServer, startFakeIrc } from '../../../test/support/fake-irc-server.ts'
import { waitFor } from '../../../test/support/wait-for.ts'
import { networkRecord, type Scene, startScene } from '../bouncer.fixture.ts'
import { type SocketOptions, socketOpener } from './socket.ts'

let ca: Ca
let certificate: Certificate
const trusted = tls.getCACertificates('default')
const closers: (() => unknown)[] = []
beforeAll(async () => {
  ca = await createCa()
  certificate = await ca.issue('localhost', '127.0.0.1')
})
afterAll(() => ca.close())
afterEach(async () => {
  tls.setDefaultCACertificates(trusted)
  for (const close of closers.splice(0).reverse()) await close()
})

const trustOurs = () => tls.setDefaultCACertificates([...trusted, ca.pem])
const never = new AbortController().signal
const fingerprintOf = ({ cert }: Certificate) => new X509Certificate(cert).fingerprint256

function options(port: number, change: Partial<SocketOptions> = {}): SocketOptions {
  return { ...networkRecord(port), host: 'localhost', bindAddress: '', ...change }
}

async function open(from: SocketOptions): Promise<Socket> {
  const socket = await socketOpener(from)(never)
  closers.push(() => socket.destroy())
  return socket
}

async function tlsServer(given = certificate): Promise<FakeIrcServer> {
  const server = await startFakeIrc({ tls: given })
  closers.push(() => server.stop())
  return server
}

describe('TLS', () => {
  const transport = 'tls' as const

  test('a certificate of a known authority for the right name is accepted', async () => {
    trustOurs()
    const server = await tlsServer()
    const socket = await open(options(server.port, { transport }))
    expect(socket.writable).toBe(true)
  })

  test('one of an unknown authority is refused, with what to do', async () => {
    const server = await tlsServer()
    const opening = open(options(server.port, { transport }))
    await expect(opening).rejects.toMatchObject({
      kind: 'certificate',
      message: expect.stringMatching(/not trusted .*pin its fingerprint/),
    })
  })

  test('one for another name is refused', async () => {
    trustOurs()
    const server = await tlsServer(await ca.issue('other.test'))
    await expect(open(options(server.port, { transport }))).rejects.toMatchObject({
      kind: 'certificate',
    })
  })

  test('a pinned one is accepted whoever signed it, in any spelling', async () => {
    const server = await tlsServer()
    const fingerprint = fingerprintOf(certificate)
    const pinned = options(server.port, { transport, fingerprint })
    expect((await open(pinned)).writable).toBe(true)
    const plain = fingerprint.replaceAll(':', '').toLowerCase()
    expect((await open({ ...pinned, fingerprint: plain })).writable).toBe(true)
  })

  test('a pinned one may be named by its SHA-512, as soju does', async () => {
    const server = await tlsServer()
    const { fingerprint512 } = new X509Certificate(certificate.cert)
    const pinned = options(server.port, { transport, fingerprint: fingerprint512 })
    expect((await open(pinned)).writable).toBe(true)
    const other = new X509Certificate((await ca.issue('127.0.0.1')).cert).fingerprint512
    await expect(open({ ...pinned, fingerprint: other })).rejects.toMatchObject({
      kind: 'certificate',
    })
  })

  test('another than the pinned one is refused, also when an authority signed it, and is told', async () => {
    trustOurs()
    const server = await tlsServer()
    const other = await ca.issue('127.0.0.1')
    const opening = open(options(server.port, { transport, fingerprint: fingerprintOf(other) }))
    const shown = fingerprintOf(certificate).replaceAll(':', '').toLowerCase()
    await expect(opening).rejects.toMatchObject({
      kind: 'certificate',
      message: expect.stringContaining(shown),
    })
  })

  test('our own certificate is shown, where there is one', async () => {
    trustOurs()
    const server = await tlsServer()
    const own = await ca.issue('fox.test')
    await open(options(server.port, { transport, certificate: own.cert, privateKey: own.key }))
    await waitFor(() => server.connections[0], { what: 'the connection' })
    const shown = fingerprintOf(own).replaceAll(':', '').toLowerCase()
    expect(server.connections[0]?.fingerprint).toBe(shown)
  })

  test('a server without TLS is told as such', async () => {
    const server = await startFakeIrc({ refuse: 'hello' })
    closers.push(() => server.stop())
    await expect(open(options(server.port, { transport }))).rejects.toThrow('does not speak TLS')
  })
})

describe('addresses', () => {
  test('the outgoing address is the one that is configured', async () => {
    const from = await accepting('127.0.0.1', (port) =>
      open(options(port, { host: '127.0.0.1', bindAddress: '127.0.0.77' })),
    )
    expect(from).toBe('127.0.0.77')
  })

  test('IPv6', async () => {
    const from = await accepting('::1', (port) =>
      open(options(port, { host: '::1', bindAddress: '::1' })),
    )
    expect(from).toBe('::1')
  })

  test('a server that is away is told in words', async () => {
    const server = await startFakeIrc()
    await server.stop()
    await expect(open(options(server.port, { host: '127.0.0.1' }))).rejects.toThrow(
      'refuses connections',
    )
  })
})

/** Where a connection to a server on this address comes from. */
async function accepting(
  host: string,
  begin: (port: number) => Promise<unknown>,
): Promise<string | undefined> {
  const server = createServer().listen(0, host)
  await once(server, 'listening')
  closers.push(() => server.close())
  const accepted = once(server, 'connection')
  await begin(portOf(server))
  const [socket] = (await accepted) as [Socket]
  closers.push(() => socket.destroy())
  return socket.remoteAddress
}

function portOf(server: Server): number {
  const address = server.address()
  if (typeof address !== 'object' || !address) throw new Error('no port')
  return address.port
}

describe('SOCKS5', () => {
  test('with a password; the proxy is given the name, and TLS is verified behind it', async () => {
    trustOurs()
    const server = await tlsServer()
    const proxy = await startSocks('fox', 'se:cret')
    const socks = `fox:${encodeURIComponent('se:cret')}@127.0.0.1:${proxy.port}`
    await open(options(server.port, { transport: 'tls', socks }))
    expect(proxy.asked).toEqual([`localhost:${server.port}`])
    await waitFor(() => server.connections[0], { what: 'the connection' })
    expect(server.connections[0]?.servername).toBe('localhost')
    const wrong = options(server.port, {
      host: '127.0.0.1',
      transport: 'tls',
      socks,
      fingerprint: 'ab',
    })
    await expect(open(wrong)).rejects.toMatchObject({ kind: 'certificate' })
  })

  test('a certificate for an address is verified behind a proxy, too', async () => {
    trustOurs()
    const server = await tlsServer()
    const proxy = await startSocks('', '')
    const socks = `127.0.0.1:${proxy.port}`
    const byAddress = options(server.port, { host: '127.0.0.1', transport: 'tls', socks })
    expect((await open(byAddress)).writable).toBe(true)
    server.setCertificate(await ca.issue('other.test'))
    await expect(open(byAddress)).rejects.toMatchObject({ kind: 'certificate' })
  })

  test('a wrong password is an error', async () => {
    const proxy = await startSocks('fox', 'secret')
    const socks = `fox:no@127.0.0.1:${proxy.port}`
    await expect(open(options(1, { socks }))).rejects.toThrow()
  })
})

/** A SOCKS5 proxy (RFC 1928, 1929) that takes whole messages; without a name it asks for no password. */
async function startSocks(name: string, password: string) {
  const asked: string[] = []
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    const reply = (...bytes: number[]) => socket.write(Buffer.from(bytes))
    const relay = (request: Buffer) => {
      const isName = request[3] === 3
      const length = isName ? (request[4] ?? 0) : 4
      const start = isName ? 5 : 4
      const raw = request.subarray(start, start + length)
      const host = isName ? raw.toString() : [...raw].join('.')
      const port = request.readUInt16BE(start + length)
      asked.push(`${host}:${port}`)
      const target = connectTcp({ host, port }, () => {
        reply(5, 0, 0, 1, 0, 0, 0, 0, 0, 0)
        socket.pipe(target).pipe(socket)
      })
      target.on('error', () => socket.destroy())
      closers.push(() => target.destroy())
    }
    socket.once('data', () => {
      reply(5, name ? 2 : 0)
      socket.once('data', (first: Buffer) => {
        if (!name) {
          relay(first)
          return
        }
        const given = first.subarray(2, 2 + (first[1] ?? 0)).toString()
        const isRight = given === name && first.subarray(3 + given.length).toString() === password
        reply(1, isRight ? 0 : 1)
        if (isRight) socket.once('data', relay)
      })
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(() => server.close())
  return { port: portOf(server), asked }
}

describe('STS', () => {
  const sts = (value: string) => ({ caps: { ...modernCaps, sts: value } })
  let scene: Scene

  async function begin(value: (tlsPort: number) => string) {
    trustOurs()
    const secure = await startFakeIrc({ tls: certificate, ...sts('duration=3600,preload') })
    closers.push(() => secure.stop())
    const clock = settableClock(1_700_000_000_000)
    scene = await startScene({
      clock,
      server: sts(value(secure.port)),
      network: { host: 'localhost' },
      isConnected: false,
    })
    closers.push(() => scene[Symbol.asyncDispose]())
    return { secure, clock }
  }
  const isReady = () => scene.network.upstream?.isReady === true

  test('a plain connection is made anew with TLS before anything is joined, and the policy is kept', async () => {
    const { secure, clock } = await begin((port) => `port=${port}`)
    clock.advance(0)
    await waitFor(() => scene.network.keeper.state === 'waiting', { what: 'the end' })
    clock.advance(0)
    await waitFor(isReady, { what: 'the welcome' })
    expect(scene.network.upstream?.isTls).toBe(true)
    expect(secure.connections).toHaveLength(1)
    expect(scene.store.sts.get('localhost', clock.now())).toMatchObject({
      port: secure.port,
      until: clock.now() + 3_600_000,
      isPreload: true,
    })
  })

  test('while the policy holds nothing is spoken in the clear, also when TLS fails', async () => {
    const { secure, clock } = await begin((port) => `port=${port}`)
    const until = clock.now() + 60_000_000
    scene.store.sts.set({ host: 'localhost', port: secure.port, until, isPreload: false })
    await secure.stop()
    for (let attempt = 0; attempt < 5; attempt++) {
      clock.advance(120_000)
      await waitFor(() => scene.network.keeper.state === 'waiting', { what: 'the wait' })
    }
    expect(scene.server.accepted).toEqual([])
  })

  test('a duration of 0 ends it', async () => {
    const { secure, clock } = await begin((port) => `port=${port}`)
    secure.settings.caps['sts'] = 'duration=0'
    const until = clock.now() + 60_000_000
    scene.store.sts.set({ host: 'localhost', port: secure.port, until, isPreload: false })
    clock.advance(0)
    await waitFor(isReady, { what: 'the welcome' })
    expect(scene.store.sts.get('localhost', clock.now())).toBeUndefined()
  })
})
