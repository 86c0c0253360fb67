import { settableClock } from '@fuchsbau/shared/clock.ts'
import Database from 'better-sqlite3'
import { expect, onTestFinished, test } from 'vitest'
import { migrate } from './migrations.ts'
import { Receipts } from './receipts.ts'
import { Turn } from './turn.ts'

test('receipts that cannot be written are kept, and do not end the process', () => {
  const database = new Database(':memory:')
  onTestFinished(() => void database.close())
  migrate(database)
  database.pragma('foreign_keys = OFF')
  const clock = settableClock(1_000)
  const turn = new Turn(database)
  const receipts = new Receipts(turn, clock)
  receipts.set(1, 'phone', 7)
  database.pragma('query_only = ON')
  expect(() => clock.advance(100)).not.toThrow()
  expect(turn.failure).toMatch(/cannot be written to/)
  expect(receipts.get(1, 'phone')).toBe(7)
})
