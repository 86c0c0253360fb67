// kill -9 in the middle of a flood: what any client has seen is kept. test/interop/bouncer-crash.test.ts is the same, larger.
import { expect, test } from 'vitest'
import { floodThroughKills } from '../../support/bouncer-crash.ts'

test('3 floods of 3,000 lines, each killed: all that was heard is there once, and the gaps are visible', async () => {
  const report = await floodThroughKills(3, 3_000)
  expect(report).toMatchObject({ kills: 3, problems: [] })
  expect(report.heard).toBeGreaterThan(2_000)
}, 90_000)
