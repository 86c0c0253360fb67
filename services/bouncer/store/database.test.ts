import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { settableClock, systemClock } from '@fuchsbau/shared/clock.ts'
import { StoreUnusable } from '@fuchsbau/shared/database/open.ts'
import Database from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { checkDatabase } from './database.ts'
import { addNetwork, addUser, line, NOON, tempDirectory, testStore } from './store.fixture.ts'
import { openStore } from './store.ts'

function change(directory: string, sql: string): void {
  const database = new Database(join(directory, 'bouncer.db'))
  database.pragma('foreign_keys = OFF')
  database.exec(sql)
  database.close()
}

describe('the files', () => {
  test('are for their owner only', () => {
    const { store, directory } = testStore()
    addUser(store)
    store.commitTurn()
    const modes = readdirSync(directory).map((file) => statSync(join(directory, file)).mode & 0o777)
    expect(modes.length).toBeGreaterThanOrEqual(3)
    expect(new Set(modes)).toEqual(new Set([0o600]))
    expect(statSync(directory).mode & 0o777).toBe(0o700)
  })

  test('are one and the lock when the store is closed', () => {
    const { store, directory } = testStore()
    addUser(store)
    store.close()
    expect(readdirSync(directory).sort()).toEqual(['bouncer.db', 'bouncer.lock'])
    expect(checkDatabase(directory)).toEqual([])
  })
})

describe('a database is refused', () => {
  const cases: [string, string, RegExp][] = [
    ['of a newer program', 'PRAGMA user_version = 99', /newer Fuchsbau \(version 99/],
    ['of another program', 'PRAGMA application_id = 7', /database of another program/],
  ]
  test.each(cases)('%s', (_, sql, words) => {
    const { store, directory, clock } = testStore()
    store.close()
    change(directory, sql)
    expect(() => openStore({ directory, clock })).toThrow(StoreUnusable)
    expect(() => openStore({ directory, clock })).toThrow(words)
    expect(checkDatabase(directory)[0]).toMatch(words)
  })

  test('that is none', () => {
    const directory = tempDirectory()
    mkdirSync(directory)
    writeFileSync(
      join(directory, 'bouncer.db'),
      'not a database at all, but long enough'.repeat(99),
    )
    const open = () => openStore({ directory, clock: settableClock(NOON) })
    expect(open).toThrow(/bouncer\.db cannot be read \(SQLITE_NOTADB/)
    expect(open).toThrow(StoreUnusable) // and not StoreLocked: the first attempt left no lock
    expect(checkDatabase(directory)).toHaveLength(1)
  })
})

test('a check finds what is broken', () => {
  const { store, directory } = testStore()
  const { id } = addNetwork(store)
  store.messages.append(line(id, 'hello'))
  store.close()
  change(directory, 'UPDATE targets SET row_count = 3; UPDATE networks SET user_id = 77')
  expect(checkDatabase(directory)).toEqual([
    '1 rows refer to rows that are missing',
    '#fox has 1 messages, but counts 3',
  ])
  expect(checkDatabase(join(directory, 'nowhere'))[0]).toMatch(/does not exist/)
})

test('the log is synced and emptied in the background', async () => {
  const directory = tempDirectory()
  const store = openStore({ directory, clock: systemClock() })
  const { id } = addNetwork(store)
  for (let n = 0; n < 8000; n++) store.messages.append(line(id, `${n} ${'word '.repeat(100)}`))
  store.commitTurn()
  expect(store.sizes().logBytes).toBeGreaterThan(4_000_000)
  await expect.poll(() => store.sizes().logBytes, { timeout: 10_000 }).toBeLessThan(4_000_001)
  store.close()
}, 15_000)

test('20,000 ordinary lines with their search index take at most 4 MB', () => {
  const { store, directory } = testStore()
  const { id } = addNetwork(store)
  const words = Array.from({ length: 4000 }, (_, n) => (n * 7919).toString(36).padStart(4, 'w'))
  for (let n = 0; n < 20_000; n++) {
    let text = ''
    for (let w = 0; text.length < 76; w++) text += `${words[(n * (w + 3) * (w + 1)) % 4000]} `
    const target = `#chan${n % 10}`
    const source = `nick${n % 60}!user@host${n % 60}.example.org`
    store.messages.append(line(id, text.slice(0, 80), { target, foldedTarget: target, source }))
    if (n % 500 === 0) store.search.find({ userId: 1, text: 'wwww', limit: 1 })
  }
  store.search.find({ userId: 1, text: 'wwww', limit: 1 })
  expect(store.sizes().indexLag).toBe(0)
  store.close()
  expect(statSync(join(directory, 'bouncer.db')).size).toBeLessThan(4_000_000)
})
