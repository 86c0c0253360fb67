// How long to wait before a network is tried again, by why the last connection ended.
import { type RetryPolicy, retryDelay } from '@fuchsbau/shared/retry.ts'
import type { EndingKind } from './upstream/ending.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const policy = (firstMs: number, maxMs: number): RetryPolicy => ({
  firstMs,
  factor: 2,
  maxMs,
  attempts: Number.POSITIVE_INFINITY,
  jitter: 0.5,
})

/** A server that is away is looked for often: that costs it nothing. One that does not want us is left alone for long. */
const BACKOFF: Readonly<Record<EndingKind, RetryPolicy>> = {
  lost: policy(2 * SECOND, 5 * MINUTE),
  unreachable: policy(2 * SECOND, MINUTE),
  refused: policy(10 * SECOND, 10 * MINUTE),
  certificate: policy(30 * SECOND, 10 * MINUTE),
  throttled: policy(MINUTE, 30 * MINUTE),
  banned: policy(10 * MINUTE, 12 * 60 * MINUTE),
  upgrade: policy(0, 0),
}
/** A connection that lasted so long begins the backoff anew. */
const STABLE_MS = MINUTE

export class Backoff {
  readonly #random: () => number
  #kind: EndingKind = 'lost'
  #failures = 0

  constructor(random: () => number) {
    this.#random = random
  }

  /** The owner wants it now: what was before does not count. */
  reset(): void {
    this.#failures = 0
  }

  /** The wait after a connection that ended so and had lasted so long (0: it never was registered). */
  delayMs(kind: EndingKind, lastedMs: number): number {
    const isOther = kind !== this.#kind || lastedMs > STABLE_MS
    this.#failures = isOther ? 1 : this.#failures + 1
    this.#kind = kind
    return retryDelay(BACKOFF[kind], this.#failures, this.#random) ?? 0
  }
}
