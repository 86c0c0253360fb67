// When to try again: a backoff policy as a pure function.

export type RetryPolicy = {
  /** Delay after the first failure, in ms. */
  firstMs: number
  /** Each delay is this many times the one before (≥ 1). */
  factor: number
  /** No delay is longer than this, in ms; jitter is within it. */
  maxMs: number
  /** How many failures are followed by another attempt. */
  attempts: number
  /** Share of the delay that is random, 0 (none) to 1 (anything from nothing to the whole delay). */
  jitter: number
}

/**
 * The delay in whole ms before the next attempt, after `failures` failures (from 1), or `undefined`: give up.
 * `random` is Math.random or a test's own: 0 included, 1 excluded.
 */
export function retryDelay(
  policy: RetryPolicy,
  failures: number,
  random: () => number,
): number | undefined {
  if (failures > policy.attempts) return undefined
  const delayMs = Math.min(policy.maxMs, policy.firstMs * policy.factor ** (failures - 1))
  return Math.round(delayMs * (1 - policy.jitter * random()))
}
