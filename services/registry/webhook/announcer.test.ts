// The queue of a webhook on a clock of the test: how far it goes back, and when it gives up.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { settableClock } from '@fuchsbau/shared/clock.ts'
import { silentLog } from '@fuchsbau/shared/log.ts'
import { createMetrics } from '@fuchsbau/shared/metrics.ts'
import { expect, onTestFinished, test } from 'vitest'
import { freePorts } from '../../../test/support/daemon.ts'
import { makeTempData, removeTempData } from '../../../test/support/temp-data.ts'
import { waitFor } from '../../../test/support/wait-for.ts'
import { openStore } from '../store/store.ts'
import { Announcer } from './announcer.ts'

const SECRET = 'sixteen bytes or more'
const HOUR = 3_600_000

function makeAnnouncer(url: string) {
  const clock = settableClock(Date.now())
  const directory = makeTempData('announcer')
  const file = join(directory, 'webhooks.yaml')
  writeFileSync(join(directory, 'secret'), SECRET)
  writeFileSync(file, `webhooks:\n  - {name: ci, url: "${url}", secret_file: secret}\n`)
  const log = silentLog()
  const store = openStore({ directory, clock, log })
  const metrics = createMetrics()
  const random = () => 0
  const own = 'http://registry.test'
  const webhooks = new Announcer({ file, url: own, store, clock, log, metrics, random })
  onTestFinished(() => {
    webhooks.close()
    store.close()
    removeTempData(directory)
  })
  const announce = (tag: string) =>
    webhooks.announce({
      at: clock.now(),
      kind: 'push',
      repository: 'a',
      tag,
      digest: `sha256:${'0'.repeat(64)}`,
      manifest: undefined,
      who: 'person:you',
      address: '127.0.0.1',
      request: { id: '1', method: 'PUT', userAgent: 'test' },
    })
  return { webhooks, store, clock, announce, text: () => metrics.text() }
}

const sample = (text: string, name: string) =>
  Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1])

test('one that is behind keeps its newest 10,000 events', () => {
  const { webhooks, store, announce, text } = makeAnnouncer('http://127.0.0.1:9')
  for (let count = 0; count < 10_002; count += 1) announce(`t${count}`)
  store.commitTurn()
  expect(webhooks.hasHooks).toBe(true)
  expect(store.webhookEvents.pending('ci')).toBe(10_000)
  expect(store.webhookEvents.first('ci')?.body).toContain('"tag":"t2"')
  expect(text()).toContain('webhook_dropped_total{hook="ci",reason="full"} 2')
  expect(text()).toContain('webhook_pending{hook="ci"} 10000')
})

test('tried less and less often, and after a day no more', async () => {
  const [port = 0] = await freePorts(1)
  const { webhooks, store, clock, announce, text } = makeAnnouncer(`http://127.0.0.1:${port}`)
  const failures = () => store.webhookEvents.first('ci')?.failures ?? 0
  const failed = (count: number) =>
    waitFor(() => failures() === count, { what: `failure ${count}` })
  webhooks.start()
  announce('old')
  store.commitTurn()
  await failed(1)
  // A second push is no reason to try again before the time has come.
  announce('new')
  store.commitTurn()
  for (const [index, seconds] of [1, 2, 4, 8, 16, 32, 64].entries()) {
    clock.advance(seconds * 1000 - 1)
    expect(failures()).toBe(index + 1)
    clock.advance(1)
    await failed(index + 2)
  }
  clock.advance(23 * HOUR)
  await failed(9)
  expect(store.webhookEvents.pending('ci')).toBe(2)
  expect(sample(text(), 'fuchsbau_registry_webhook_oldest_seconds')).toBeGreaterThan(82_800)

  announce('newest')
  store.commitTurn()
  const isOver = () => text().includes('{hook="ci",reason="expired"} 2')
  await waitFor(() => isOver() || void clock.advance(HOUR / 4), { what: 'the end of both' })
  expect(store.webhookEvents.first('ci')?.body).toContain('"tag":"newest"')
})

test('what waits for a webhook that is no more is dropped after a day', () => {
  const { webhooks, store, clock } = makeAnnouncer('http://127.0.0.1:9')
  const record = { hook: 'gone', event: '1', body: '{}', createdAt: clock.now(), failures: 0 }
  store.webhookEvents.add(record, 10)
  webhooks.start()
  clock.advance(23 * HOUR)
  expect(store.webhookEvents.pending('gone')).toBe(1)
  clock.advance(2 * HOUR)
  expect(store.webhookEvents.pending('gone')).toBe(0)
})
