// Lets connections to one host begin only so fast, so that a server that comes back is not stormed by all its users at
// once; and when one of them got in, those that wait for the same host need not wait any longer.
import type { Clock, Timer } from '@fuchsbau/shared/clock.ts'

/** So many at once, then one each `EVERY_MS`. */
const BURST = 20
const EVERY_MS = 50
/** Hosts whose last connection is long ago are forgotten when there are more. */
const MAX_HOSTS = 1_000

interface Waiting {
  host: string
  timer: Timer
  /** Undefined when it may not be sooner, or has its turn already. */
  wake: (() => void) | undefined
}

export class Dialing {
  readonly #clock: Clock
  /** When the next connection may begin, by host. */
  readonly #next = new Map<string, number>()
  readonly #waiting = new Set<Waiting>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * Runs `task` when `delayMs` have passed and it is this one's turn. `canWake`: it waits only because the host could not
   * be reached; when another gets in there, it is sooner.
   */
  after(host: string, delayMs: number, task: () => void, { canWake = false } = {}): Timer {
    const run = () => {
      this.#waiting.delete(waiting)
      task()
    }
    let hasTurn = false
    const takeTurn = () => {
      waiting.wake = undefined
      waiting.timer.cancel()
      const waitMs = this.#turn(host)
      if (waitMs <= 0) run()
      else {
        hasTurn = true
        waiting.timer = this.#clock.after(waitMs, run)
      }
    }
    const waiting: Waiting = {
      host,
      timer: this.#clock.after(delayMs, takeTurn),
      wake: canWake ? takeTurn : undefined,
    }
    this.#waiting.add(waiting)
    return {
      cancel: () => {
        // A turn that was not used is somebody else's: who connects anew all the time must not take them all.
        if (this.#waiting.delete(waiting) && hasTurn) this.#giveBack(host)
        waiting.timer.cancel()
      },
    }
  }

  /** A connection to this host was made. */
  arrived(host: string): void {
    for (const waiting of [...this.#waiting]) if (waiting.host === host) waiting.wake?.()
  }

  #giveBack(host: string): void {
    const next = this.#next.get(host)
    if (next !== undefined) this.#next.set(host, next - EVERY_MS)
  }

  /** Takes the next turn: in so many ms. */
  #turn(host: string): number {
    const now = this.#clock.now()
    if (this.#next.size >= MAX_HOSTS) {
      for (const [name, at] of this.#next) if (at < now) this.#next.delete(name)
    }
    const earliest = now - (BURST - 1) * EVERY_MS
    const at = Math.max(this.#next.get(host) ?? earliest, earliest)
    this.#next.set(host, at + EVERY_MS)
    return at - now
  }
}
