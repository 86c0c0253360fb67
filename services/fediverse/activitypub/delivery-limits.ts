// How much the delivery engine does at once, and for how long it tries.

import type { OutcomeLimits } from './delivery-outcome.ts'
import type { ScheduleLimits } from './schedule.ts'

export interface DeliveryLimits extends ScheduleLimits, OutcomeLimits {
  /** Bodies kept in memory. */
  cachedBodies: number
  /** A host that shows life is believed no sooner again, ms. */
  lifeSignEveryMs: number
}

export const defaultLimits: DeliveryLimits = {
  inFlight: 256,
  perHost: 32,
  startsPerTurn: 16,
  openAfter: 5,
  retry: {
    firstMs: 60_000,
    factor: 2,
    maxMs: 12 * 3_600_000,
    attempts: Number.POSITIVE_INFINITY,
    jitter: 0.2,
  },
  refusedAttempts: 4,
  asideAttempts: 4,
  giveUpMs: 10 * 86_400_000,
  giveUpAttempts: 8,
  cachedBodies: 64,
  lifeSignEveryMs: 60_000,
}
