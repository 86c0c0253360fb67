import { settableClock } from '@fuchsbau/shared/clock.ts'
import { silentLog } from '@fuchsbau/shared/log.ts'
import { expect, onTestFinished, test } from 'vitest'
import { makeTempData, removeTempData } from '../../test/support/temp-data.ts'
import { startAuditRetention } from './audit-retention.ts'
import { openStore } from './store/store.ts'

test('lines that are too old are deleted, however many, and no others', () => {
  const DAY = 86_400_000
  const clock = settableClock(1_000 * DAY)
  const log = silentLog()
  const directory = makeTempData('audit')
  const store = openStore({ directory, clock, log })
  onTestFinished(() => {
    store.close()
    removeTempData(directory)
  })
  const add = (at: number) =>
    store.audit.add({
      at,
      event: 'pull',
      who: 'anonymous',
      credential: 'none',
      repository: 'a',
      reference: '',
      digest: '',
      address: '',
      outcome: 'ok',
    })
  for (let count = 0; count < 1_200; count += 1) add(clock.now() - 31 * DAY)
  add(clock.now() - 29 * DAY)
  const stop = startAuditRetention({ store, clock, log }, 30 * DAY)
  clock.advance(61_000)
  expect(store.audit.find({}, 2_000)).toHaveLength(1)
  clock.advance(2 * DAY)
  stop()
  expect(store.audit.find({}, 2_000)).toEqual([])
})
