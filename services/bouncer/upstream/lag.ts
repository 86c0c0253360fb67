// Measures the lag by PING, and ends a connection that is silent for too long: a cut line is not told by TCP.
import type { Timer } from '@fuchsbau/shared/clock.ts'
import type { Upstream } from './upstream.ts'

const PING_EVERY_MS = 60_000
/** Silence after a PING that means the connection is dead. */
const DEAD_AFTER_MS = 60_000

export class Lag {
  readonly #upstream: Upstream
  #heardAt: number
  #pingedAt: number | undefined
  #timer: Timer
  /** Round trip of the last PING, ms. */
  lastMs: number | undefined

  constructor(upstream: Upstream) {
    this.#upstream = upstream
    this.#heardAt = upstream.clock.now()
    this.#timer = upstream.clock.after(PING_EVERY_MS / 4, () => this.#look())
  }

  /** A line came. */
  heard(): void {
    this.#heardAt = this.#upstream.clock.now()
  }

  /** PONG with our token. */
  answered(token: string): void {
    if (this.#pingedAt === undefined || token !== this.#token(this.#pingedAt)) return
    this.lastMs = this.#upstream.clock.now() - this.#pingedAt
    this.#pingedAt = undefined
  }

  close(): void {
    this.#timer.cancel()
  }

  #token = (at: number) => `fuchsbau-${at}`

  #look(): void {
    const { clock } = this.#upstream
    this.#timer = clock.after(PING_EVERY_MS / 4, () => this.#look())
    const now = clock.now()
    if (this.#pingedAt !== undefined && now - this.#pingedAt > DEAD_AFTER_MS) {
      if (now - this.#heardAt > DEAD_AFTER_MS) this.#upstream.fail('no answer to our PING')
      return
    }
    if (!this.#upstream.isRegistered || this.#pingedAt !== undefined) return
    this.#pingedAt = now
    this.#upstream.sendNow('PING', this.#token(now))
  }
}
