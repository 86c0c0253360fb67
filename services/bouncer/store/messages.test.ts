import { describe, expect, test } from 'vitest'
import type { Bound } from './ranges.ts'
import { addNetwork, line, NOON, testStore } from './store.fixture.ts'

const texts = (messages: readonly { text: string }[]) => messages.map(({ text }) => text).join(' ')

describe('a message', () => {
  test('comes back as it was stored', () => {
    const { store } = testStore()
    const { id } = addNetwork(store)
    const said = line(id, 'hällo :wörld', {
      tags: { account: 'bob', '+draft/reply': 'a;b' },
      msgid: 'theirs-1',
      target: '#Fox',
      isOwn: true,
    })
    const { isNew, ...stored } = store.messages.append(said)
    expect(isNew).toBe(true)
    expect(stored).toEqual({ ...said, id: stored.id })
    store.commitTurn()
    expect(store.messages.byMsgid(id, '#fox', 'theirs-1')).toEqual(stored)
    expect(store.messages.afterId(id, 0, 10)).toEqual([stored])
  })

  test('without a msgid gets one of ours, which stays', () => {
    const { store, directory } = testStore()
    const { id } = addNetwork(store)
    const { msgid } = store.messages.append(line(id, 'hello'))
    expect(msgid).toMatch(/^fb[a-z]{4}[0-9a-z]+$/)
    store.close()
    expect(testStore(directory).store.messages.byMsgid(id, '#fox', msgid)?.text).toBe('hello')
  })

  test('of which the network has a msgid is stored once in each target', () => {
    const { store } = testStore()
    const { id } = addNetwork(store)
    const first = store.messages.append(line(id, 'hello', { msgid: 'm1' }))
    const again = store.messages.append(line(id, 'hello', { msgid: 'm1', time: NOON + 5 }))
    expect(again).toEqual({ ...first, isNew: false })
    const elsewhere = line(id, 'hello', { msgid: 'm1', target: '#den', foldedTarget: '#den' })
    expect(store.messages.append(elsewhere).isNew).toBe(true)
    store.commitTurn()
    expect(store.sizes()).toMatchObject({ messages: 2, targets: 2 })
  })

  test.each([
    '1OA~1732312345~0',
    '1OA~1732312345~123456789',
    '1OA~1732312345~01',
    '1OA~1732312345~9999999999',
    '12345',
    '1073741829',
    'pm2vkyn4wkqzq5u6ifhvvmjxye',
    'ü🦊',
    '~',
  ])('with the msgid %j is found by it, once and with no other', (msgid) => {
    const { store, directory } = testStore()
    const { id } = addNetwork(store)
    const others = ['1OA~1732312345~1', '2OA~1732312345~0', '1073741825', '1OA~1732312345~']
    for (const other of others) store.messages.append(line(id, other, { msgid: other }))
    expect(store.messages.byMsgid(id, '#fox', msgid)).toBeUndefined()
    expect(store.messages.append(line(id, 'it', { msgid, tags: { a: '🦊' } })).isNew).toBe(true)
    expect(store.messages.append(line(id, 'it', { msgid })).isNew).toBe(false)
    store.close()
    const { store: again } = testStore(directory)
    expect(again.messages.byMsgid(id, '#fox', msgid)).toMatchObject({ text: 'it', msgid })
    expect(again.messages.append(line(id, 'it', { msgid }))).toMatchObject({ isNew: false, msgid })
    const shown = again.messages.afterId(id, 0, 10).map((each) => each.msgid)
    expect(shown).toEqual([...others, msgid])
    again.removal.trim({ networkId: id }, { rows: 0 })
    expect(again.messages.sizes(id)).toEqual([])
    again.commitTurn()
    again.messages.append(line(id, 'new'))
    again.commitTurn()
    expect(again.messages.sizes(id)).toMatchObject([{ rows: 1, bytes: 63 }])
  })

  test('of a network with ever new prefixes of msgids is stored all the same', () => {
    const { store } = testStore()
    const { id } = addNetwork(store)
    for (let n = 0; n < 1100; n++) {
      store.messages.append(line(id, `${n}`, { msgid: `1OA~${n}~7` }))
    }
    for (const n of [0, 999, 1000, 1099]) {
      expect(store.messages.byMsgid(id, '#fox', `1OA~${n}~7`)?.text).toBe(`${n}`)
      expect(store.messages.append(line(id, '', { msgid: `1OA~${n}~7` })).isNew).toBe(false)
    }
  })

  test('of ours is found, also when the network gives another the same msgid', () => {
    const { store } = testStore()
    const { id } = addNetwork(store)
    const own = store.messages.append(line(id, 'ours'))
    const forged = store.messages.append(line(id, 'forged', { msgid: own.msgid }))
    expect(forged.isNew).toBe(true)
    expect(store.messages.byMsgid(id, '#fox', own.msgid)?.text).toBe('ours')
    const free = own.msgid.replace(/.$/, 'zzz')
    store.messages.append(line(id, 'looks like ours', { msgid: free }))
    expect(store.messages.byMsgid(id, '#fox', free)?.text).toBe('looks like ours')
  })

  test('is found in its own target and network only', () => {
    const { store } = testStore()
    const { id } = addNetwork(store)
    const other = addNetwork(store, 'eve')
    store.messages.append(line(other.id, 'x', { target: '#fox' }))
    const { msgid } = store.messages.append(line(id, 'secret'))
    const named = store.messages.append(line(id, 'secret', { msgid: 'm1' }))
    for (const each of [msgid, named.msgid]) {
      expect(store.messages.byMsgid(other.id, '#fox', each)).toBeUndefined()
      expect(store.messages.byMsgid(id, '#den', each)).toBeUndefined()
    }
  })

  test('that is redacted is shown and found no more, and does not come back', () => {
    const { store } = testStore()
    const { id } = addNetwork(store)
    const said = line(id, 'regrettable words', { msgid: 'm1' })
    store.messages.append(said)
    expect(store.search.find({ userId: 1, text: 'regrettable', limit: 5 }).messages).toHaveLength(1)
    expect(store.messages.redact(id, '#fox', 'm1')?.text).toBe('regrettable words')
    expect(store.messages.append(said)).toMatchObject({ isNew: false, text: '' })
    const query = { networkId: id, foldedTarget: '#fox', limit: 10, withEvents: true }
    expect(store.messages.latest(query)).toEqual([])
    expect(store.messages.afterId(id, 0, 10)).toEqual([])
    expect(store.search.find({ userId: 1, text: 'regrettable', limit: 5 }).messages).toEqual([])
    expect(store.messages.redact(id, '#fox', 'nothing')).toBeUndefined()
  })
})

