// Measures the lag by PING, and ends a connection that is silent for too long: a cut line is not told by TCP.
import type { Timer } from '@fuchsbau/shared/clock.ts'
import type { Upstream } from './upstream.ts'

const LOOK_EVERY_MS = 10_000
/** The lag is measured so often, and sooner when the network is silent. */
const PING_EVERY_MS = 60_000
const SILENCE_MS = 30_000
/** Silence behind a PING that means the connection is dead. */
const DEAD_AFTER_MS = 30_000

export class Lag {
  readonly #upstream: Upstream
  #heardAt: number
  #pingedAt: number | undefined
  #measuredAt = Number.NEGATIVE_INFINITY
  #timer: Timer
  /** Round trip of the last PING, ms. */
  lastMs: number | undefined

  constructor(upstream: Upstream) {
    this.#upstream = upstream
    this.#heardAt = upstream.clock.now()
    this.#timer = upstream.clock.after(LOOK_EVERY_MS, () => this.#look())
  }

  /** The round trip; while a PING is unanswered, how long that has been if it is longer. */
  get ms(): number | undefined {
    if (this.#pingedAt === undefined) return this.lastMs
    const waitedMs = this.#upstream.clock.now() - this.#pingedAt
    return this.lastMs === undefined ? undefined : Math.max(this.lastMs, waitedMs)
  }

  /** A line came. */
  heard(): void {
    this.#heardAt = this.#upstream.clock.now()
  }

  /** 001: the first measure. */
  begin(): void {
    this.#ping()
  }

  /** PONG with our token; false when it is not ours. */
  answered(token: string): boolean {
    if (!token.startsWith(TOKEN)) return false
    if (this.#pingedAt !== undefined && token === tokenOf(this.#pingedAt)) {
      this.lastMs = this.#upstream.clock.now() - this.#pingedAt
      this.#pingedAt = undefined
    }
    return true
  }

  close(): void {
    this.#timer.cancel()
  }

  #look(): void {
    const { clock } = this.#upstream
    this.#timer = clock.after(LOOK_EVERY_MS, () => this.#look())
    if (!this.#upstream.isRegistered) return
    const now = clock.now()
    const silentMs = now - this.#heardAt
    if (this.#pingedAt === undefined) {
      if (silentMs >= SILENCE_MS || now - this.#measuredAt >= PING_EVERY_MS) this.#ping()
    } else if (now - this.#pingedAt >= DEAD_AFTER_MS && silentMs >= DEAD_AFTER_MS) {
      this.#upstream.fail(`the network was silent for ${Math.round(silentMs / 1000)} s`)
    }
  }

  #ping(): void {
    this.#pingedAt = this.#upstream.clock.now()
    this.#measuredAt = this.#pingedAt
    this.#upstream.sendNow('PING', tokenOf(this.#pingedAt))
  }
}

const TOKEN = 'fuchsbau-'
const tokenOf = (at: number) => `${TOKEN}${at}`
