// The health of one host. After several failures in a row it is held as a whole: nothing is sent until an instant,
// then one probe; a failed probe doubles the hold, a success ends it. Retry-After holds a healthy host the same way.

import { type RetryPolicy, retryDelay } from '@fuchsbau/shared/retry.ts'

export interface CircuitOptions {
  /** Failures in a row after which the host is held. */
  openAfter: number
  /** Holds after it, ms; its `maxMs` also caps Retry-After. */
  retry: RetryPolicy
  random: () => number
}

export class Circuit {
  readonly #options: CircuitOptions
  #failures = 0
  #heldUntil = 0
  /** What the host itself asked for, ms. */
  #askedUntil = 0
  #wave = 0

  constructor(options: CircuitOptions) {
    this.#options = options
  }

  /** Failures in a row. Of attempts that were under way together when the host was held, the rest don't count. */
  get failures(): number {
    return this.#failures
  }

  get isOpen(): boolean {
    return this.#failures >= this.#options.openAfter
  }

  /** Nothing is sent before this instant, ms; 0 when nothing holds the host. */
  get heldUntil(): number {
    return this.#heldUntil
  }

  /** Whether it would help to know that the host is alive: it failed last, and did not ask for this pause itself. */
  isDoubted(now: number): boolean {
    return this.#failures > 0 && !this.#isHold(this.#askedUntil, now)
  }

  /** Names the attempts that start now; hand it to `failed`. */
  get wave(): number {
    return this.#wave
  }

  /** How many attempts may be under way at once: none while held, one probe while open, else `most`. */
  limit(now: number, most: number): number {
    if (this.#isHold(this.#heldUntil, now)) return 0
    return this.isOpen ? 1 : most
  }

  /** The host answered. True when that ended an open circuit. */
  succeeded(): boolean {
    const wasOpen = this.isOpen
    this.#failures = 0
    this.#heldUntil = 0
    this.#askedUntil = 0
    if (wasOpen) this.#wave += 1
    return wasOpen
  }

  /** An attempt of that wave failed. True when the host is held from now on, or still. */
  failed(wave: number, now: number, retryAfterMs = 0): boolean {
    const { openAfter, retry, random } = this.#options
    const askedMs = Math.min(retryAfterMs, retry.maxMs)
    if (askedMs > 0) this.#askedUntil = now + askedMs
    if (wave === this.#wave) {
      this.#failures += 1
      const holds = this.#failures - openAfter + 1
      const ownMs = holds < 1 ? 0 : (retryDelay(retry, holds, random) ?? retry.maxMs)
      const holdMs = Math.max(ownMs, askedMs)
      if (holdMs > 0) {
        this.#heldUntil = now + holdMs
        this.#wave += 1
      }
    } else if (askedMs > 0) {
      const plausible = Math.min(this.#heldUntil, now + retry.maxMs)
      this.#heldUntil = Math.max(plausible, now + askedMs)
    }
    return this.limit(now, 1) === 0
  }

  /** Takes up what an earlier process knew. Of several calls the one with the most failures counts. */
  restore(failures: number, heldUntil: number): void {
    if (failures <= this.#failures) return
    this.#failures = failures
    this.#heldUntil = this.isOpen ? heldUntil : 0
  }

  /** Ends the hold; an open circuit still sends one probe first. */
  release(): void {
    this.#heldUntil = 0
    this.#askedUntil = 0
  }

  /** Whether an instant still holds: when it is further ahead than any hold, the clock was set back since. */
  #isHold(until: number, now: number): boolean {
    return until > now && until - now <= this.#options.retry.maxMs
  }
}
