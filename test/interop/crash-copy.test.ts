// A restic backup that is made while the real process writes, restored and started elsewhere; cp and tar a few times more.
import { describe, expect, test } from 'vitest'
import { cp, restic, tar } from '../support/copies.ts'
import { copyUnderLoad } from '../support/crash-copy.ts'
import { requirePeer } from '../support/peers.ts'

async function expectWhole(copy: typeof cp): Promise<void> {
  const report = await copyUnderLoad(copy)
  expect(report.problems, report.complaints).toEqual([])
  expect(report.during).toBeGreaterThan(0)
}

describe.skipIf(!requirePeer('restic'))('restic', () => {
  test.each([1, 2])('a backup holds what was acknowledged before it, %i', () => expectWhole(restic))
})

test.each([1, 2])('a copy by cp -a does, %i', () => expectWhole(cp))

test.each([1, 2])('a copy by tar does, %i', () => expectWhole(tar))
