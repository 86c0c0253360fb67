// Runs the effects of accepted activities: of one signer in order, of different signers side by side, again later when
// something that is needed can't be fetched, and put aside when it never can.

import type { Timer } from '@fuchsbau/shared/clock.ts'
import type { Metrics } from '@fuchsbau/shared/metrics.ts'
import { type RetryPolicy, retryDelay } from '@fuchsbau/shared/retry.ts'
import type { Context } from '../context.ts'
import type { AcceptedActivity } from '../store/accepted.ts'
import { type Effect, receive } from './receive.ts'

/** A minute, then 4, 16, 64 … minutes: eight attempts in about four days. */
const POLICY: RetryPolicy = {
  firstMs: 60_000,
  factor: 4,
  maxMs: 86_400_000,
  attempts: 8,
  jitter: 0.2,
}

export interface Effects {
  /** Starts the effect of an activity; nothing waits for it. */
  start(accepted: AcceptedActivity): void
  /** Resolves when nothing is under way (what waits for a later attempt does not count). */
  idle(): Promise<void>
  close(): Promise<void>
}

/** Also starts everything that was left from the last run. */
export function startEffects(context: Context, metrics: Metrics): Effects {
  const { store, clock, log } = context
  const lanes = new Map<string, Promise<void>>()
  const timers = new Set<Timer>()
  const counter = (outcome: string) =>
    metrics.counter('fuchsbau_fediverse_effects_total', 'Effects of inbox activities by outcome.', {
      outcome,
    })
  const counters = {
    done: counter('done'),
    ignored: counter('ignored'),
    retry: counter('retry'),
    failed: counter('failed'),
  }
  let isClosing = false

  async function run(accepted: AcceptedActivity): Promise<void> {
    if (isClosing) return
    let effect: Effect
    try {
      effect = await receive(context, accepted)
    } catch (error) {
      log.error({ err: error, activity: accepted.id }, 'effect of an activity failed')
      effect = { retry: (error as Error).message }
    }
    if (typeof effect === 'string') counters[effect].inc()
    else await postpone(accepted, effect.retry)
  }

  async function postpone(accepted: AcceptedActivity, lastError: string): Promise<void> {
    const attempts = accepted.attempts + 1
    const delay = retryDelay(POLICY, attempts, Math.random)
    const next = { ...accepted, attempts, lastError }
    try {
      if (delay === undefined) {
        counters.failed.inc()
        log.warn(
          { activity: accepted.id, lastError },
          'activity put aside: its effect failed for good',
        )
        await store.commit(store.accepted.fail(next))
        return
      }
      counters.retry.inc()
      const waiting = { ...next, nextAt: clock.now() + delay }
      await store.commit([store.accepted.postpone(waiting)])
      wait(waiting)
    } catch (error) {
      // Nowhere to note the failure now; the activity itself is in the journal, so a later attempt loses nothing.
      log.error({ err: error, activity: accepted.id }, 'cannot note a failed effect')
      wait({ ...accepted, nextAt: clock.now() + POLICY.firstMs })
    }
  }

  function wait(accepted: AcceptedActivity): void {
    const timer = clock.after(Math.max(0, (accepted.nextAt ?? 0) - clock.now()), () => {
      timers.delete(timer)
      start(accepted)
    })
    timers.add(timer)
  }

  function start(accepted: AcceptedActivity): void {
    const before = lanes.get(accepted.signer)
    const lane = before ? before.then(() => run(accepted)) : run(accepted)
    lanes.set(accepted.signer, lane)
    void lane.finally(() => {
      if (lanes.get(accepted.signer) === lane) lanes.delete(accepted.signer)
    })
  }

  const idle = async () => {
    while (lanes.size > 0) await Promise.all(lanes.values())
  }

  for (const accepted of store.accepted.pending()) {
    if (accepted.nextAt === undefined) start(accepted)
    else wait(accepted)
  }
  return {
    start,
    idle,
    async close() {
      isClosing = true
      for (const timer of timers) timer.cancel()
      await idle()
    },
  }
}
