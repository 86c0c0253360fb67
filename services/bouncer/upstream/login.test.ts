// Logging in to networks: SASL by each mechanism, late, refused or not there; NickServ instead; the wanted nick.
import { settableClock } from '@fuchsbau/shared/clock.ts'
import { afterEach, describe, expect, test } from 'vitest'
import { modernCaps } from '../../../test/support/fake-irc/world.ts'
import { waitFor } from '../../../test/support/wait-for.ts'
import { type Scene, type SceneOptions, startScene } from '../bouncer.fixture.ts'

let scene: Scene
afterEach(() => scene[Symbol.asyncDispose]())

const sasl = { saslUser: 'vixen', saslPassword: 'den=,ü' } as const
const offering = (mechanisms: string) => ({ caps: { ...modernCaps, sasl: mechanisms } })
const accounts = { vixen: 'den=,ü' }
const account = () => scene.network.upstream?.registration.account
const said = (command: string) =>
  scene.server.received.filter((line) => line.command === command).map(({ raw }) => raw)
const isRegistered = (nick: string) => () => scene.network.upstream?.nick === nick

async function begin(options: SceneOptions) {
  scene = await startScene(options)
}

describe('SASL', () => {
  test.each(['PLAIN', 'SCRAM-SHA-256'] as const)(
    '%s logs in before the welcome',
    async (saslMechanism) => {
      const server = { accounts, ...offering('PLAIN,EXTERNAL,SCRAM-SHA-256') }
      await begin({ server, network: { ...sasl, saslMechanism } })
      expect(account()).toBe('vixen')
      expect(scene.server.client('fox').user.account).toBe('vixen')
      expect(said('AUTHENTICATE')[0]).toBe(`AUTHENTICATE ${saslMechanism}`)
    },
  )

  test('a password of more than 300 bytes goes in parts of 400 characters', async () => {
    const saslPassword = 'x'.repeat(400)
    const server = { accounts: { vixen: saslPassword }, ...offering('PLAIN') }
    await begin({ server, network: { ...sasl, saslPassword, saslMechanism: 'PLAIN' } })
    expect(account()).toBe('vixen')
  })

  test('a wrong password is told, and the connection goes on without', async () => {
    const server = { accounts, ...offering('SCRAM-SHA-256') }
    await begin({
      server,
      network: { ...sasl, saslPassword: 'no', saslMechanism: 'SCRAM-SHA-256' },
    })
    expect(account()).toBeUndefined()
    expect(scene.network.upstream?.registration.saslFailure).toBeTruthy()
  })

  test('a mechanism that is not offered is not replaced by a weaker one', async () => {
    const server = { accounts, ...offering('PLAIN') }
    await begin({ server, network: { ...sasl, saslMechanism: 'SCRAM-SHA-256' } })
    expect(said('AUTHENTICATE')).toEqual([])
    expect(scene.network.upstream?.registration.saslFailure).toContain('PLAIN')
  })

  test('a server that cannot prove that it knows the password is left', async () => {
    const server = { accounts, ...offering('SCRAM-SHA-256') }
    await begin({
      server,
      network: { ...sasl, saslMechanism: 'SCRAM-SHA-256' },
      isConnected: false,
    })
    scene.server.on('AUTHENTICATE', (_, connection) => {
      connection.numeric('903', 'SASL authentication successful')
      return true
    })
    const { keeper } = scene.network
    await waitFor(() => keeper.lastError, { what: 'the end of it' })
    expect(keeper.lastError).toContain('did not prove')
  })

  test('services that do not answer keep nobody out', async () => {
    const clock = settableClock(1_700_000_000_000)
    const server = { accounts, ...offering('PLAIN') }
    await begin({ server, network: { ...sasl, saslMechanism: 'PLAIN' }, isConnected: false, clock })
    scene.server.on('AUTHENTICATE', () => true)
    clock.advance(0)
    await scene.server.expectLine('AUTHENTICATE PLAIN')
    clock.advance(15_000)
    await waitFor(isReady, { what: 'the welcome' })
    expect(account()).toBeUndefined()
  })

  test('SASL that appears later (CAP NEW) logs in then, and the clients see it', async () => {
    await begin({ server: { accounts }, network: { ...sasl, saslMechanism: 'PLAIN' } })
    expect(scene.network.upstream?.registration.saslFailure).toContain('no SASL')
    scene.server.addCap('sasl', 'PLAIN')
    await waitFor(() => account() === 'vixen', { what: 'the account' })
    expect(scene.network.upstream?.registration.saslFailure).toBeUndefined()
    scene.server.removeCap('sasl')
    scene.server.addCap('sasl', 'PLAIN')
    await scene.settled()
    expect(said('AUTHENTICATE').filter((line) => line.endsWith('PLAIN'))).toHaveLength(1)
  })
})

const isReady = () => scene.network.upstream?.isReady === true

