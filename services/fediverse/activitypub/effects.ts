// Runs the effects of accepted activities: of one signer in order, of different signers side by side, again later when
// something that is needed can't be fetched, and put aside when it never can. What waits is not kept here but in the store,
// and when there is much of it on the disk, so that nobody who sends what takes long keeps others out.

import type { Timer } from '@fuchsbau/shared/clock.ts'
import type { Metrics } from '@fuchsbau/shared/metrics.ts'
import { type RetryPolicy, retryDelay } from '@fuchsbau/shared/retry.ts'
import type { Context } from '../context.ts'
import type { AcceptedActivity, Waiting } from '../store/accepted.ts'
import { StoreUnavailable } from '../store/journal.ts'
import { type Effect, receive } from './receive.ts'
import { SignerLanes } from './signer-lanes.ts'

/** Pauses of a minute, then 4, 16, 64 … minutes, at most a day: nine attempts in about three days. */
export const EFFECT_RETRY: RetryPolicy = {
  firstMs: 60_000,
  factor: 4,
  maxMs: 86_400_000,
  attempts: 8,
  jitter: 0.2,
}

/** More than so many of one signer, or so much of all, waits on the disk: a quarter of what the store holds at most. */
const MAX_WAITING = { ofSigner: 16, activities: 2_500, characters: 16 * 1024 * 1024 }

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
  const lanes = new SignerLanes(run)
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

  async function run(id: string, atHand?: AcceptedActivity): Promise<void> {
    const accepted = isClosing ? undefined : (atHand ?? store.accepted.find(id))
    if (!accepted) return
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
    const delay = retryDelay(EFFECT_RETRY, attempts, Math.random)
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
      wait({ ...accepted, nextAt: clock.now() + EFFECT_RETRY.firstMs })
    }
  }

  function wait({ id, signer, nextAt = 0 }: Waiting): void {
    const timer = clock.after(Math.max(0, nextAt - clock.now()), () => {
      timers.delete(timer)
      lanes.enter(signer, id)
    })
    timers.add(timer)
  }

  function start(accepted: AcceptedActivity): void {
    const { id, signer } = accepted
    const { count, characters } = store.tree.held
    const isCrowded = count > MAX_WAITING.activities || characters > MAX_WAITING.characters
    if (isCrowded || lanes.countWaiting(signer) >= MAX_WAITING.ofSigner) moveToDisk(accepted)
    lanes.enter(signer, id, accepted)
  }

  function moveToDisk(accepted: AcceptedActivity): void {
    try {
      store.commit([store.accepted.postpone(accepted)]).catch(() => {}) // in the journal before, and still in memory
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error // it stays in memory, which the store bounds
    }
  }

  for (const waiting of store.accepted.pending()) {
    if (waiting.nextAt === undefined) lanes.enter(waiting.signer, waiting.id)
    else wait(waiting)
  }
  return {
    start,
    idle: () => lanes.idle(),
    async close() {
      isClosing = true
      for (const timer of timers) timer.cancel()
      await lanes.idle()
    },
  }
}
