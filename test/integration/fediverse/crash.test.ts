// Kills of the real process in the middle of its work; test/interop/crash.test.ts does the same ten times.
import { expect, test } from 'vitest'
import { deliverThroughKills } from '../../support/crash-delivery.ts'
import { postThroughKills } from '../../support/crash-inbox.ts'

test('2,000 posts through 3 kills: what was answered 202 is there, once', async () => {
  const report = await postThroughKills(2_000, 3)
  expect(report).toMatchObject({ kills: 3, problems: [] })
  expect(report.acknowledged).toBeGreaterThanOrEqual(2_000)
}, 90_000)

test('1,000 deliveries through 3 kills: every inbox gets every note, in order', async () => {
  const report = await deliverThroughKills(1_000, 3)
  expect(report.problems).toEqual([])
  expect(report.delivered).toBe(report.notes * 1_000)
  expect(report.notes).toBeGreaterThanOrEqual(2)
}, 90_000)
