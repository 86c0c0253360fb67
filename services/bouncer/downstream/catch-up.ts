// The place of a client in the backlog, and how it catches up: lines are read from the history in pages, as fast as the
// client takes them, until it is level with what happens now. So a client that reads slowly costs no memory.
// Clients with chathistory fetch for themselves. What has reached a client is known by its PONG.
import { playable } from '../history/playback.ts'
import { message } from '../irc/message.ts'
import type { Downstream } from './downstream.ts'

const PAGE = 200
/** A page is read when less than this waits for the client. */
const LOW_WATER_BYTES = 64 * 1024
/** How often, at most, a client is asked what it has, ms. */
const ASK_EVERY_MS = 5_000
const TOKEN = 'fuchsbau-seen-'

export class CatchUp {
  readonly #downstream: Downstream
  isRunning = false
  /** Last line of the history that was put into the output, and the last that the client has for sure. */
  #sent = 0
  #asked = 0
  #askedAt = 0
  #isStepping = false

  constructor(downstream: Downstream) {
    this.#downstream = downstream
  }

  /** Begins at the client's receipt; the first time at what is there now, so that a new client is not flooded. */
  begin(): void {
    const { network, clientName, bouncer } = this.#downstream
    if (!network) return
    const { receipts, messages } = bouncer.store
    const newest = messages.lastId(network.record.id)
    this.#sent = receipts.get(network.record.id, clientName) ?? network.firstReceipt(newest)
    this.#asked = this.#sent
    if (this.#isOwnReader() || this.#sent >= newest) this.#sent = newest
    else {
      this.isRunning = true
      this.step()
    }
  }

  /** A line of the history was put into the client's output. */
  sent(id: number): void {
    if (id > this.#sent) this.#sent = id
  }

  /** Too much waits: go on from the history when the client has read. */
  fallBack(id: number): void {
    if (this.#isOwnReader()) return
    this.#sent = id
    this.isRunning = true
  }

  /** Puts the next page into the output, if the client has read the last ones. */
  step(): void {
    const downstream = this.#downstream
    const { network, bouncer } = downstream
    if (!this.isRunning || !network || downstream.isClosed) return
    while (this.isRunning && downstream.waiting < LOW_WATER_BYTES) {
      const page = bouncer.store.messages.afterId(network.record.id, this.#sent, PAGE)
      for (const stored of page) {
        const line = playable(downstream, network, stored)
        if (line) downstream.playback(line)
        this.#sent = stored.id
      }
      if (page.length < PAGE) this.isRunning = false
    }
  }

  /** The output was written: more may follow, and the client is asked what it has. */
  flushed(): void {
    const { clock } = this.#downstream
    if (this.#isOwnReader() || this.#sent <= this.#asked) return
    if (clock.now() - this.#askedAt < ASK_EVERY_MS && !this.isRunning) return
    this.#ask()
  }

  /** PONG: the client has everything up to the line that the token names. */
  answered(token: string): boolean {
    if (!token.startsWith(TOKEN)) return false
    this.#save(Number(token.slice(TOKEN.length)))
    return true
  }

  /** QUIT: what was written was read. */
  close(): void {
    this.isRunning = false
  }

  /** The client says goodbye in order: it has what was written. */
  quit(): void {
    if (!this.#isOwnReader() && this.#downstream.waiting === 0) this.#save(this.#sent)
  }

  #ask(): void {
    if (this.#isStepping) return
    this.#isStepping = true
    this.#asked = this.#sent
    this.#askedAt = this.#downstream.clock.now()
    this.#downstream.send(message('PING', `${TOKEN}${this.#sent}`))
    this.#isStepping = false
  }

  #save(id: number): void {
    const { network, clientName, bouncer } = this.#downstream
    if (!network || !Number.isSafeInteger(id) || id > this.#sent) return
    bouncer.store.receipts.set(network.record.id, clientName, id)
  }

  #isOwnReader(): boolean {
    const { caps } = this.#downstream
    return caps.has('draft/chathistory') || caps.has('znc.in/playback')
  }
}
