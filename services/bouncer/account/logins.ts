// What attempts to log in share, whoever makes them: the slow-down of guessing, the few checks that may run at once, and
// the counts of how they ended.
import type { Clock } from '@fuchsbau/shared/clock.ts'
import type { Counter, Metrics } from '@fuchsbau/shared/metrics.ts'
import { createThrottle, type Throttle } from '@fuchsbau/shared/throttle.ts'

/** A password check takes 19 MiB and a core for a while; the throttle allows three. */
const AT_ONCE = 2
/** When a bouncer comes back all its clients come at once: they wait their turn. More are sent away. */
const MAX_WAITING = 1_000

const OUTCOMES = ['ok', 'refused', 'slowed', 'busy', 'failed'] as const
export type LoginOutcome = (typeof OUTCOMES)[number]

export class Logins {
  readonly throttle: Throttle
  readonly #counters: ReadonlyMap<LoginOutcome, Counter>
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor(clock: Clock, metrics: Metrics) {
    this.throttle = createThrottle(clock)
    const help = 'Attempts to log in, by how they ended.'
    this.#counters = new Map(
      OUTCOMES.map((outcome) => [
        outcome,
        metrics.counter('fuchsbau_bouncer_logins_total', help, { outcome }),
      ]),
    )
  }

  count(outcome: LoginOutcome): void {
    this.#counters.get(outcome)?.inc()
  }

  /** Runs a check when it is its turn; undefined, without running it, when too many wait. */
  async inTurn<T>(check: () => Promise<T>): Promise<T | undefined> {
    if (this.#running >= AT_ONCE) {
      if (this.#waiting.length >= MAX_WAITING) return
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    } else this.#running += 1
    try {
      return await check()
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#running -= 1
    }
  }
}
