import { join } from 'node:path'
import { settableClock } from '@fuchsbau/shared/clock.ts'
import { migrate } from '@fuchsbau/shared/database/open.ts'
import { Turn } from '@fuchsbau/shared/database/turn.ts'
import Database from 'better-sqlite3'
import { expect, onTestFinished, test } from 'vitest'
import { APPLICATION_ID, STEPS } from './migrations.ts'
import { Receipts } from './receipts.ts'
import { addNetwork, testStore } from './store.fixture.ts'

function open() {
  const database = new Database(':memory:')
  onTestFinished(() => void database.close())
  migrate(database, { steps: STEPS, applicationId: APPLICATION_ID })
  database.pragma('foreign_keys = OFF')
  const clock = settableClock(1_000)
  const turn = new Turn(database)
  return { database, clock, turn, receipts: new Receipts(turn, clock) }
}

test('receipts that cannot be written are kept, and do not end the process', () => {
  const { database, clock, turn, receipts } = open()
  receipts.set(1, 'phone', 6)
  receipts.set(1, 'phone', 7)
  database.pragma('query_only = ON')
  expect(() => clock.advance(100)).not.toThrow()
  expect(turn.failure).toMatch(/cannot be written to/)
  expect(receipts.get(1, 'phone')).toBe(7)
})

test('a client that was never here is known from the commit on in which it came', () => {
  const { store, directory } = testStore()
  const { id } = addNetwork(store)
  store.receipts.set(id, 'phone', 0)
  store.commitTurn()
  const killed = new Database(join(directory, 'bouncer.db'), { readonly: true })
  onTestFinished(() => void killed.close())
  expect(killed.prepare('SELECT client, message_id FROM receipts').raw().all()).toEqual([
    ['phone', 0],
  ])
})
