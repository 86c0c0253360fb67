import { systemClock } from '@fuchsbau/shared/clock.ts'
import { silentLog } from '@fuchsbau/shared/log.ts'
import { createMetrics } from '@fuchsbau/shared/metrics.ts'
import { expect, test } from 'vitest'
import { Bouncer } from '../bouncer.ts'
import { tempDirectory } from '../store/store.fixture.ts'
import { openStore } from '../store/store.ts'
import { operate } from './operate.ts'

test('on an empty store the first user becomes an administrator, the next ones do not', async () => {
  const clock = systemClock()
  const log = silentLog()
  const store = openStore({ directory: tempDirectory(), clock })
  const bouncer = new Bouncer({ store, clock, log, metrics: createMetrics(), serverName: 'x' })
  bouncer.isClosing = true
  const first = await operate(bouncer, 'user', ['create', 'fox'])
  expect([...first.lines][0]).toBe('Made the user fox, an administrator.')
  const second = await operate(bouncer, 'user', ['create', 'kit'])
  expect([...second.lines][0]).toBe('Made the user kit.')
  expect(await operate(bouncer, 'network', ['create', 'fox', 'libera'])).toMatchObject({ ok: true })
  expect(await operate(bouncer, 'constructor', [])).toMatchObject({ ok: false })
  expect(await operate(bouncer, 'network', [])).toMatchObject({ ok: false })
  await bouncer.close('')
  store.close()
})
