// What attempts to log in share, whoever makes them: the slow-down of guessing, the few checks that may run at once, and
// the counts of how they ended.
import type { Clock } from '@fuchsbau/shared/clock.ts'
import type { Counter, Metrics } from '@fuchsbau/shared/metrics.ts'
import { createThrottle, type Throttle } from '@fuchsbau/shared/throttle.ts'

const OUTCOMES = ['ok', 'refused', 'slowed', 'busy', 'away', 'failed'] as const
export type LoginOutcome = (typeof OUTCOMES)[number]

export class Logins {
  readonly throttle: Throttle
  readonly #counters: ReadonlyMap<LoginOutcome, Counter>
  /**
   * A check takes 19 MiB and a core for a while; the throttle allows three. When a bouncer comes back all its clients come at
   * once, and wait.
   */
  readonly checks = new Turnstile(2, 1_000)
  /** Asking the identity provider takes seconds when it is slow: passwords do not wait for that. */
  readonly tokens = new Turnstile(4, 200)

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
}

/** Lets so many run at once; others wait for their turn. */
export class Turnstile {
  readonly #atOnce: number
  readonly #mostWaiting: number
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor(atOnce: number, mostWaiting: number) {
    this.#atOnce = atOnce
    this.#mostWaiting = mostWaiting
  }

  /** Runs a check when it is its turn; undefined, without running it, when too many wait. */
  async pass<T>(check: () => Promise<T>): Promise<{ value: T } | undefined> {
    if (this.#running >= this.#atOnce) {
      if (this.#waiting.length >= this.#mostWaiting) return
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    } else this.#running += 1
    try {
      return { value: await check() }
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#running -= 1
    }
  }
}
