// When things happen on a network, by its own clock where it tells the time: it may be wrong.
// https://ircv3.net/specs/extensions/server-time
import type { Clock } from '@fuchsbau/shared/clock.ts'
import type { Message } from '../irc/message.ts'
import { parseServerTime } from '../irc/server-time.ts'

/** What lies further in the future, ms, would stand last for ever. */
const MAX_AHEAD_MS = 60_000

export class NetworkTime {
  readonly #clock: Clock
  /** The latest that the network told, ms. */
  newest = 0
  /** When the line that is handled came, ms, if that was before now. */
  arrival: number | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** When a line happened, ms: as the network says, or now. */
  of({ tags }: Message): number {
    const now = this.arrival ?? this.#clock.now()
    const told = tags.get('time')
    const time = told === undefined ? undefined : parseServerTime(told)
    if (time === undefined || time > now + MAX_AHEAD_MS) return now
    this.newest = Math.max(this.newest, time)
    return time
  }

  /** Now, ms, but not before anything that was told: what is said now answers that. */
  now(): number {
    return Math.max(this.#clock.now(), this.newest)
  }
}
