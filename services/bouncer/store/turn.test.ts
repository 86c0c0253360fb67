import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { settableClock } from '@fuchsbau/shared/clock.ts'
import { migrate } from '@fuchsbau/shared/database/open.ts'
import { Turn } from '@fuchsbau/shared/database/turn.ts'
import { StoreUnavailable } from '@fuchsbau/shared/database/unavailable.ts'
import Database from 'better-sqlite3'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Interned } from './interned.ts'
import { APPLICATION_ID, STEPS } from './migrations.ts'
import { addNetwork, line, NOON, tempDirectory, testStore } from './store.fixture.ts'
import { openStore } from './store.ts'

describe('a turn', () => {
  test('is stored whole at its end, and not before', async () => {
    const { store, directory } = testStore()
    const { id } = addNetwork(store)
    store.commitTurn()
    const reader = new Database(join(directory, 'bouncer.db'), { readonly: true })
    onTestFinished(() => void reader.close())
    const stored = () => reader.prepare('SELECT count(*) FROM messages').pluck().get()
    const seen: unknown[] = []
    const stop = store.onCommitted(() => seen.push(stored()))
    store.messages.append(line(id, 'one'))
    store.messages.append(line(id, 'two'))
    expect(stored()).toBe(0)
    expect(store.messages.lastId(id)).toBe(2)
    await nextTurn()
    stop()
    expect(seen).toEqual([2])
  })

  test('that writes nothing calls the listeners only when asked', async () => {
    const { store } = testStore()
    let calls = 0
    const stop = store.onCommitted(() => calls++)
    await nextTurn()
    expect(calls).toBe(0)
    store.endSoon()
    await nextTurn()
    expect(calls).toBe(1)
    stop()
    store.endSoon()
    await nextTurn()
    expect(calls).toBe(1)
  })

  test('that was committed by hand is not committed again', async () => {
    const { store } = testStore()
    let calls = 0
    store.onCommitted(() => calls++)
    addNetwork(store)
    store.commitTurn()
    await nextTurn()
    expect(calls).toBe(1)
  })
})

/** A database that cannot grow beyond so many pages: SQLite says SQLITE_FULL as with a full disk. */
function smallTurn(pages: number) {
  const database = new Database(':memory:')
  onTestFinished(() => void database.close())
  database.exec(
    'CREATE TABLE things (name TEXT); CREATE TABLE trial (id INTEGER PRIMARY KEY, bytes BLOB)',
  )
  const limit = (count: number) => database.pragma(`max_page_count = ${count}`)
  limit(pages)
  const turn = new Turn(database)
  const add = turn.writing<[string]>('INSERT INTO things VALUES (?)')
  const count = turn.reading<[], { count: number }>('SELECT count(*) AS count FROM things')
  return { turn, limit, add, count: () => count.get()?.count }
}

