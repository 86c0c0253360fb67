// The places in a network's backlog, by client name. Clients that share a name share one place: it is where the one is
// that has least, so that what one of them did not get is not taken for delivered because another has it. When a
// connection is cut, its place is kept for the next one of that name.
import type { Receipts } from '../store/receipts.ts'

/** Places of cut connections that are kept for each name. */
const MOST_LOST = 5

/** Client names of a network whose places are kept. */
const MOST_NAMES = 200

export interface Place {
  readonly name: string
  /** Where it began, and what the client has for sure: ids of messages. */
  readonly start: number
  confirmed: number
}

export class Places {
  readonly #networkId: number
  readonly #receipts: Receipts
  /** Of the clients that are connected, in the order in which they came. */
  readonly #live = new Map<string, Place[]>()
  readonly #lost = new Map<string, number[]>()

  constructor(networkId: number, receipts: Receipts) {
    this.#networkId = networkId
    this.#receipts = receipts
  }

  /** Where a client that connects goes on. `first`: where one begins that was never here. */
  open(name: string, first: number): Place {
    const known = this.#receipts.get(this.#networkId, name)
    const kept = this.#lost.get(name)?.shift()
    const start = Math.min(known ?? first, kept ?? Number.MAX_SAFE_INTEGER)
    const place = { name, start, confirmed: start }
    this.#live.set(name, [...(this.#live.get(name) ?? []), place])
    if (known === undefined) {
      this.#forgetOldest()
      this.#receipts.set(this.#networkId, name, start)
    }
    return place
  }

  /** The client has everything up to this message. */
  confirm(place: Place, id: number): void {
    if (id <= place.confirmed) return
    place.confirmed = id
    this.#save(place.name)
  }

  /** The client is gone. `isCut`: it may not have got all that was sent. */
  close(place: Place, isCut: boolean): void {
    const { name, confirmed } = place
    const live = this.#live.get(name) ?? []
    const others = live.filter((each) => each !== place)
    if (others.length === 0) this.#live.delete(name)
    else this.#live.set(name, others)
    if (isCut && others.length > 0 && !isTakenOver(place, live)) {
      const lost = [...(this.#lost.get(name) ?? []), confirmed].sort((a, b) => a - b)
      this.#lost.set(name, lost.slice(0, MOST_LOST))
    }
    this.#save(name)
  }

  #forgetOldest(): void {
    const idle = this.#receipts
      .list(this.#networkId)
      .filter(({ client }) => !this.#live.has(client))
    if (idle.length < MOST_NAMES - 1) return
    const oldest = idle.reduce((a, b) => (b.at < a.at ? b : a))
    this.#receipts.forget(this.#networkId, oldest.client)
    this.#lost.delete(oldest.client)
  }

  #save(name: string): void {
    const live = this.#live.get(name) ?? []
    const held = live.filter((place) => !isTakenOver(place, live))
    const ids = [...held.map(({ confirmed }) => confirmed), ...(this.#lost.get(name) ?? [])]
    if (ids.length > 0) this.#receipts.set(this.#networkId, name, Math.min(...ids))
  }
}

/** A connection that has answered nothing since another of its name began at its place: cut, and not closed yet. */
function isTakenOver(place: Place, live: readonly Place[]): boolean {
  const later = live.slice(live.indexOf(place) + 1)
  return later.some(({ start }) => start >= place.confirmed)
}
