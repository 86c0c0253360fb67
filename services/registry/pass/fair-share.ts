// How many requests each may have under way at the upstream at once. Bodies go as slowly as a client likes, so that somebody
// who is slow, or means ill, would else keep all connections for herself.

/** Hands out a number of places. Everybody may have as many as are still free: there are always some for who comes next. */
export class FairShare {
  readonly #held = new Map<string, number>()
  #free: number

  constructor(places: number) {
    this.#free = places
  }

  /** Takes a place; returns how to give it back (once), or undefined when this one has her share. */
  take(who: string): (() => void) | undefined {
    const held = this.#held.get(who) ?? 0
    if (held >= this.#free) return
    this.#held.set(who, held + 1)
    this.#free -= 1
    return () => this.#giveBack(who)
  }

  #giveBack(who: string): void {
    const held = this.#held.get(who) ?? 0
    if (held > 1) this.#held.set(who, held - 1)
    else this.#held.delete(who)
    this.#free += 1
  }
}
