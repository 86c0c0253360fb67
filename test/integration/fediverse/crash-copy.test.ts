// Copies of the tree that are made while the real process writes, started elsewhere; test/interop has restic.
import { expect, test } from 'vitest'
import { cp, tar } from '../../support/copies.ts'
import { copyUnderLoad } from '../../support/crash-copy.ts'

test.each([
  ['cp -a', cp],
  ['tar', tar],
])(
  'a copy by %s holds what was acknowledged before it, and is sound',
  async (_, copy) => {
    const report = await copyUnderLoad(copy)
    expect(report.problems, report.complaints).toEqual([])
    expect(report.during).toBeGreaterThan(0)
  },
  90_000,
)
