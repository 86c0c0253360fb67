// How a client gets what it missed: lines are read from the history in pages, as fast as the client takes them, until it is
// level with what happens now. So a client that reads slowly costs no memory. Clients with chathistory fetch for themselves
// what they missed while they were away; what is said now waits until they could ask for that. What has reached a client is
// known by its PONG.
import type { Timer } from '@fuchsbau/shared/clock.ts'
import { playable } from '../history/playback.ts'
import { message } from '../irc/message.ts'
import type { Downstream } from './downstream.ts'
import { guarded } from './fault.ts'
import { HIGH_WATER_BYTES } from './output.ts'
import type { Place } from './places.ts'

const PAGE = 200
/** Pages read in one turn of the event loop. */
const PAGES_PER_TURN = 10
/** A page is read when less than this waits for the client. */
const LOW_WATER_BYTES = 64 * 1024
/**
 * How often, at most, a client is asked what it has, ms. After a cut it gets again what came in so long, and while the
 * last PONG was under way; less would be lost lines: what TCP has acknowledged its program may not have read.
 */
const ASK_EVERY_MS = 50
/** A client that says other things for so long after our PING does not answer any, ms. */
const MUTE_AFTER_MS = 30_000
/** A client that fetches for itself asks when it is in its channels: before it answers our PING behind them, or never. */
const GREETING_MS = 2_000
/** While it catches up, the wire tells when more fits; and if it does not, it is looked at so often, ms. */
const LOOK_EVERY_MS = 50
/** Lines shown ahead of their turn that are remembered. */
const MOST_AHEAD = 1_000
/** A client that was never here gets so many lines, and not the history of years. */
export const MOST_FIRST = 1_000
const TOKEN = 'fuchsbau-seen-'

export class CatchUp {
  readonly #downstream: Downstream
  isRunning = false
  #place: Place | undefined
  /** Last line of the history that was put into the output; that was written; that the client was asked for. */
  #sent = 0
  #written = 0
  #asked = 0
  #askedAt: number | undefined
  #heardAt = 0
  #askTimer: Timer | undefined
  #stepTimer: Timer | undefined
  /** It waits for what the client asks at first: a live line before the answer would stand above what was missed. */
  #greeting: Timer | undefined
  /** Lines that were shown although their turn had not come: their sender waits for them. */
  readonly #ahead = new Set<number>()

  constructor(downstream: Downstream) {
    this.#downstream = downstream
  }

