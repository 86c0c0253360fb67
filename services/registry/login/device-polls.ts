// How often terminals ask whether their login is approved. In memory: a restart forgives once.
// https://www.rfc-editor.org/rfc/rfc8628#section-3.5
import type { Clock } from '@fuchsbau/shared/clock.ts'

/** What a terminal is told to wait between two questions. */
export const INTERVAL_SECONDS = 2
/** And so much longer from each time on that it does not. */
const MORE_SECONDS = 5
/** Of a network that holds some of them up. */
const EARLY_MS = 500
/** Those that wait at the same time are fewer. */
const MAX_KEPT = 2_000

export class DevicePolls {
  readonly #clock: Pick<Clock, 'now'>
  readonly #last = new Map<number, { at: number; intervalMs: number }>()

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock
  }

  /** Notes that the login of this row is asked for. False: too early. */
  note(id: number): boolean {
    const now = this.#clock.now()
    const { at, intervalMs } = this.#last.get(id) ?? {
      at: Number.NEGATIVE_INFINITY,
      intervalMs: INTERVAL_SECONDS * 1000,
    }
    const isEarly = now - at < intervalMs - EARLY_MS
    this.#last.delete(id)
    this.#last.set(id, { at: now, intervalMs: intervalMs + (isEarly ? MORE_SECONDS * 1000 : 0) })
    const oldest = this.#last.size > MAX_KEPT ? this.#last.keys().next().value : undefined
    if (oldest !== undefined) this.#last.delete(oldest)
    return !isEarly
  }

  forget(id: number): void {
    this.#last.delete(id)
  }
}
