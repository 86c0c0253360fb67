// The crash tests of test/integration/fediverse, ten kills each.
import { expect, test } from 'vitest'
import { deliverThroughKills } from '../support/crash-delivery.ts'
import { postThroughKills } from '../support/crash-inbox.ts'

test('2,000 posts through 10 kills: what was answered 202 is there, once', async () => {
  const report = await postThroughKills(2_000, 10)
  console.log(report)
  expect(report).toMatchObject({ kills: 10, problems: [] })
})

test('1,000 deliveries at a time through 10 kills: every inbox gets every note, in order', async () => {
  const report = await deliverThroughKills(1_000, 10)
  console.log(report)
  expect(report.problems).toEqual([])
  expect(report.delivered).toBe(report.notes * 1_000)
})
