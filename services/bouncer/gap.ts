// While a network was away nobody knows what was said there: the history says so in each channel, with when that was, also
// when the process itself was gone (kill -9).
import { StoreUnavailable } from '@fuchsbau/shared/database/unavailable.ts'
import type { Network } from './network.ts'
import type { GapState } from './snapshot.ts'
import type { Filled } from './upstream/backfill.ts'
import type { UpstreamChannel } from './upstream/channel.ts'
import type { Upstream } from './upstream/upstream.ts'

/** The whole bouncer notes that it is alive so often: after a kill it was so at least until then. */
export const ALIVE_EVERY_MS = 60_000
export const ALIVE = 'alive-at'

/** A line is dead before that is noticed, and clocks differ: the network is asked for so much more, ms. */
const MARGIN_MS = 90_000

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
    // Behind the last line, so that who asks for what follows that is told.
    const lostAt = noted === 'up' ? Math.max(alive, this.#lastTime() + 1) : Number(noted)
    this.#begin(lostAt, noted === 'up' ? 'the bouncer was killed' : 'the bouncer was stopped')
  }

  /** The network is there: what was said in private meanwhile is fetched, where it has that. */
  arrived(upstream: Upstream): void {
    this.#note('up')
    const lostAt = this.#lostAt
    if (lostAt === undefined || !upstream.backfill.isPossible) return
    for (const name of this.#channels) upstream.backfill.expect(name)
    const times = { lostAt, since: lostAt - MARGIN_MS, until: upstream.time.now() + MARGIN_MS }
    upstream.backfill.askTargets(times, (target) => {
      const told = (filled: Filled) => this.#told(target, times.until, filled)
      upstream.backfill.fill({ target, ...times }, () => undefined, told)
    })
  }

  /** The connection is left to the next process: unless that says otherwise, it is gone since now. */
  handedOver(): void {
    this.#note(String(this.#network.bouncer.clock.now()))
  }

  /** The connection goes on: nothing is missing but what was missing before. */
  goOn(before: GapState | undefined): void {
    this.#lostAt = before?.lostAt
    this.#reason = before?.reason ?? ''
    this.#channels = new Set(before?.channels)
    this.#note('up')
  }

  /** What is still to be told. */
  untold(): GapState | undefined {
    const lostAt = this.#lostAt
    if (lostAt === undefined || this.#channels.size === 0) return
    return { lostAt, reason: this.#reason, channels: [...this.#channels] }
  }

  /** It is gone, since now. */
  left(reason: string): void {
    const now = this.#network.bouncer.clock.now()
    this.#begin(now, reason)
    this.#note(String(now))
  }

  /**
   * A channel is joined: tells its history what is missing, once, and asks the network for it where that has a history of
   * its own. `show` is called when clients may be shown the channel: behind what they missed, if that comes in time.
   */
  joined(upstream: Upstream, { name, joinedAt }: UpstreamChannel, show: () => void): void {
    const network = this.#network
    if (this.#lostAt === undefined || !this.#channels.delete(network.fold(name))) {
      show()
      return
    }
    const now = network.bouncer.clock.now()
    const until = secondsOf(now)
    const reason = this.#reason
    const text = `No lines from here on until ${until}: ${reason}`
    const id = network.storeGap(name, text, this.#lostAt)
    if (!upstream.backfill.isPossible) {
      show()
      return
    }
    // The network's clock counts.
    const lostAt = this.#lostAt + joinedAt - now
    const missing = { target: name, lostAt, since: lostAt - MARGIN_MS, until: joinedAt + 1 }
    upstream.backfill.fill(missing, show, (filled) => {
      if (filled.outcome === 'refused') return
      const count = filled.said === 1 ? '1 line' : `${filled.said} lines`
      const found = `the network's history had ${count} of that time`
      network.bouncer.store.messages.rewordGap(
        id,
        `Not connected from here on until ${until}: ${reason}; ${found}`,
      )
      this.#told(name, now, filled)
    })
  }

  /** What came was not all. */
  #told(target: string, until: number, { outcome, last }: Filled): void {
    if (outcome !== 'cut') return
    const text = `No lines from here on until ${secondsOf(until)}: the network's history has more than was fetched`
    this.#network.storeGap(target, text, last)
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

const secondsOf = (time: number) => new Date(time).toISOString().replace(/\.\d+Z$/, 'Z')
