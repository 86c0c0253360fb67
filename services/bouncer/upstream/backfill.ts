// Fetches from a network's own history what was said while we were not there: page by page, a bounded number of lines. What
// is said in the conversation meanwhile waits for that, a short while, so that everything is stored and shown in its order.
// https://ircv3.net/specs/extensions/chathistory
import type { Timer } from '@fuchsbau/shared/clock.ts'
import { type Message, message } from '../irc/message.ts'
import { formatServerTime } from '../irc/server-time.ts'
import type { Stored } from './port.ts'
import type { Upstream } from './upstream.ts'

/** Lines of one answer, and of a conversation in all. */
const MOST_ASKED = 1_000
const MOST_LINES = 5_000
/** Private conversations. */
const MOST_TARGETS = 100
/** Live lines wait so long, and so many of them. */
const HOLD_MS = 10_000
const MOST_HELD = 500
/** An answer that has not come by then will not come: the requests of a hundred channels wait for the flood control. */
const ANSWER_MS = 300_000
const SAID: ReadonlySet<string> = new Set(['PRIVMSG', 'NOTICE', 'TAGMSG', 'REDACT'])

/** What is missing of a conversation, between two times of the network, both excluded, ms. */
export interface Missing {
  target: string
  since: number
  until: number
  /** When we left: what is older is only fetched to be sure, and may be here already. */
  lostAt: number
}

/** What came of it. `refused`: nothing is known; `cut`: there is more than was fetched, behind `last`. */
export interface Filled {
  /** Lines that were said, and are new. */
  said: number
  outcome: 'whole' | 'cut' | 'refused'
  /** Time of the last line, ms. */
  last: number
}

export interface Fill extends Missing {
  filled: Filled
  /** Where the next page begins. */
  from: string
  /** Items of the page that is coming, and of all pages. */
  items: number
  total: number
  limit: number
  held: (() => void)[]
  isAsked: boolean
  isHolding: boolean
  /** Lines said since we are back were shown already. */
  isLate: boolean
  timers: Timer[]
  onReleased: () => void
  onFilled: (filled: Filled) => void
}

export class Backfill {
  readonly #upstream: Upstream
  /** By folded target. */
  readonly #fills = new Map<string, Fill>()
  /** Batches of live lines that wait: texts of several lines. */
  readonly #heldBatches = new Map<string, Fill>()
  #tellTarget: ((nick: string) => void) | undefined
  readonly #targets = new Set<string>()

  constructor(upstream: Upstream) {
    this.#upstream = upstream
  }

  /** Whether the network has a history to ask. */
  get isPossible(): boolean {
    const { caps } = this.#upstream
    return caps.has('draft/chathistory') && caps.has('batch') && caps.has('server-time')
  }

  /** Whether something is being fetched, or waits for that. */
  get isFilling(): boolean {
    return this.#fills.size > 0
  }

