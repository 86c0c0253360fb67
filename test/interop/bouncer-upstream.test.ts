// The bouncer at real networks: InspIRCd 3 with atheme, InspIRCd 4, ngIRCd. It connects, logs in, joins, talks, pastes 100
// lines with the servers' own limits, and comes back after they were killed.

import { X509Certificate } from 'node:crypto'
import { connect as connectTls } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Scene, startScene } from '../../services/bouncer/bouncer.fixture.ts'
import type { NetworkRecord } from '../../services/bouncer/store/records.ts'
import { startAtheme } from '../support/atheme.ts'
import { type Ca, createCa } from '../support/ca.ts'
import { startInspircd } from '../support/inspircd.ts'
import { connect, type IrcClient } from '../support/irc-client.ts'
import { startNgircd } from '../support/ngircd.ts'
import { requirePeer } from '../support/peers.ts'
import { waitFor } from '../support/wait-for.ts'

let ca: Ca
let scene: Scene | undefined
beforeAll(async () => {
  ca = await createCa()
})
afterAll(() => ca.close())
afterEach(async () => {
  await scene?.[Symbol.asyncDispose]()
  scene = undefined
})

async function begin(network: Partial<NetworkRecord>): Promise<Scene> {
  const begun = await startScene({ network: { host: '127.0.0.1', ...network }, isConnected: false })
  scene = begun
  await connected(begun)
  return begun
}

const connected = ({ network }: Scene) =>
  waitFor(() => network.upstream?.isReady, {
    what: 'the welcome',
    timeoutMs: 40_000,
    context: () => `${network.keeper.state}: ${network.keeper.lastError}`,
  })

/** The pin of a server's certificate. */
async function pin(port: number): Promise<string> {
  const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false })
  await new Promise((resolve) => socket.once('secureConnect', resolve))
  const { fingerprint256 = '' } = socket.getPeerCertificate()
  socket.destroy()
  return fingerprint256
}

/** Somebody else in #den, on the network itself. */
async function badgerAt(port: number): Promise<IrcClient> {
  const badger = await connect({ port })
  await badger.register({ nick: 'badger' })
  badger.send('JOIN #den')
  await badger.expect('366 * #den')
  return badger
}

/** Both sides of the bouncer hear each other. */
async function talk(client: IrcClient, badger: IrcClient, word: string) {
  client.send(`PRIVMSG #den :hello ${word}`)
  await badger.expect(`PRIVMSG #den hello ${word}`.replace(/ hello .*/, ''), { timeoutMs: 20_000 })
  badger.send(`PRIVMSG #den :hi ${word}`)
  await client.expect(new RegExp(`^:badger!\\S+ PRIVMSG #den :?hi ${word}$`), { timeoutMs: 20_000 })
}

async function paste(client: IrcClient, badger: IrcClient) {
  const lines = Array.from(
    { length: 100 },
    (_, index) => `pasted ${index} ${'x'.repeat(1 + index * 3)}`,
  )
  client.send(...lines.map((line) => `PRIVMSG #den :${line}`))
  await badger.expect(/:pasted 99 /, { timeoutMs: 300_000 })
  const heard = badger.lines.flatMap(({ command, params }) =>
    command === 'PRIVMSG' && params[1]?.startsWith('pasted') ? [params[1]] : [],
  )
  expect(heard).toEqual(lines)
}

const inspircds = [
  { version: 3, peer: 'inspircd3' },
  { version: 4, peer: 'inspircd4' },
] as const

describe.each(inspircds)('InspIRCd $version', ({ version, peer }) => {
  test.skipIf(!requirePeer(peer))(
    'talks by TLS with a pin, and comes back after a kill',
    async () => {
      await using ircd = await startInspircd({ ca, version })
      const fingerprint = await pin(ircd.tlsPort)
      const { client: join, network } = await begin({
        port: ircd.tlsPort,
        transport: 'tls',
        fingerprint,
      })
      await using client = await join()
      client.send('JOIN #den')
      await client.expect('366 * #den')
      const badger = await badgerAt(ircd.port)
      await talk(client, badger, 'once')
      expect(network.upstream?.isTls).toBe(true)
      // InspIRCd 3 answers a request with a label under the new nick.
      for (const [from, to] of [
        ['fox', 'vixen'],
        ['vixen', 'fox'],
      ] as const) {
        client.send(`NICK ${to}`)
        expect((await client.expect(`NICK ${to}`)).nick).toBe(from)
        expect(network.upstream?.nick).toBe(to)
      }
      badger.cut()
      await ircd.kill()
      await client.expect(/NOTICE \S+ :Disconnected from den/)
      await ircd.start()
      await client.expect(/NOTICE \S+ :Connected to den again/, { timeoutMs: 60_000 })
      await client.expect('366 * #den', { timeoutMs: 20_000 })
      await using again = await badgerAt(ircd.port)
      await talk(client, again, 'again')
      ircd.replaceCertificate(await ca.issue('127.0.0.1', 'other.test'))
      again.send('OPER oper oper', 'KILL fox :begone')
      await client.expect(/Cannot connect to den: .*not the pinned one/, { timeoutMs: 60_000 })
    },
    180_000,
  )

  test.skipIf(!requirePeer(peer))(
    'a paste of 100 lines arrives whole with its own limits',
    async () => {
      await using ircd = await startInspircd({ ca, version, relaxed: false })
      const { client: join } = await begin({ port: ircd.port })
      await using client = await join()
      client.send('JOIN #den')
      await client.expect('366 * #den')
      await using badger = await badgerAt(ircd.port)
      await paste(client, badger)
      expect(client.lines.map(({ raw }) => raw).join()).not.toContain('Disconnected')
    },
    400_000,
  )
})