describe('a failure', () => {
  test('rolls the whole turn back, says why, and refuses writes until a trial succeeds', async () => {
    const { turn, limit, add, count } = smallTurn(100)
    add.run('stored')
    turn.commitTurn()
    const calls: string[] = []
    turn.onCommitted(() => calls.push('committed'))
    turn.onFailed((reason) => calls.push(reason))
    add.run('lost')
    expect(() => add.run('x'.repeat(1_000_000))).toThrow(StoreUnavailable)
    expect(calls).toEqual([expect.stringMatching(/^the disk is full \(SQLITE_FULL: /)])
    expect(turn.failure).toBe(calls[0])
    expect(count()).toBe(1)
    expect(() => add.run('later')).toThrow(/the disk is full/)
    await nextTurn()
    expect(calls).toHaveLength(1)
    limit(20)
    expect(turn.tryAgain()).toBe(false)
    expect(() => add.run('still')).toThrow(StoreUnavailable)
    limit(1000)
    expect(turn.tryAgain()).toBe(true)
    expect(turn.failure).toBeUndefined()
    add.run('again')
    turn.commitTurn()
    expect(calls.slice(1)).toEqual(['committed'])
    expect(count()).toBe(2)
  })

  test('of a statement is thrown, and harms nothing else', () => {
    const { turn, add, count } = smallTurn(100)
    const once = turn.writing<[]>('INSERT INTO trial VALUES (1, NULL)')
    once.run()
    add.run('stored')
    expect(() => once.run()).toThrow(/UNIQUE constraint/)
    turn.commitTurn()
    expect([turn.failure, count()]).toEqual([undefined, 1])
  })

  test('of work before the commit takes the turn with it', () => {
    const { turn, add, count } = smallTurn(100)
    let isHeavy = true
    turn.hook({ beforeCommit: () => isHeavy && add.run('x'.repeat(1_000_000)) })
    add.run('lost')
    turn.commitTurn()
    expect(turn.failure).toMatch(/full/)
    isHeavy = false
    expect(turn.tryAgain()).toBe(true)
    expect(count()).toBe(0)
  })

  test('makes the store forget the numbers of rows that were never stored', () => {
    const database = new Database(':memory:')
    onTestFinished(() => void database.close())
    migrate(database, { steps: STEPS, applicationId: APPLICATION_ID })
    database.pragma('foreign_keys = OFF')
    const turn = new Turn(database)
    const interned = new Interned(turn)
    const kept = interned.target(1, '#fox', '#Fox')
    turn.commitTurn()
    interned.noteAdded(interned.target(1, '#den', '#den'), 100)
    interned.source(1, 'bob!b@host')
    turn.fail('as a test')
    expect(turn.tryAgain()).toBe(true)
    expect(interned.knownTarget(1, '#den')).toBeUndefined()
    expect(interned.target(1, '#fox', '#Fox').id).toBe(kept.id)
    interned.source(1, 'bob!b@host')
    turn.commitTurn()
    expect(database.prepare('SELECT folded, row_count FROM targets').raw().all()).toEqual([
      ['#fox', 0],
    ])
    expect(database.prepare('SELECT source FROM sources').pluck().all()).toEqual(['bob!b@host'])
  })
})

/** Tried where they may be used. */
const [MOUNT, UNMOUNT] = ['mount', 'umount'] as const
const isRoot = process.getuid?.() === 0
const mounts = () => {
  const directory = dirname(tempDirectory())
  const status = spawnSync(MOUNT, ['-t', 'tmpfs', '-o', 'size=3m', 'none', directory]).status
  if (status === 0) onTestFinished(() => void execFileSync(UNMOUNT, ['-l', directory]))
  return status === 0 ? directory : undefined
}

test.skipIf(!isRoot)(
  'a file system that is really full: what was committed stays',
  async ({ skip }) => {
    const mounted = mounts()
    if (mounted === undefined) return skip('no file system can be mounted here')
    const directory = join(mounted, 'data')
    mkdirSync(directory)
    const store = openStore({ directory, clock: settableClock(NOON) })
    const { id } = addNetwork(store)
    store.commitTurn()
    let committed = 0
    const stop = store.onCommitted(() => {
      committed = store.messages.lastId(id)
    })
    const fill = () => {
      for (let i = 0; i < 1000; i++) {
        for (let j = 0; j < 10; j++) store.messages.append(line(id, `${i} ${j} ${'x'.repeat(900)}`))
        store.commitTurn()
      }
    }
    expect(fill).toThrow(StoreUnavailable)
    stop()
    expect(store.failure).toMatch(/^the disk (is full|reports an error)/)
    expect(committed).toBeGreaterThan(100)
    expect(store.messages.lastId(id)).toBe(committed)
    expect(store.tryAgain()).toBe(false)
    execFileSync(MOUNT, ['-o', 'remount,size=30m', mounted])
    expect(store.tryAgain()).toBe(true)
    store.messages.append(line(id, 'again'))
    store.commitTurn()
    store.close()
    const reopened = openStore({ directory, clock: settableClock(NOON) })
    expect(reopened.messages.countAfterId(id, 0)).toBe(committed + 1)
    reopened.close()
  },
)
