// Lets connections to one host begin only so fast, so that a server that comes back is not stormed by all its users at once.
import type { Clock } from '@fuchsbau/shared/clock.ts'

/** So many at once, then one each `EVERY_MS`. */
const BURST = 20
const EVERY_MS = 50

export class Dialing {
  readonly #clock: Clock
  /** When the next connection may begin, by host. */
  readonly #next = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Resolves when a connection to this host may begin. */
  turn(host: string): Promise<void> {
    const now = this.#clock.now()
    const earliest = now - BURST * EVERY_MS
    const at = Math.max(this.#next.get(host) ?? earliest, earliest) + EVERY_MS
    this.#next.set(host, at)
    return new Promise((resolve) => this.#clock.after(at - now, resolve))
  }
}
