import { describe, expect, test } from 'vitest'
import { retryDelay } from './retry.ts'

const policy = { firstMs: 60_000, factor: 4, maxMs: 3_600_000, attempts: 5, jitter: 0 }
const none = () => 0

describe('the delay before another attempt', () => {
  test.each([
    [1, 60_000],
    [2, 240_000],
    [3, 960_000],
    [4, 3_600_000],
    [5, 3_600_000],
    [6, undefined],
  ])('after %i failures is %s ms', (failures, delay) => {
    expect(retryDelay(policy, failures, none)).toBe(delay)
  })

  test('is shortened by the jitter, never lengthened', () => {
    const jittered = { ...policy, jitter: 0.5 }
    expect(retryDelay(jittered, 1, none)).toBe(60_000)
    expect(retryDelay(jittered, 1, () => 0.999_999)).toBe(30_000)
  })

  test('stays finite for very many failures', () => {
    const endless = { ...policy, attempts: Number.POSITIVE_INFINITY }
    expect(retryDelay(endless, 10_000, none)).toBe(3_600_000)
  })
})
