// How many strangers may be connected: clients that have not logged in, of one address and of all.
import { addressGroup } from '@fuchsbau/shared/throttle.ts'

/** Of all addresses together: each takes memory, with TLS some 50 KiB. */
const MAX_STRANGERS = 2_000

export class Admission {
  readonly #perAddress: number
  readonly #strangers = new Map<string, number>()
  #total = 0

  /** At most so many of one address (of IPv6: of its /64). */
  constructor(perAddress: number) {
    this.#perAddress = perAddress
  }

  /** One more stranger; returns what to call when it is none any more (again does nothing). Undefined: too many. */
  enter(address: string): (() => void) | undefined {
    const group = addressGroup(address)
    const count = this.#strangers.get(group) ?? 0
    if (count >= this.#perAddress || this.#total >= MAX_STRANGERS) return
    this.#strangers.set(group, count + 1)
    this.#total += 1
    let isIn = true
    return () => {
      if (!isIn) return
      isIn = false
      this.#total -= 1
      const left = (this.#strangers.get(group) ?? 1) - 1
      if (left > 0) this.#strangers.set(group, left)
      else this.#strangers.delete(group)
    }
  }
}
