// Requests that the network has still to answer, so that an answer reaches the client that asked and no other.
// With labeled-response the network says which it is; else answers come in the order of the requests.
// https://ircv3.net/specs/extensions/labeled-response
import type { Message } from '../irc/message.ts'
import { type ReplyRule, replyRule } from '../irc/replies.ts'
import type { Requester } from './port.ts'

/** Unanswered for so long, a request is forgotten: some servers do not answer some. */
const TIMEOUT_MS = 60_000
const MAX_PENDING = 200

interface Pending {
  requester: Requester
  command: string
  rule: ReplyRule | undefined
  label: string | undefined
  sentAt: number
  hasAnswer: boolean
  /** What came may have been all: the next line that is no part of it ends it. */
  mayBeOver: boolean
}

export class PendingRequests {
  #pending: Pending[] = []
  #labels = 0

  /**
   * Takes note of a request about to be sent; returns the label to send it with, where the network knows labels. `lists`:
   * its channel modes that are lists.
   */
  add(
    message: Message,
    requester: Requester,
    { now, hasLabels, lists }: { now: number; hasLabels: boolean; lists: string },
  ): string | undefined {
    this.#forget(now)
    const rule = replyRule(message, lists)
    if (!rule && !hasLabels) {
      requester.end(true)
      return
    }
    if (this.#pending.length >= MAX_PENDING) this.#pending.shift()?.requester.end(true)
    this.#labels += 1
    const label = hasLabels ? `f${this.#labels}` : undefined
    const { command } = message
    this.#pending.push({
      requester,
      command,
      rule,
      label,
      sentAt: now,
      hasAnswer: false,
      mayBeOver: false,
    })
    return label
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
      if (pending.label !== undefined || !pending.rule) continue
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
    while (this.#pending[0] && now - this.#pending[0].sentAt > TIMEOUT_MS) {
      this.#pending.shift()?.requester.end(true)
    }
  }
}
