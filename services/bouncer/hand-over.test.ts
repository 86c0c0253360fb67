// Handing a network over to the next process by way of the holder: what is told, what is not, and what is refused.
import { join } from 'node:path'
import { settableClock, systemClock } from '@fuchsbau/shared/clock.ts'
import { silentLog } from '@fuchsbau/shared/log.ts'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { makeTempData, removeTempData } from '../../test/support/temp-data.ts'
import { waitFor } from '../../test/support/wait-for.ts'
import { type Scene, type SceneOptions, startScene } from './bouncer.fixture.ts'
import { RETURN_MS } from './downstream/presence.ts'
import { type Holder, startHolder } from './hold/holder.ts'
import { HolderClient } from './hold/holder-client.ts'
import type { Network } from './network.ts'
import { readSnapshot, writeSnapshot } from './snapshot.ts'
import { takeState } from './upstream/snapshot.ts'

let directory: string
let path: string
let holder: Holder
let scene: Scene | undefined
beforeEach(async () => {
  directory = makeTempData('holder')
  path = join(directory, 'holder.sock')
  holder = await startHolder({
    path,
    quitMessage: 'gone',
    clock: systemClock(),
    log: silentLog(),
  })
})
afterEach(async () => {
  await scene?.[Symbol.asyncDispose]()
  scene = undefined
  await holder.close()
  removeTempData(directory)
})

async function begin(options: SceneOptions = {}): Promise<Scene> {
  const kept = { path, keepMs: 60_000, quitMessage: 'nobody came' }
  scene = await startScene({ channels: ['#den'], ...options, bouncer: { holder: kept } })
  return scene
}

async function handOver(begun: Scene) {
  expect(await begun.bouncer.handOver()).toBe(1)
  await begun.restart()
}

function snapshotOf(network: Network): Buffer {
  const upstream = network.upstream && takeState(network.upstream)
  if (!upstream) throw new Error('it cannot be handed over')
  const keeper = { registeredAt: 1, refused: [], configured: [], away: '', watched: [] }
  return writeSnapshot(network, { upstream, keeper })
}

describe('a snapshot', () => {
  test('holds no password and no key, neither of the settings nor of a channel', async () => {
    const secrets = {
      serverPassword: 'gate-secret',
      nickservPassword: 'nickserv-secret',
      saslUser: 'vixen',
      saslPassword: 'sasl-secret',
      connectCommands: ['PRIVMSG Q :AUTH vixen command-secret'],
    }
    const begun = await begin({ network: secrets, server: { password: 'gate-secret' } })
    begun.server.mode('#den', 'fox', '+k', 'key-secret')
    await begun.settled()
    await waitFor(() => begun.network.upstream?.waiting === 0, { what: 'an empty queue' })
    expect(begun.network.upstream?.channels.get('#den')?.modes.get('k')).toBe('key-secret')
    expect(snapshotOf(begun.network).toString()).not.toContain('secret')
  })

  test('is not made while a line waits that may hold a secret', async () => {
    const begun = await begin()
    const { upstream } = begun.network
    const send = (command: string, ...params: string[]) =>
      upstream?.send({ tags: new Map(), source: undefined, command, params })
    for (let count = 0; count < 10; count++) send('PRIVMSG', '#den', 'hello')
    send('WHO', '#den')
    send('MONITOR', '+', 'mole')
    const waiting = upstream && takeState(upstream)?.waiting
    expect(waiting?.at(-1)).toBe('MONITOR + mole')
    expect(waiting?.filter((line) => line.startsWith('WHO'))).toEqual([])
    send('PRIVMSG', 'NickServ', 'IDENTIFY secret')
    expect(upstream && takeState(upstream)).toBeUndefined()
    expect(await begun.bouncer.handOver()).toBe(0)
  })

  test('comes back as it was, and is of no use when it is damaged, newer, or for other settings', async () => {
    const { network } = await begin({ server: { motd: ['Welcome.'] } })
    const bytes = snapshotOf(network)
    const read = readSnapshot(network, bytes)
    expect('upstream' in read && read.upstream).toEqual(
      network.upstream && takeState(network.upstream),
    )
    const known = JSON.parse(bytes.toString()) as Record<string, object>
    const changed = (change: object) => Buffer.from(JSON.stringify({ ...known, ...change }))
    const damaged = { problem: 'it is damaged' }
    expect(readSnapshot(network, bytes.subarray(0, -1))).toEqual(damaged)
    expect(readSnapshot(network, Buffer.from('null'))).toEqual(damaged)
    expect(readSnapshot(network, changed({ upstream: [] }))).toEqual(damaged)
    expect(readSnapshot(network, changed({ keeper: undefined }))).toEqual(damaged)
    for (const field of Object.keys(known['upstream'] ?? {})) {
      const upstream = { ...known['upstream'], [field]: { unexpected: 1 } }
      expect(readSnapshot(network, changed({ upstream }))).toEqual(damaged)
    }
    expect(readSnapshot(network, changed({ v: 2 }))).toEqual({ problem: 'its version is 2' })
    network.record = { ...network.record, saslPassword: 'another' }
    expect(readSnapshot(network, bytes)).toEqual({ problem: 'the settings have changed' })
  })
})

