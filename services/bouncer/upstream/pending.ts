// Requests that the network has still to answer, so that an answer reaches the client that asked and no other.
// With labeled-response the network says which it is; else answers come in the order of the requests.
// https://ircv3.net/specs/extensions/labeled-response
import type { Clock } from '@fuchsbau/shared/clock.ts'
import type { Isupport } from '../irc/isupport.ts'
import { type Message, withTags } from '../irc/message.ts'
import { type ReplyRule, replyRule } from '../irc/replies.ts'
import type { Requester } from './port.ts'

/** Unanswered for so long, a request is forgotten: some servers do not answer some. */
const TIMEOUT_MS = 60_000
/** As many as may wait for the flood control, and some. */
const MAX_PENDING = 700

interface Pending {
  requester: Requester
  command: string
  rule: ReplyRule | undefined
  label: string | undefined
  /** Undefined while it waits for the flood control. */
  sentAt: number | undefined
  hasAnswer: boolean
  /** What came may have been all: the next line that is no part of it ends it. */
  mayBeOver: boolean
}

/** Who is asked: what it can. */
interface Asked {
  caps: ReadonlySet<string>
  isupport: Isupport
  clock: Clock
}

export class PendingRequests {
  #pending: Pending[] = []
  /** So many labels were given on this connection. */
  labels = 0

  /**
   * Takes note of a request about to be sent; returns the label to send it with, where the network knows
   * labels, and what to call when it is sent; undefined when nothing will answer it. `lists`:
   * its channel modes that are lists.
   */
  add(
    message: Message,
    requester: Requester,
    { now, hasLabels, lists }: { now: number; hasLabels: boolean; lists: string },
  ): { label: string | undefined; sent(now: number): void } | undefined {
    this.#forget(now)
    const rule = replyRule(message, lists)
    if (!rule && !hasLabels) {
      requester.end(true)
      return
    }
    if (this.#pending.length >= MAX_PENDING) this.#pending.shift()?.requester.end(true)
    this.labels += 1
    const label = hasLabels ? `f${this.labels}` : undefined
    const { command } = message
    const pending: Pending = {
      requester,
      command,
      rule,
      label,
      sentAt: undefined,
      hasAnswer: false,
      mayBeOver: false,
    }
    this.#pending.push(pending)
    return {
      label,
      sent: (at) => {
        pending.sentAt = at
      },
    }
  }

  /** Takes note of a request, as `add`: how it is to be sent, and what to call then. */
  note(line: Message, requester: Requester, { caps, isupport, clock }: Asked) {
    const hasLabels = caps.has('labeled-response')
    const { lists } = isupport.chanmodes
    const noted = this.add(line, requester, { now: clock.now(), hasLabels, lists })
    const label = noted?.label
    requester.isHeld = true
    return {
      line: label ? withTags(line, new Map([...line.tags, ['label', label]])) : line,
      onWrite() {
        requester.isHeld = false
        noted?.sent(clock.now())
      },
    }
  }

  /** Forgets a request that was not sent after all. */
  drop(requester: Requester): void {
    this.#pending = this.#pending.filter((pending) => pending.requester !== requester)
  }

  /** Who gets a line that carries this label of ours (or whose batch does). */
  labelled(label: string): Requester | undefined {
    return this.#pending.find((pending) => pending.label === label)?.requester
  }

  /** Ends the request with this label. */
  endLabelled(label: string, isEmpty: boolean): void {
    const index = this.#pending.findIndex((pending) => pending.label === label)
    const [ended] = index < 0 ? [] : this.#pending.splice(index, 1)
    ended?.requester.end(isEmpty)
  }

  /**
   * Without labels: whose answer a numeric is. True when it was given to a client; it is nobody else's then.
   * The oldest request that this numeric can answer has it.
   */
  take(message: Message): boolean {
    for (const [index, pending] of this.#pending.entries()) {
      // Not the answer of what still waits: what is said overtakes it.
      if (pending.label !== undefined || pending.sentAt === undefined || !pending.rule) continue
      const place = pending.rule.match(message)
      if (!place) continue
      pending.hasAnswer = true
      pending.mayBeOver = place === 'maybe'
      pending.requester.answer(message)
      if (place === 'end') {
        this.#pending.splice(index, 1)
        pending.requester.end(false)
      }
      return true
    }
    return false
  }

  /** Without labels: what the oldest request of this command wanted was done, which is told to all. */
  done(command: string): void {
    const isAnswered = (pending: Pending) =>
      pending.label === undefined && pending.sentAt !== undefined && pending.command === command
    const index = this.#pending.findIndex(isAnswered)
    const [ended] = index < 0 ? [] : this.#pending.splice(index, 1)
    ended?.requester.end(true)
  }

  /** Ends what may have been answered whole, when this line is no part of it. Call for every line, before `take`. */
  settle(message: Message): void {
    for (const pending of this.#pending.filter(({ mayBeOver }) => mayBeOver)) {
      if (pending.rule?.match(message)) continue
      this.#pending.splice(this.#pending.indexOf(pending), 1)
      pending.requester.end(false)
    }
  }

  /** The connection is gone: nothing will be answered. */
  clear(): void {
    const pending = this.#pending
    this.#pending = []
    for (const { requester, hasAnswer } of pending) requester.end(!hasAnswer)
  }

  /** A client is gone: what is answered to it goes to nobody, but is still taken. */
  #forget(now: number): void {
    for (;;) {
      const [oldest] = this.#pending
      if (oldest?.sentAt === undefined || now - oldest.sentAt <= TIMEOUT_MS) return
      this.#pending.shift()
      oldest.requester.end(true)
    }
  }
}
