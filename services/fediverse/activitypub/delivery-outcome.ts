// What one attempt's outcome means for the delivery: ended, or tried again. Pure.

import { type RetryPolicy, retryDelay } from '@fuchsbau/shared/retry.ts'
import type { Delivery, NewDelivery } from '../store/queue.ts'
import type { Circuit } from './circuit.ts'
import type { QueuedDelivery } from './host-lane.ts'

/** What came of one attempt. Every kind but `failed` means that the host answered and works. */
export type Outcome =
  | { kind: 'delivered' }
  /** 404 or 410. `instead`: where the activity goes now, as the engine was told. */
  | { kind: 'gone'; instead?: readonly NewDelivery[] }
  /** Another 4xx but 408, 425 and 429: trying again won't help (401 and 403 are tried a few times). */
  | { kind: 'refused'; status: number; message: string }
  /** No answer, 5xx, 408, 425 or 429. `status` where there was an answer. */
  | { kind: 'failed'; message: string; status?: number; retryAfterMs?: number }

export interface OutcomeLimits {
  retry: RetryPolicy
  /** Attempts at what a peer answers with 401 or 403: its copy of our key may be old. */
  refusedAttempts: number
  /** Attempts answered with 500, after which a delivery no longer holds up its lane; twice as many while the host is held. */
  asideAttempts: number
  /** A delivery this old is given up when it fails, ms… */
  giveUpMs: number
  /** …unless it and its host failed less often than this in a row, as after a long time of our own being down. */
  giveUpAttempts: number
}

/** `isAside`: the host works but for this one, which must not hold up others any longer. */
export type Verdict =
  | { kind: 'ended'; ending: 'delivered' | 'gone' | 'refused' | 'expired'; reason: string }
  | { kind: 'again'; isAside: boolean; reason: string }

/** The circuit has taken note of the outcome already. */
export function judge(
  delivery: QueuedDelivery,
  outcome: Outcome,
  { circuit, isRefusing }: { circuit: Circuit; isRefusing: boolean },
  now: number,
  limits: OutcomeLimits,
): Verdict {
  const attempts = delivery.attempts + 1
  if (outcome.kind === 'delivered') return { kind: 'ended', ending: 'delivered', reason: '' }
  if (outcome.kind === 'gone') return { kind: 'ended', ending: 'gone', reason: 'gone' }
  const reason = outcome.message.slice(0, 200)
  if (outcome.kind === 'refused') {
    const isTried = !isRefusing && attempts < limits.refusedAttempts
    if (isKeyTrouble(outcome) && isTried) return { kind: 'again', isAside: false, reason }
    return { kind: 'ended', ending: 'refused', reason }
  }
  if (isHopeless(delivery, Math.max(attempts, circuit.failures), now, limits)) {
    return { kind: 'ended', ending: 'expired', reason }
  }
  const patience = limits.asideAttempts * (circuit.isOpen ? 2 : 1)
  return { kind: 'again', isAside: outcome.status === 500 && attempts >= patience, reason }
}

/** 401 and 403: the peer may not have got our key, or holds an old one. */
export function isKeyTrouble(outcome: Outcome): boolean {
  return outcome.kind === 'refused' && (outcome.status === 401 || outcome.status === 403)
}

/** Whether a delivery has been tried long and often enough. */
export function isHopeless(
  { queuedAt }: Delivery,
  failures: number,
  now: number,
  { giveUpMs, giveUpAttempts }: OutcomeLimits,
): boolean {
  return now - queuedAt >= giveUpMs && failures >= giveUpAttempts
}

/** What its file says after an attempt that will be followed by another. */
export function afterFailure(
  delivery: QueuedDelivery,
  { reason, isAside }: Verdict & { kind: 'again' },
  circuit: Circuit,
  now: number,
  { retry, random }: { retry: RetryPolicy; random: () => number },
): QueuedDelivery {
  const { hostFailures: _, ...rest } = delivery
  const attempts = delivery.attempts + 1
  const dueAt = now + (retryDelay(retry, attempts, random) ?? retry.maxMs)
  return {
    ...rest,
    attempts,
    nextAt: Math.max(dueAt, circuit.heldUntil),
    lastError: reason,
    ...(circuit.isOpen ? { hostFailures: circuit.failures } : {}),
    ...(isAside ? { isAside } : {}),
  }
}