describe('a connection that is handed over', () => {
  test('goes on: the same connection, the same state', async () => {
    const begun = await begin()
    begun.server.join('#den', 'hare')
    await begun.settled()
    const upstream = begun.network.upstream
    const before = upstream && takeState(upstream)
    await handOver(begun)
    const after = begun.network.upstream && takeState(begun.network.upstream)
    expect(after).toEqual(before)
    expect(begun.server.accepted).toHaveLength(1)
    expect(begun.network.keeper.state).toBe('connected')
  })

  test('is answered nothing that was asked before: labels go on where they were', async () => {
    const begun = await begin()
    begun.server.on('WHOIS', () => true)
    await using client = await begun.client('desk', ['labeled-response'])
    client.send('@label=a WHOIS hare')
    const asked = await begun.server.expectLine('WHOIS')
    await handOver(begun)
    await using again = await begun.client('desk', ['labeled-response'])
    again.send('@label=b WHOIS hare')
    const askedAgain = await begun.server.expectLine('WHOIS')
    expect(askedAgain.tags['label']).not.toBe(asked.tags['label'])
  })

  test('keeps its watched nicks, and their state is told to the client that comes back', async () => {
    const begun = await begin()
    begun.server.user('hare')
    await using client = await begun.client('desk')
    client.send('MONITOR + hare,mole')
    await client.expect('730 * hare!hare@hare.fake.test')
    await client.expect('731 * mole')
    await handOver(begun)
    await using again = await begun.client('desk')
    again.send('MONITOR + hare,mole')
    await again.expect('730 * hare!hare@hare.fake.test')
    await again.expect('731 * mole')
    const asked = begun.server.received.filter(({ command }) => command === 'MONITOR')
    expect(asked).toHaveLength(1)
  })

  test('is not away while its clients come back, and is when none has', async () => {
    const clock = settableClock(1_700_000_000_000)
    const begun = await begin({ clock, channels: [], isConnected: false })
    const isReady = () => {
      clock.advance(1)
      return begun.network.upstream?.isReady
    }
    await waitFor(isReady, { what: 'the welcome', everyMs: 5 })
    await using client = await begun.client('desk')
    await begun.server.expectLine(({ command, params }) => command === 'AWAY' && !params[0])
    await client.sync()
    const from = begun.server.received.length
    await handOver(begun)
    await begun.settled()
    const away = () =>
      begun.server.received
        .slice(from)
        .flatMap(({ command, params }) => (command === 'AWAY' ? [params[0]] : []))
    expect(away()).toEqual([])
    clock.advance(RETURN_MS)
    await begun.server.expectLine('AWAY')
    expect(away()).toEqual(['Away: no client is connected'])
  })

  test('with a snapshot that cannot be read is left with QUIT, and made anew', async () => {
    const begun = await begin()
    const key = begun.bouncer.holding?.keyOf(begun.network.record.id) ?? ''
    expect(await begun.bouncer.handOver()).toBe(1)
    const request = { do: 'keep', ms: 60_000, message: 'x', partial: '' } as const
    const held = await new HolderClient(path).resume(key)
    expect((await held?.keep(Buffer.from('{"v":1'), request))?.is).toBe('kept')
    held?.letGo()
    await begun.restart()
    expect((await begun.server.expectLine('QUIT')).params).toEqual(['connecting anew'])
    expect(begun.server.accepted).toHaveLength(2)
  })

  test('an echo of what was said to NickServ before is neither stored nor shown', async () => {
    const begun = await begin({ network: { nickservPassword: 'earthden' } })
    expect(await begun.bouncer.handOver()).toBe(1)
    begun.server.raw(':fox!fox@127.0.0.1 PRIVMSG NickServ :IDENTIFY earthden', 'fox')
    begun.server.say('#den', 'hare', 'hello')
    await begun.restart()
    await begun.settled()
    const lines = begun.store.messages.afterId(begun.network.record.id, 0, 100)
    expect(lines.map(({ text }) => text)).toContain('hello')
    expect(JSON.stringify(lines)).not.toContain('earthden')
  })
})