  /** Begins at the client's place. */
  begin(): void {
    const { network, clientName, bouncer } = this.#downstream
    if (!network) return
    const newest = bouncer.store.messages.lastId(network.record.id)
    if (this.#isOwnReader()) {
      this.#startAt(newest)
      this.isRunning = true
      this.#greeting = this.#downstream.clock.after(GREETING_MS, () => this.#greeted())
      this.#downstream.send(message('PING', `${TOKEN}${newest}`))
      return
    }
    const others = bouncer.store.receipts.list(network.record.id).map((each) => each.messageId)
    const first = Math.max(0, newest - MOST_FIRST, ...others)
    this.#place = network.places.open(clientName, first)
    this.#startAt(this.#place.start)
    if (this.#sent >= newest) return
    this.isRunning = true
    this.step()
  }

  /** Last line that was put into the output. */
  get position(): number {
    return this.#sent
  }

  /** A line of the history was put into the client's output. */
  sent(id: number): void {
    if (!this.isRunning && id > this.#sent) this.#sent = id
  }

  /** A line was shown before its turn: the client has said it, or has asked for it. */
  sentAhead(id = 0): void {
    if (this.isRunning && id > this.#sent && this.#ahead.size < MOST_AHEAD) this.#ahead.add(id)
  }

  /** The same of one that just happened, or became known. */
  shown(id: number): void {
    this.sent(id)
    if (this.#downstream.waiting > HIGH_WATER_BYTES) this.fallBack(id)
  }

  /** Too much waits: go on from the history when the client has read. */
  fallBack(id: number): void {
    if (id > this.#sent) this.#sent = id
    this.isRunning = true
  }

  /** Puts the next pages into the output, if the client has read the last ones. It fails for this client alone. */
  step(): void {
    guarded(this.#downstream, 'what a client missed', () => this.#step())
  }

  #step(): void {
    this.#stepTimer?.cancel()
    this.#stepTimer = undefined
    const downstream = this.#downstream
    if (!this.isRunning || this.#greeting || !downstream.network || downstream.isClosed) return
    for (let pages = 0; this.isRunning && downstream.waiting < LOW_WATER_BYTES; pages += 1) {
      if (pages === PAGES_PER_TURN) {
        this.#stepTimer = downstream.clock.after(0, () => this.step())
        return
      }
      this.#page()
    }
    if (this.isRunning) this.#stepTimer = downstream.clock.after(LOOK_EVERY_MS, () => this.step())
    downstream.barriers.look()
  }

  #page(): void {
    const downstream = this.#downstream
    const { network, bouncer } = downstream
    if (!network) return
    const page = bouncer.store.messages.afterId(network.record.id, this.#sent, PAGE)
    for (const stored of page) {
      const line = this.#ahead.delete(stored.id) ? undefined : playable(downstream, network, stored)
      if (line) downstream.playback(line)
      this.#sent = stored.id
    }
    if (page.length === PAGE) return
    this.isRunning = false
    this.#ahead.clear()
  }

  /** The output was written: the client is asked what it has. */
  flushed(): void {
    this.#written = this.#sent
    // What the system has taken at once is not told by `drain`: waiting for the look would be slow.
    if (this.isRunning) this.step()
    if (!this.#place || this.#askTimer || this.#askedAt !== undefined) return
    if (this.#written > this.#asked) this.#ask()
  }

  /** What was put into the output was not written: it goes on from what was. */
  discarded(): void {
    this.#sent = this.#written
    if (this.#downstream.isAttached) this.isRunning = true
  }

  /** The client said something. */
  heard(): void {
    this.#heardAt = this.#downstream.clock.now()
    if (this.#askedAt === undefined || this.#heardAt - this.#askedAt < MUTE_AFTER_MS) return
    // It reads, and answers no PING. What it was asked for so long ago, it has.
    this.#confirm(this.#asked)
    this.#askedAt = undefined
    if (this.#written > this.#asked) this.#ask()
  }

  /** PONG: the client has everything up to the line that the token names. True when the token is ours. */
  answered(token: string): boolean {
    if (!token.startsWith(TOKEN)) return false
    if (this.#greeting) this.#greeted()
    const id = Number(token.slice(TOKEN.length))
    if (!Number.isSafeInteger(id) || id > this.#asked) return true
    this.#confirm(id)
    if (id === this.#asked) this.#askedAt = undefined
    return true
  }

  /** The client says goodbye in order: it has what was written. */
  quit(): void {
    if (this.#downstream.waiting === 0) this.#confirm(this.#written)
    this.close(this.#downstream.waiting > 0)
  }

  /** The client is gone. */
  close(isCut = true): void {
    this.isRunning = false
    this.#greeting?.cancel()
    this.#askTimer?.cancel()
    this.#stepTimer?.cancel()
    if (this.#place) this.#downstream.network?.places.close(this.#place, isCut)
    this.#place = undefined
  }

  #greeted(): void {
    this.#greeting?.cancel()
    this.#greeting = undefined
    this.step()
  }

  #startAt(id: number): void {
    this.#sent = id
    this.#written = id
    this.#asked = id
  }

  #ask(): void {
    const { clock } = this.#downstream
    this.#asked = this.#written
    this.#askedAt = clock.now()
    this.#downstream.send(message('PING', `${TOKEN}${this.#asked}`))
    this.#askTimer = clock.after(ASK_EVERY_MS, () => {
      this.#askTimer = undefined
      if (this.#askedAt === undefined && this.#written > this.#asked) this.#ask()
    })
  }

  #confirm(id: number): void {
    if (this.#place) this.#downstream.network?.places.confirm(this.#place, id)
  }

  #isOwnReader(): boolean {
    const { caps } = this.#downstream
    return caps.has('draft/chathistory') || caps.has('znc.in/playback')
  }
}
