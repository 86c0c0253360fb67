// While a network was away nobody knows what was said there: the history says so in each channel, with when that was, also
// when the process itself was gone (kill -9).

import { StoreUnavailable } from '@fuchsbau/shared/database/unavailable.ts'
import { message } from './irc/message.ts'
import type { Network } from './network.ts'
import type { Upstream } from './upstream/upstream.ts'

/** The whole bouncer notes that it is alive so often: after a kill it was so at least until then. */
export const ALIVE_EVERY_MS = 60_000
export const ALIVE = 'alive-at'

/** Lines of a channel that the network is asked for. */
const MOST_ASKED = 1_000

export class Gap {
  readonly #network: Network
  /** When the connection was lost; undefined: it never was there. */
  #lostAt: number | undefined
  #reason = ''
  /** Channels whose history has no gap yet. */
  #channels = new Set<string>()

  constructor(network: Network) {
    this.#network = network
    const { store } = network.bouncer
    const noted = store.properties.get(this.#property) ?? ''
    if (noted === '') return
    const alive = Number(store.properties.get(ALIVE) ?? 0)
    // `up`: the process ended without leaving.
    const lostAt = noted === 'up' ? Math.max(alive, this.#lastTime()) : Number(noted)
    this.#begin(lostAt, noted === 'up' ? 'the bouncer was killed' : 'the bouncer was stopped')
  }

  /** The network is there. */
  arrived(): void {
    this.#note('up')
  }

  /** It is gone, since now. */
  left(reason: string): void {
    const now = this.#network.bouncer.clock.now()
    this.#begin(now, reason)
    this.#note(String(now))
  }

  /**
   * A channel is joined: tells its history what is missing, once, and asks the network for it where that has a history of
   * its own. https://ircv3.net/specs/extensions/chathistory
   */
  joined(upstream: Upstream, name: string): void {
    const network = this.#network
    if (this.#lostAt === undefined || !this.#channels.delete(network.fold(name))) return
    const until = new Date(network.bouncer.clock.now()).toISOString().replace(/\.\d+Z$/, 'Z')
    const text = `No lines from here on until ${until}: ${this.#reason}`
    network.storeGap(name, text, this.#lostAt)
    if (!upstream.caps.has('draft/chathistory') || !upstream.caps.has('batch')) return
    const since = `timestamp=${new Date(this.#lostAt).toISOString()}`
    const limit = Math.min(MOST_ASKED, upstream.isupport.chathistory ?? MOST_ASKED)
    upstream.send(message('CHATHISTORY', 'AFTER', name, since, String(limit)))
  }

  #begin(lostAt: number, reason: string): void {
    this.#lostAt = lostAt
    this.#reason = reason
    const { channels } = this.#network
    this.#channels = new Set([...channels.keys()].map((name) => this.#network.fold(name)))
  }

  get #property(): string {
    return `connected-${this.#network.record.id}`
  }

  #lastTime(): number {
    const { messages } = this.#network.bouncer.store
    const { id } = this.#network.record
    const last = messages.lastId(id)
    return messages.afterId(id, last - 1, 1)[0]?.time ?? 0
  }

  #note(value: string): void {
    try {
      this.#network.bouncer.store.properties.set(this.#property, value)
    } catch (error) {
      // What is in memory holds for this process.
      if (!(error instanceof StoreUnavailable)) throw error
    }
  }
}
