// Persons and what is theirs: nobody gets at another's.

import { describe, expect, test } from 'vitest'
import { addNetwork, addUser, NOON, networkOf, testStore } from './store.fixture.ts'

describe('persons', () => {
  test('come back as they were stored, by id, name in any case, and subject', () => {
    const { store, directory } = testStore()
    const alice = addUser(store, 'Alice')
    const changed = { ...alice, isAdmin: true, subject: 'https://id.example sub-1', nick: 'al' }
    expect(store.users.put(changed)).toBe(true)
    store.close()
    const { users } = testStore(directory).store
    expect(users.get(alice.id)).toEqual(changed)
    expect(users.named('aLICE')).toEqual(changed)
    expect(users.bySubject('https://id.example sub-1')).toEqual(changed)
    expect(users.bySubject('')).toBeUndefined()
    expect(users.list()).toEqual([changed])
  })

  test('have names and subjects of their own', () => {
    const { store } = testStore()
    const { id: _, ...alice } = addUser(store)
    const eve = addUser(store, 'eve')
    expect(store.users.add({ ...alice, name: 'ALICE' })).toBeUndefined()
    expect(store.users.put({ ...eve, name: 'alice' })).toBe(false)
    expect(store.users.put({ ...eve, id: 99, name: 'nobody' })).toBe(false)
    expect(store.users.put({ ...eve, name: 'EVE' })).toBe(true)
  })

  test('take all that is theirs with them', () => {
    const { store } = testStore()
    const { userId, id } = addNetwork(store)
    const hash = 'aa'
    store.sessions.add({ hash, userId, createdAt: NOON, usedAt: NOON, address: '::1' })
    store.credentials.addFingerprint({ fingerprint: 'AB', userId, label: '', createdAt: NOON })
    expect(store.users.remove(userId)).toBe(true)
    expect(store.networks.get(userId, id)).toBeUndefined()
    expect(store.sessions.get(hash)).toBeUndefined()
    expect(store.credentials.byFingerprint('ab')).toBeUndefined()
    expect(addUser(store).id).not.toBe(userId)
  })
})

describe('networks and channels', () => {
  test('come back as they were stored', () => {
    const { store } = testStore()
    const network = addNetwork(store)
    expect(store.networks.get(network.userId, network.id)).toEqual(network)
    const changed = { ...network, alternateNicks: [], port: 6667, transport: 'plain' as const }
    expect(store.networks.put(changed)).toBe(true)
    expect(store.networks.named(network.userId, 'LIBERA')).toEqual(changed)
    const channel = {
      networkId: network.id,
      name: '#fox',
      key: 'k',
      isDetached: true,
      reattachOn: 'highlight' as const,
      relayDetached: 'none' as const,
      detachAfterMs: 5,
    }
    const added = store.channels.add(channel)
    expect(added).toMatchObject(channel)
    expect(store.channels.add(channel)).toBeUndefined()
    expect(store.channels.list(network.id)).toEqual([added])
  })

  test('are not reached with the id of another person, or another network', () => {
    const { store } = testStore()
    const network = addNetwork(store)
    const eves = addNetwork(store, 'eve')
    expect(store.networks.get(eves.userId, network.id)).toBeUndefined()
    expect(store.networks.put({ ...network, userId: eves.userId, name: 'mine' })).toBe(false)
    expect(store.networks.remove(eves.userId, network.id)).toBe(false)
    expect(store.networks.add(networkOf(eves.userId, 'Libera'))).toBeUndefined()
    const channel = store.channels.add({
      networkId: network.id,
      name: '#fox',
      key: '',
      isDetached: false,
      reattachOn: 'none',
      relayDetached: 'none',
      detachAfterMs: 0,
    })
    if (!channel) throw new Error('not added')
    expect(store.channels.remove(eves.id, channel.id)).toBe(false)
    expect(store.channels.put({ ...channel, networkId: eves.id })).toBe(false)
    const push = { endpoint: 'https://p', p256dh: '', auth: '', createdAt: NOON }
    const foreign = { ...push, userId: eves.userId, networkId: network.id }
    expect(store.subscriptions.put(foreign)).toBe(false)
    expect(store.networks.list(eves.userId)).toEqual([eves])
  })
})