describe('NickServ', () => {
  const network = { nickservPassword: 'earth' }

  test('identifies where there is no SASL, and the password is neither stored nor shown', async () => {
    await begin({ server: { accounts: { fox: 'earth' } }, network })
    await using client = await scene.client('desk', ['echo-message'])
    await waitFor(() => account() === 'fox', { what: 'the account' })
    expect(said('PRIVMSG')).toEqual(
      expect.arrayContaining([expect.stringContaining('IDENTIFY earth')]),
    )
    await scene.settled()
    const stored = scene.store.messages.afterId(scene.network.record.id, 0, 100)
    expect(stored.map(({ text }) => text).join()).not.toContain('earth')
    expect((await client.sync()).map(({ raw }) => raw).join()).not.toContain('earth')
  })

  test('is not asked when SASL has logged in', async () => {
    const server = { accounts: { ...accounts, fox: 'earth' }, ...offering('PLAIN') }
    await begin({ server, network: { ...network, ...sasl, saslMechanism: 'PLAIN' } })
    await scene.settled()
    expect(said('PRIVMSG')).toEqual([])
  })

  test('a nick that is held is asked back: REGAIN, then GHOST where that is not known', {
    timeout: 20_000,
  }, async () => {
    await begin({ server: { accounts: { fox: 'earth' }, takenNicks: ['fox'] }, network })
    await scene.server.expectLine((line) => line.raw.includes('REGAIN fox earth'))
    await scene.server.expectLine((line) => line.raw.includes('GHOST fox earth'))
    scene.server.settings.takenNicks = []
    scene.server.notice('fox_', 'NickServ', 'fox has been ghosted.')
    await waitFor(isRegistered('fox'), { what: 'the nick' })
    expect(scene.network.upstream?.registration.account).toBe('fox')
  })
})

describe('a nick that is taken', () => {
  test('gets the alternates in turn, then one that is made', async () => {
    const takenNicks = ['fox', 'vixen', 'reynard']
    await begin({
      server: { takenNicks },
      network: { alternateNicks: ['vixen', 'reynard', 'todd'] },
    })
    expect(scene.network.upstream?.nick).toBe('todd')
  })

  test('clients are told which nick it is', async () => {
    await begin({ server: { takenNicks: ['fox'] } })
    await using client = await scene.client()
    expect(client.nick).toBe('fox_')
  })

  test('is taken back when MONITOR says that it is free', async () => {
    await begin({ server: {}, isConnected: false })
    scene.server.user('fox')
    await waitFor(isReady, { what: 'the welcome' })
    expect(scene.network.upstream?.nick).toBe('fox_')
    await scene.server.expectLine('MONITOR + fox')
    scene.server.quit('fox')
    await waitFor(isRegistered('fox'), { what: 'the nick' })
    expect(scene.server.client('fox').user.nick).toBe('fox')
  })

  test('without MONITOR it is taken back when its holder is seen to leave', async () => {
    const isupport = { CASEMAPPING: 'ascii', CHANTYPES: '#', PREFIX: '(ov)@+' }
    await begin({ server: { isupport }, isConnected: false })
    scene.server.join('#den', 'fox')
    await waitFor(isReady, { what: 'the welcome' })
    scene.network.upstream?.send({
      tags: new Map(),
      source: undefined,
      command: 'JOIN',
      params: ['#den'],
    })
    await waitFor(() => scene.network.upstream?.channels.get('#den')?.isReady, {
      what: 'the members',
    })
    scene.server.nick('fox', 'badger')
    await waitFor(isRegistered('fox'), { what: 'the nick' })
    expect(said('MONITOR')).toEqual([])
  })

  test('else it is tried every minute, and the refusals are not shown', async () => {
    const clock = settableClock(1_700_000_000_000)
    const isupport = { CASEMAPPING: 'ascii', CHANTYPES: '#', PREFIX: '(ov)@+' }
    await begin({ server: { isupport, takenNicks: ['fox'] }, isConnected: false, clock })
    clock.advance(0)
    await waitFor(isReady, { what: 'the welcome' })
    const pass = async (ms: number) => {
      for (let passed = 0; passed < ms; passed += 20_000) {
        clock.advance(20_000)
        await scene.settled()
      }
    }
    await using client = await scene.client()
    await pass(60_000)
    await scene.server.expectLine('NICK fox', { since: scene.server.received.length - 10 })
    await scene.settled()
    expect((await client.sync()).filter(({ command }) => command === '433')).toEqual([])
    scene.server.settings.takenNicks = []
    await pass(60_000)
    await waitFor(isRegistered('fox'), { what: 'the nick' })
    await client.expect('NICK fox')
  })

  test('a person who takes another nick herself keeps that', async () => {
    const takenNicks = ['fox']
    await begin({ server: { takenNicks } })
    await using client = await scene.client()
    client.send('NICK renard')
    await waitFor(isRegistered('renard'), { what: 'the nick' })
    const before = said('NICK').length
    scene.server.raw(':irc.fake.test 731 renard fox', 'renard')
    await scene.settled()
    expect(said('NICK')).toHaveLength(before)
  })
})
