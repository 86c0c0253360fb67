import { join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { checkDatabase } from './database.ts'
import { MOST_REMOVED } from './removal.ts'
import { addNetwork, line, NOON, type TestStore, testStore } from './store.fixture.ts'
import type { Store } from './store.ts'

function filled(perTarget: number): TestStore & { id: number } {
  const test = testStore()
  const { id } = addNetwork(test.store)
  for (let n = 0; n < perTarget * 2; n++) {
    const target = n % 2 === 0 ? '#fox' : '#den'
    test.store.messages.append(
      line(id, `fox ${n}`, { target, foldedTarget: target, time: NOON + n }),
    )
  }
  test.store.commitTurn()
  return { ...test, id }
}

const rowsOf = (store: Store, id: number) =>
  Object.fromEntries(store.messages.sizes(id).map(({ target, rows }) => [target, rows]))

/** Lets the chores come to their end. */
function settle({ store, clock }: TestStore): void {
  for (let n = 0; n < 50; n++) {
    clock.advance(10)
    store.commitTurn()
  }
}

describe('retention', () => {
  test('keeps the newest of a conversation, in batches', () => {
    const { store, id } = filled(400)
    const scope = { networkId: id, foldedTarget: '#fox' }
    expect(store.removal.trim(scope, { rows: 100 })).toBe(MOST_REMOVED)
    expect(store.removal.trim(scope, { rows: 100 })).toBe(MOST_REMOVED)
    expect(store.removal.trim(scope, { rows: 100 })).toBe(50)
    expect(store.removal.trim(scope, { rows: 100 })).toBe(0)
    expect(rowsOf(store, id)).toEqual({ '#fox': 100, '#den': 400 })
    const query = { networkId: id, foldedTarget: '#fox', limit: 1, withEvents: true }
    expect(store.messages.after(query, { time: 0 })[0]?.text).toBe('fox 600')
  })

  test('keeps what is young enough, of a conversation or a network', () => {
    const { store, id } = filled(50)
    const keep = { after: NOON + 39 }
    expect(store.removal.trim({ networkId: id, foldedTarget: '#den' }, keep)).toBe(20)
    expect(store.removal.trim({ networkId: id }, keep)).toBe(20)
    expect(rowsOf(store, id)).toEqual({ '#fox': 30, '#den': 30 })
  })

  test('keeps so many bytes of a network, the newest', () => {
    const { store, id } = filled(50)
    const bytes = () => store.messages.sizes(id).reduce((sum, each) => sum + each.bytes, 0)
    const before = bytes()
    const removed = store.removal.trim({ networkId: id }, { bytes: before / 2 })
    expect(removed).toBeGreaterThanOrEqual(49)
    expect(removed).toBeLessThan(53)
    expect(bytes()).toBeLessThanOrEqual(before / 2)
    expect(bytes()).toBeGreaterThan(before / 2 - 100)
    expect(store.messages.afterId(id, 0, 1)[0]?.text).toBe(`fox ${removed}`)
    expect(store.removal.trim({ networkId: id }, { bytes: before, rows: 1000, after: NOON })).toBe(
      0,
    )
  })

  test('never gives a number again, so that msgids and receipts stay true', () => {
    const { store, id } = filled(5)
    const last = store.messages.lastId(id)
    store.removal.trim({ networkId: id }, { rows: 0 })
    expect(store.messages.append(line(id, 'new')).id).toBe(last + 1)
  })
})

describe('a deleted conversation', () => {
  test('is found no more at once, and swept away in the background', () => {
    const test = filled(400)
    const { store, id, directory } = test
    const search = () => store.search.find({ userId: 1, text: 'fox', limit: 100 }).messages
    const { msgid } = store.messages.append(line(id, 'the last'))
    search()
    expect(store.removal.forget({ networkId: id, foldedTarget: '#fox' })).toBe(true)
    expect(store.removal.forget({ networkId: id, foldedTarget: '#fox' })).toBe(false)
    expect(store.messages.byMsgid(id, '#fox', msgid)).toBeUndefined()
    expect(store.messages.afterId(id, 0, 1000)).toHaveLength(400)
    expect(search().every(({ target }) => target === '#den')).toBe(true)
    store.messages.append(line(id, 'a new beginning'))
    store.commitTurn()
    settle(test)
    expect(rowsOf(store, id)).toEqual({ '#fox': 1, '#den': 400 })
    expect(store.sizes()).toMatchObject({ messages: 401, targets: 2 })
    store.close()
    expect(checkDatabase(directory)).toEqual([])
  })

  test('goes on being swept after a restart', () => {
    const first = filled(400)
    first.store.removal.forget({ networkId: first.id, foldedTarget: '#fox' })
    first.store.close()
    const again = testStore(first.directory)
    settle(again)
    expect(again.store.sizes()).toMatchObject({ messages: 400, targets: 1 })
  })
})

test('what deletions free is given back to the file system', () => {
  const test = filled(12_000)
  const { store, id } = test
  const before = store.sizes().databaseBytes + store.sizes().logBytes
  store.removal.forget({ networkId: id, foldedTarget: '#fox' })
  store.removal.forget({ networkId: id, foldedTarget: '#den' })
  for (let n = 0; n < 10; n++) settle(test) // 500 steps
  expect(store.sizes()).toMatchObject({ messages: 0 })
  expect(before).toBeGreaterThan(1_500_000)
  store.close()
  expect(testStore(test.directory).store.sizes().databaseBytes).toBeLessThan(800_000)
})

test('a removed network leaves nothing behind, and its number is not given again', () => {
  const test = filled(300)
  const { store, id, directory } = test
  const kept = addNetwork(store, 'eve')
  store.messages.append(line(kept.id, 'fox of eve'))
  store.receipts.set(id, 'phone', 5)
  store.markers.set(id, '#fox', NOON)
  expect(store.networks.remove(1, id)).toBe(true)
  expect(store.messages.afterId(id, 0, 10)).toEqual([])
  expect(store.search.find({ userId: 1, text: 'fox', limit: 5 }).messages).toEqual([])
  settle(test)
  expect(store.sizes()).toMatchObject({ messages: 1, targets: 1 })
  expect(addNetwork(store).id).toBeGreaterThan(kept.id)
  store.close()
  const database = new Database(join(directory, 'bouncer.db'), { readonly: true })
  for (const table of ['sources', 'messages', 'targets']) {
    expect(database.prepare(`SELECT count(*) FROM ${table}`).pluck().get()).toBe(1)
  }
  expect(database.prepare('SELECT count(*) FROM receipts').pluck().get()).toBe(0)
  database.close()
})

test('the words of what is there no more are not in the search index either', () => {
  const test = filled(600)
  const { store, id, directory } = test
  const { msgid } = store.messages.append(line(id, 'a secret'))
  const search = () => store.search.find({ userId: 1, text: 'fox secret', limit: 9 }).messages
  expect(search()).toEqual([]) // and all lines are in the index now
  store.messages.redact(id, '#fox', msgid)
  store.removal.trim({ networkId: id, foldedTarget: '#den' }, { rows: 500 })
  store.networks.remove(1, id)
  settle(test)
  store.close()
  const database = new Database(join(directory, 'bouncer.db'), { readonly: true })
  const count = database.prepare('SELECT count(*) FROM search WHERE search MATCH ?').pluck()
  for (const word of ['1xfox', '1xsecret', '1x7', 't1', 't2']) expect(count.get(word)).toBe(0)
  database.close()
  expect(checkDatabase(directory)).toEqual([])
})
