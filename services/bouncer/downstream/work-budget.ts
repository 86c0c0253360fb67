// How long a person's clients may keep the process busy: a search takes up to 100 ms, and everybody else
// waits meanwhile. What takes long is paid for by a rest of the same length, and in the long run by three times that.
import type { Clock } from '@fuchsbau/shared/clock.ts'

/** Work in a row, and the part of the time in the long run. */
const BURST_MS = 2_000
const SHARE = 0.25
/** What takes less, such as a page of history, needs no rest. */
const SHORT_MS = 20

export class WorkBudget {
  readonly #clock: Pick<Clock, 'now'>
  #leftMs = BURST_MS
  #filledAt: number
  #restsUntil = 0

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock
    this.#filledAt = clock.now()
  }

  /** In so many ms there may be more work; 0: now. */
  get waitMs(): number {
    this.#fill()
    const debtMs = this.#leftMs < 0 ? -this.#leftMs / SHARE : 0
    return Math.max(0, debtMs, Math.min(BURST_MS, this.#restsUntil - this.#clock.now()))
  }

  /** Work was done for so long, until now. */
  spend(ms: number): void {
    // A clock that was set leaps; nothing takes that long.
    const spentMs = Math.min(Math.max(0, ms), BURST_MS)
    this.#fill()
    this.#leftMs -= spentMs
    if (spentMs >= SHORT_MS) this.#restsUntil = this.#clock.now() + spentMs
  }

  #fill(): void {
    const now = this.#clock.now()
    const grownMs = Math.max(0, now - this.#filledAt) * SHARE
    this.#leftMs = Math.min(BURST_MS, this.#leftMs + grownMs)
    this.#filledAt = now
  }
}