describe('atheme at InspIRCd 3', () => {
  const hasPeers = requirePeer('inspircd3') && requirePeer('atheme')

  test.skipIf(!hasPeers)(
    'SASL PLAIN and EXTERNAL, and NickServ instead',
    async () => {
      await using ircd = await startInspircd({ ca, version: 3 })
      await using services = await startAtheme({ ircd })
      const own = await ca.issue('fox.test')
      const shown = new X509Certificate(own.cert).fingerprint256.replaceAll(':', '').toLowerCase()
      await services.addAccount('vixen', 'earthden', shown)
      const fingerprint = await pin(ircd.tlsPort)
      const account = () => scene?.network.upstream?.registration.account
      const tls = { port: ircd.tlsPort, transport: 'tls', fingerprint } as const
      const login = { saslUser: 'vixen', saslPassword: 'earthden' }
      await begin({ ...tls, ...login, saslMechanism: 'PLAIN' })
      expect(account()).toBe('vixen')
      await scene?.[Symbol.asyncDispose]()
      const certificate = { certificate: own.cert, privateKey: own.key }
      await begin({ ...tls, ...certificate, saslUser: 'vixen', saslMechanism: 'EXTERNAL' })
      expect(account()).toBe('vixen')
      await scene?.[Symbol.asyncDispose]()
      await begin({ ...tls, nickservPassword: 'earthden', nick: 'vixen' })
      await waitFor(() => account() === 'vixen', { what: 'NickServ', timeoutMs: 20_000 })
    },
    120_000,
  )

  test.skipIf(!hasPeers)(
    'SASL that the first link of services brings is tried then',
    async () => {
      await using ircd = await startInspircd({ ca, version: 3 })
      const login = { saslUser: 'vixen', saslPassword: 'earthden' }
      const begun = await begin({ port: ircd.port, ...login, saslMechanism: 'PLAIN' })
      expect(begun.network.upstream?.registration.saslFailure).toContain('no SASL')
      await using services = await startAtheme({ ircd })
      await services.addAccount('vixen', 'earthden')
      // The account is made behind CAP NEW: what is seen is that it was tried then.
      const failure = () => begun.network.upstream?.registration.saslFailure ?? ''
      await waitFor(() => !failure().includes('no SASL'), { what: 'SASL' })
      expect(begun.network.upstream?.registration.available.has('sasl')).toBe(true)
      expect(begun.network.upstream?.isReady).toBe(true)
    },
    120_000,
  )
})

describe('ngIRCd', () => {
  test.skipIf(!requirePeer('ngircd'))(
    'talks, pastes 100 lines, and comes back after a kill',
    async () => {
      await using ircd = await startNgircd({ ca, password: 'gate' })
      const { client: join, network } = await begin({ port: ircd.port, serverPassword: 'gate' })
      await using client = await join()
      client.send('JOIN #den')
      await client.expect('366 * #den')
      const login = async () => {
        const badger = await connect({ port: ircd.port })
        await badger.register({ nick: 'badger', pass: 'gate' })
        badger.send('JOIN #den')
        await badger.expect('366 * #den')
        return badger
      }
      const badger = await login()
      await talk(client, badger, 'once')
      await paste(client, badger)
      badger.cut()
      await ircd.kill()
      await client.expect(/NOTICE \S+ :Disconnected from den/)
      await ircd.start()
      await client.expect('366 * #den', { timeoutMs: 60_000 })
      await using again = await login()
      await talk(client, again, 'again')
      expect(network.upstream?.caps.has('multi-prefix')).toBe(true)
    },
    400_000,
  )
})