/** Lines `0` to `n`, three in each millisecond, stored in an order that is not that of time. */
function conversation(count: number) {
  const { store } = testStore()
  const { id } = addNetwork(store)
  const order = Array.from({ length: count }, (_, n) => n).sort(
    (a, b) => (a % 2) - (b % 2) || a - b,
  )
  for (const n of order)
    store.messages.append(line(id, String(n), { time: NOON + Math.floor(n / 3) }))
  store.commitTurn()
  const query = { networkId: id, foldedTarget: '#fox', limit: 4, withEvents: false }
  const all = store.messages.latest({ ...query, limit: 1000 })
  const bound = (index: number): Bound => {
    const message = all.at(index)
    if (!message) throw new Error('no such message')
    return { time: message.time, id: message.id }
  }
  return { store, id, query, all, bound }
}

describe('ranges are ordered by time, then id (https://ircv3.net/specs/extensions/chathistory)', () => {
  test('all of them', () => {
    const { all } = conversation(9)
    expect(texts(all)).toBe('0 2 1 4 3 5 6 8 7')
  })

  test('LATEST, with and without a bound', () => {
    const { store, query, bound } = conversation(9)
    expect(texts(store.messages.latest(query))).toBe('5 6 8 7')
    expect(texts(store.messages.latest(query, bound(6)))).toBe('8 7')
    expect(texts(store.messages.latest(query, { time: NOON + 1 }))).toBe('6 8 7')
  })

  test('BEFORE and AFTER leave the bound out, a time with its whole millisecond', () => {
    const { store, query, bound } = conversation(9)
    expect(texts(store.messages.before(query, bound(4)))).toBe('0 2 1 4')
    expect(texts(store.messages.before(query, { time: NOON + 1 }))).toBe('0 2 1')
    expect(texts(store.messages.after(query, bound(4)))).toBe('5 6 8 7')
    expect(texts(store.messages.after(query, { time: NOON + 1 }))).toBe('6 8 7')
  })

  test('BETWEEN begins at its first bound, forwards or backwards', () => {
    const { store, query, bound } = conversation(9)
    expect(texts(store.messages.between({ ...query, limit: 2 }, bound(1), bound(7)))).toBe('1 4')
    expect(texts(store.messages.between({ ...query, limit: 2 }, bound(7), bound(1)))).toBe('5 6')
  })

  test('AROUND has the message itself', () => {
    const { store, query, bound } = conversation(9)
    expect(texts(store.messages.around(query, bound(4)))).toBe('1 4 3 5')
    expect(texts(store.messages.around(query, bound(0)))).toBe('0 2 1 4')
  })

  test('paging by msgid loses nothing where many share a millisecond', () => {
    const { store, id } = conversation(0)
    for (let n = 0; n < 5000; n++)
      store.messages.append(line(id, String(n), { time: NOON + (n % 2) }))
    const query = { networkId: id, foldedTarget: '#fox', limit: 333, withEvents: false }
    const seen = new Set<string>()
    let page = store.messages.latest(query)
    while (page[0]) {
      for (const { msgid } of page) seen.add(msgid)
      page = store.messages.before(query, page[0])
    }
    expect(seen.size).toBe(5000)
  })

  test('events count only for those who want them, and a page has 1000 rows at most', () => {
    const { store, id, query } = conversation(3)
    for (let n = 0; n < 1500; n++)
      store.messages.append(line(id, '', { kind: 'JOIN', time: NOON + 9 }))
    expect(texts(store.messages.latest(query))).toBe('0 2 1')
    expect(store.messages.latest({ ...query, limit: 5000, withEvents: true })).toHaveLength(1000)
    expect(store.messages.latest({ ...query, limit: 0 })).toEqual([])
    expect(store.messages.latest({ ...query, limit: -1 })).toEqual([])
  })

  test('TARGETS have the time of their last message', () => {
    const { store, id } = conversation(9)
    store.messages.append(line(id, 'hi', { target: 'Bob', foldedTarget: 'bob', time: NOON + 50 }))
    const bob = { target: 'Bob', foldedTarget: 'bob', time: NOON + 50 }
    const fox = { target: '#fox', foldedTarget: '#fox', time: NOON + 2 }
    expect(store.messages.targets(id, NOON, NOON + 100, 10)).toEqual([fox, bob])
    expect(store.messages.targets(id, NOON + 100, NOON + 2, 10)).toEqual([bob])
    expect(store.messages.targets(id, NOON, NOON + 100, 1)).toEqual([fox])
  })
})

test('what a client missed comes in pages by id, from all targets of its network', () => {
  const { store } = testStore()
  const { id } = addNetwork(store)
  const other = addNetwork(store, 'eve')
  for (let n = 0; n < 25; n++) {
    const target = `#c${n % 3}`
    store.messages.append(
      line(n % 5 === 0 ? other.id : id, String(n), { target, foldedTarget: target }),
    )
  }
  const first = store.messages.afterId(id, 0, 8)
  const rest = store.messages.afterId(id, first.at(-1)?.id ?? 0, 5000)
  expect(texts([...first, ...rest])).toBe('1 2 3 4 6 7 8 9 11 12 13 14 16 17 18 19 21 22 23 24')
  expect(store.messages.afterId(id, rest.at(-1)?.id ?? 0, 10)).toEqual([])
  expect(store.messages.countAfterId(id, first.at(-1)?.id ?? 0)).toBe(12)
})
