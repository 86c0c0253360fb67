// The crash test of test/integration/bouncer, with ten kills of floods of 50,000 lines.
import { expect, test } from 'vitest'
import { floodThroughKills } from '../support/bouncer-crash.ts'

test('10 floods of 50,000 lines, each killed: all that was heard is there once', async () => {
  const report = await floodThroughKills(10, 50_000)
  console.log(report)
  expect(report).toMatchObject({ kills: 10, problems: [] })
}, 600_000)
