import { settableClock } from '@fuchsbau/shared/clock.ts'
import { openDatabase } from '@fuchsbau/shared/database/open.ts'
import { Turn } from '@fuchsbau/shared/database/turn.ts'
import { silentLog } from '@fuchsbau/shared/log.ts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeTempData, removeTempData } from '../../../test/support/temp-data.ts'
import { Audit } from './audit.ts'
import { SCHEMA } from './schema.ts'
import { openStore, type Store } from './store.ts'

let directory: string
beforeEach(() => {
  directory = makeTempData('pushes')
})
afterEach(() => removeTempData(directory))

const open = (): Store => openStore({ directory, clock: settableClock(), log: silentLog() })
const digest = (letter: string) => `sha256:${letter.repeat(64)}`
const line = (event: string, reference: string, letter: string, at: number, outcome = 'ok') => ({
  event,
  reference,
  digest: letter === '' ? '' : digest(letter),
  at,
  outcome,
  who: 'person:you',
  credential: 'session',
  repository: 'den/app',
  address: '',
})

test('tags are known by their last push, until they are deleted, alone or with their image', () => {
  const store = open()
  const { pushes } = store
  pushes.follow(line('push', '1', 'a', 10))
  pushes.follow(line('push', '2', 'a', 20))
  pushes.follow(line('push', '3', 'b', 30))
  pushes.follow(line('push', '1', 'c', 40))
  // What was only asked for, pulled, or is no tag of an image.
  pushes.follow(line('push', '4', 'a', 50, 'The policy denies it.'))
  pushes.follow(line('pull', '5', 'a', 50))
  pushes.follow(line('push', digest('a'), 'a', 50))
  pushes.follow(line('push', `sha256-${'a'.repeat(64)}.sig`, 'd', 50))
  expect(pushes.last('den/app')).toBe(40)
  expect([...pushes.ofRepository('den/app', 10).keys()]).toEqual(['1', '3', '2'])
  expect(pushes.of('den/app', '1')).toEqual({ digest: digest('c'), at: 40 })
  pushes.follow(line('delete', '1', '', 60))
  pushes.follow(line('delete', digest('a'), 'a', 60))
  expect([...pushes.ofRepository('den/app', 10).keys()]).toEqual(['3'])
  expect(pushes.last('den/other')).toBeUndefined()
  store.close()
})

test('a database of before begins with what its audit knows', () => {
  const before = openDatabase(directory, { ...SCHEMA, steps: SCHEMA.steps.slice(0, 1) })
  const turn = new Turn(before.database)
  const audit = new Audit(turn)
  audit.add(line('push', '1', 'a', 10))
  audit.add(line('push', '1', 'b', 20))
  audit.add(line('push', digest('b'), 'b', 30))
  audit.add(line('push', `sha256-${'a'.repeat(64)}.sig`, 'd', 40))
  audit.add(line('push', '2', 'b', 50, 'no'))
  turn.commitTurn()
  before.close()
  const store = open()
  expect([...store.pushes.ofRepository('den/app', 10)]).toEqual([
    ['1', { digest: digest('b'), at: 20 }],
  ])
  store.close()
})