describe('credentials', () => {
  const scram = { salt: 'c2FsdA==', iterations: 4096, storedKey: 'a', serverKey: 'b' }

  test("app passwords are found among a person's own", () => {
    const { store } = testStore()
    const alice = addUser(store)
    const eve = addUser(store, 'eve')
    const about = { userId: alice.id, label: 'phone', hash: 'h', scram, createdAt: NOON }
    const password = store.credentials.addAppPassword(about)
    expect(store.credentials.appPassword(alice.id, 'h')).toEqual(password)
    expect(store.credentials.appPassword(eve.id, 'h')).toBeUndefined()
    store.credentials.noteUse(password, NOON + 1, '192.0.2.1')
    const used = { ...password, lastUsedAt: NOON + 1, lastUsedFrom: '192.0.2.1' }
    expect(store.credentials.appPasswords(alice.id)).toEqual([used])
    expect(store.credentials.removeAppPassword(eve.id, password.id)).toBe(false)
    expect(store.credentials.removeAppPassword(alice.id, password.id)).toBe(true)
  })

  test('verifiers and fingerprints', () => {
    const { store } = testStore()
    const { id: userId } = addUser(store)
    store.credentials.setScram(userId, scram)
    store.credentials.setScram(userId, { ...scram, iterations: 8192 })
    expect(store.credentials.scram(userId)?.iterations).toBe(8192)
    store.credentials.setScram(userId, undefined)
    expect(store.credentials.scram(userId)).toBeUndefined()
    const mine = { fingerprint: 'abcd', userId, label: 'irssi', createdAt: NOON }
    expect(store.credentials.addFingerprint({ ...mine, fingerprint: 'ABCD' })).toBe(true)
    expect(store.credentials.addFingerprint(mine)).toBe(false)
    expect(store.credentials.byFingerprint('abCD')).toEqual(mine)
    expect(store.credentials.removeFingerprint(userId + 1, 'abcd')).toBe(false)
    expect(store.credentials.removeFingerprint(userId, 'abcd')).toBe(true)
    expect(store.credentials.fingerprints(userId)).toEqual([])
  })

  test('sessions end when they are old, unused, or told to', () => {
    const { store } = testStore()
    const { id: userId } = addUser(store)
    const add = (hash: string, createdAt: number, usedAt: number) =>
      store.sessions.add({ hash, userId, createdAt, usedAt, address: '' })
    add('old', 1, 500)
    add('unused', 100, 101)
    add('live', 100, 100)
    store.sessions.noteUse('live', 600, '192.0.2.1')
    store.sessions.expire(400, 50)
    expect(store.sessions.list(userId).map(({ hash }) => hash)).toEqual(['live'])
    store.sessions.remove(userId + 1, 'live')
    expect(store.sessions.get('live')).toMatchObject({ usedAt: 600, address: '192.0.2.1' })
    store.sessions.removeAll(userId)
    expect(store.sessions.get('live')).toBeUndefined()
  })

  test('the audit has the last 10,000 attempts', () => {
    const { store } = testStore()
    const attempt = {
      account: 'x'.repeat(999),
      address: '::1',
      method: 'PASS',
      client: '',
      outcome: 'ok',
    }
    for (let at = 0; at < 10_050; at++) store.audit.add({ ...attempt, at })
    const all = store.audit.list(20_000)
    expect([all.length, all[0]?.at, all.at(-1)?.at]).toEqual([10_000, 10_049, 50])
    expect(all[0]?.account).toHaveLength(200)
    expect(store.audit.list(5, 'nobody')).toEqual([])
  })
})

describe('places', () => {
  test('a read marker moves only forward', () => {
    const { store } = testStore()
    const { id } = addNetwork(store)
    expect(store.markers.get(id, '#fox')).toBeUndefined()
    expect(store.markers.set(id, '#fox', 50)).toEqual({ time: 50, isNew: true })
    expect(store.markers.set(id, '#fox', 40)).toEqual({ time: 50, isNew: false })
    expect(store.markers.list(id)).toEqual([{ foldedTarget: '#fox', time: 50 }])
  })

  test('a receipt moves only forward, and is kept with the next commits', () => {
    const { store, directory, clock } = testStore()
    const { id } = addNetwork(store)
    store.receipts.set(id, 'phone', 7)
    store.receipts.set(id, 'phone', 5)
    store.receipts.set(id, '', 3)
    clock.advance(100)
    store.receipts.set(id, 'phone', 9)
    expect(store.receipts.get(id, 'phone')).toBe(9)
    expect(store.receipts.forget(id, '')).toBe(true)
    expect(store.receipts.forget(id, '')).toBe(false)
    store.close()
    const again = testStore(directory).store
    expect(again.receipts.list(id)).toEqual([
      { networkId: id, client: 'phone', messageId: 9, at: NOON + 100 },
    ])
  })

  test('a policy of STS is in force until its time, for the host in any case', () => {
    const { store } = testStore()
    const policy = { host: 'irc.example', port: 6697, until: NOON, isPreload: true }
    store.sts.set(policy)
    expect(store.sts.get('IRC.example', NOON - 1)).toEqual(policy)
    expect(store.sts.get('irc.example', NOON)).toBeUndefined()
    store.sts.expire(NOON)
    expect(store.sts.get('irc.example', 0)).toBeUndefined()
  })

  test('a network has at most 50 push subscriptions, each endpoint once', () => {
    const { store } = testStore()
    const { id: networkId, userId } = addNetwork(store)
    for (let n = 0; n < 60; n++) {
      const endpoint = `https://push.example/${n % 55}`
      store.subscriptions.put({
        userId,
        networkId,
        endpoint,
        p256dh: 'k',
        auth: `${n}`,
        createdAt: n,
      })
    }
    const all = store.subscriptions.list(userId, networkId)
    expect(all).toHaveLength(50)
    expect(all.find(({ endpoint }) => endpoint.endsWith('/0'))?.auth).toBe('55')
    expect(store.subscriptions.remove(userId + 1, networkId, 'https://push.example/0')).toBe(false)
    expect(store.subscriptions.remove(userId, networkId, 'https://push.example/0')).toBe(true)
  })
})

test('of read markers the newest 10,000 of a network are kept', () => {
  const { store } = testStore()
  const { id } = addNetwork(store)
  for (let at = 1; at <= 10_200; at += 1) store.markers.set(id, `nick${at}`, at)
  expect(store.markers.list(id)).toHaveLength(10_000)
  expect(store.markers.get(id, 'nick200')).toBeUndefined()
  expect(store.markers.get(id, 'nick201')).toBe(201)
})