  /** A channel is about to be joined whose history will be asked for: servers tell what is said there before our own JOIN. */
  expect(target: string): void {
    const fill: Fill = {
      target,
      since: 0,
      until: 0,
      lostAt: 0,
      filled: { said: 0, outcome: 'whole', last: 0 },
      from: '',
      items: 0,
      total: 0,
      limit: 0,
      held: [],
      isAsked: false,
      isHolding: true,
      isLate: false,
      timers: [this.#upstream.clock.after(HOLD_MS, () => this.#release(fill))],
      onReleased: () => undefined,
      onFilled: () => undefined,
    }
    this.#fills.set(this.#upstream.fold(target), fill)
  }

  /** It is not joined after all. */
  forget(target: string): void {
    const fill = this.#fillOf(target)
    if (fill && !fill.isAsked) this.#end(fill, 'refused')
  }

  /**
   * Asks. `onReleased`: the conversation goes on, with or without what is missing; `onFilled`: all came, or no more will.
   * Neither is called when the connection ends before.
   */
  fill(missing: Missing, onReleased: () => void, onFilled: (filled: Filled) => void): void {
    if (!this.#fillOf(missing.target)) this.expect(missing.target)
    const fill = this.#fillOf(missing.target)
    if (!fill || fill.isAsked) return
    fill.limit = Math.min(MOST_ASKED, this.#upstream.isupport.chathistory ?? MOST_ASKED)
    fill.filled.last = missing.lostAt
    fill.from = `timestamp=${formatServerTime(missing.since)}`
    Object.assign(fill, missing, { isAsked: true, onReleased, onFilled })
    this.#ask(fill)
    if (!fill.isHolding) onReleased()
  }

  /** The conversation whose history a batch is, if it was asked for. */
  of(target: string): Fill | undefined {
    const fill = this.#fillOf(target)
    return fill?.isAsked ? fill : undefined
  }

  /** A line, or a text of several, of the answer. */
  took(fill: Fill, { tags }: Message, time: number, lines: readonly Stored[]): void {
    fill.items += 1
    fill.total += 1
    fill.filled.last = Math.max(fill.filled.last, time)
    const msgid = tags.get('msgid')
    fill.from = msgid ? `msgid=${msgid}` : `timestamp=${formatServerTime(time)}`
    const [first] = lines
    // A network that answers without end is no longer believed.
    if (fill.total > 2 * MOST_LINES) return
    if (!first || (time < fill.lostAt && !this.#isKnownById(first))) return
    fill.filled.said += this.#upstream.port.recall(lines, { isLate: fill.isLate })
  }

  /** The end of an answer. */
  page(fill: Fill, isLast: boolean): void {
    if (this.of(fill.target) !== fill) return
    const isWhole = isLast || fill.items < fill.limit
    if (isWhole || fill.total >= MOST_LINES) {
      this.#end(fill, isWhole ? 'whole' : 'cut')
      return
    }
    fill.items = 0
    for (const timer of fill.timers.splice(1)) timer.cancel()
    this.#ask(fill)
  }

  /** FAIL CHATHISTORY: it is one of these, since clients are answered from our own history. */
  failed({ params }: Message): void {
    const named = params.slice(2, -1).flatMap((each) => this.of(each) ?? [])
    for (const fill of named.slice(0, 1)) this.#end(fill, fill.filled.said > 0 ? 'cut' : 'refused')
  }

  /** Asks which persons have written to us, or were written to; each of them is told once. */
  askTargets(
    { since, until }: Pick<Missing, 'since' | 'until'>,
    tell: (nick: string) => void,
  ): void {
    const times = [since, until].map((time) => `timestamp=${formatServerTime(time)}`)
    this.#tellTarget = tell
    this.#targets.clear()
    this.#upstream.send(message('CHATHISTORY', 'TARGETS', ...times, String(MOST_TARGETS)))
  }

  /** CHATHISTORY TARGETS: one of the answer. */
  target({ params: [verb, name = ''] }: Message): void {
    const folded = this.#upstream.fold(name)
    if (verb !== 'TARGETS' || name === '' || this.#upstream.isupport.isChannel(name)) return
    if (this.#targets.size >= MOST_TARGETS || this.#targets.has(folded)) return
    this.#targets.add(folded)
    this.#tellTarget?.(name)
  }

  /** Whether a live line waits; then it is handled later. */
  holds({ command, params, tags }: Message, handle: () => void): boolean {
    if (this.#fills.size === 0) return false
    const fill = this.#spokenIn(command, params, tags.get('batch'))
    if (!fill) return false
    if (!fill.isHolding) {
      fill.isLate ||= command !== 'REDACT'
      return false
    }
    fill.held.push(handle)
    if (fill.held.length >= MOST_HELD) this.#release(fill)
    return true
  }

  close(): void {
    for (const { timers } of this.#fills.values()) for (const timer of timers) timer.cancel()
    this.#fills.clear()
    this.#heldBatches.clear()
  }

  #ask(fill: Fill): void {
    const { clock } = this.#upstream
    const until = `timestamp=${formatServerTime(fill.until)}`
    const request = ['BETWEEN', fill.target, fill.from, until, String(fill.limit)]
    this.#upstream.send(message('CHATHISTORY', ...request))
    fill.timers.push(
      clock.after(ANSWER_MS, () => this.#end(fill, fill.filled.said > 0 ? 'cut' : 'refused')),
    )
  }

  #fillOf(target: string): Fill | undefined {
    return this.#fills.get(this.#upstream.fold(target))
  }

  /** The conversation that a live line belongs to. */
  #spokenIn(
    command: string,
    params: readonly string[],
    batch: string | undefined,
  ): Fill | undefined {
    if (batch !== undefined) return this.#heldBatches.get(batch)
    const [first = '', type, target = ''] = params
    if (command === 'BATCH') {
      const reference = first.slice(1)
      const known = this.#heldBatches.get(reference)
      if (first.startsWith('-')) this.#heldBatches.delete(reference)
      const fill = type === 'draft/multiline' ? this.#fillOf(target) : undefined
      if (fill?.isHolding) this.#heldBatches.set(reference, fill)
      return known ?? fill
    }
    const name = this.#upstream.isupport.withoutStatus(first)
    return SAID.has(command) ? this.#fillOf(name) : undefined
  }

  /** What is older than our absence was stored when it was said: it comes twice, unless its id tells. */
  #isKnownById({ msgid, isOwn }: Stored): boolean {
    return msgid !== undefined && (!isOwn || this.#upstream.caps.has('echo-message'))
  }

  #release(fill: Fill): void {
    if (!fill.isHolding) return
    fill.isHolding = false
    fill.onReleased()
    const held = fill.held.splice(0)
    if (held.length > 0) fill.isLate = true
    for (const handle of held) handle()
    for (const [reference, of] of this.#heldBatches) {
      if (of === fill) this.#heldBatches.delete(reference)
    }
  }

  #end(fill: Fill, outcome: Filled['outcome']): void {
    this.#fills.delete(this.#upstream.fold(fill.target))
    for (const timer of fill.timers) timer.cancel()
    fill.filled.outcome = outcome
    fill.onFilled(fill.filled)
    this.#release(fill)
  }
}
