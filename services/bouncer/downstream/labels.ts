// Labels of a client's requests: what answers one carries its label, in a batch when it has several lines.
// https://ircv3.net/specs/extensions/labeled-response
import { type Message, messageFrom, withTags } from '../irc/message.ts'
import type { Requester } from '../upstream/port.ts'
import { adapt } from './adapt.ts'
import type { Downstream } from './downstream.ts'

export interface Label {
  readonly value: string | undefined
  /** Whether a line that carries it was sent: the echo is the answer. */
  isUsed: boolean
}

/** An answer that comes later is collected up to so many lines, then sent without its batch. */
const MAX_COLLECTED = 2_000

interface Collecting {
  readonly label: string
  readonly lines: Message[]
  /** Whether an echo carried the label. */
  isAnswered: boolean
  holder?: Requester
}

export class Labels {
  readonly #downstream: Downstream
  /** The request that is being handled: its answers are collected until it is done. One requester at most has its label. */
  #collecting: Collecting | undefined
  readonly #requesters = new Map<Requester, Label>()
  #batches = 0

  constructor(downstream: Downstream) {
    this.#downstream = downstream
  }

  /** Requests whose answers are still to come. */
  get open(): Iterable<Requester> {
    return this.#requesters.keys()
  }

  /** The name of the next batch to this client. */
  nextReference(): string {
    this.#batches += 1
    return `b${this.#batches}`
  }

  /** Handles a request; what it answers at once is labelled. `ACK` when that is nothing and nothing will come. */
  collect(label: string | undefined, handle: () => void): void {
    if (label === undefined || !this.#downstream.caps.has('labeled-response')) {
      handle()
      return
    }
    const collecting: Collecting = { label, lines: [], isAnswered: false }
    this.#collecting = collecting
    try {
      handle()
    } finally {
      this.#collecting = undefined
    }
    const { lines, holder, isAnswered } = collecting
    const isDeferred = holder !== undefined && this.#requesters.has(holder)
    if (!isDeferred && !isAnswered) this.#answer(label, lines)
    else for (const line of lines) this.#downstream.send(line) // the label is another line's
  }

  /** Whether a line was taken for a labelled answer. */
  take(message: Message): boolean {
    if (!this.#collecting) return false
    this.#collecting.lines.push(message)
    return true
  }

  /** Whose answers come from the network, later. Of several lines for one request only one is labelled. */
  requester({ isLabelled = true } = {}): Requester {
    const isFirst = isLabelled && this.#collecting?.holder === undefined
    const label = isFirst ? this.#collecting?.label : undefined
    const lines: Message[] = []
    let isWhole = true
    const requester: Requester = {
      label,
      isHeld: false,
      answer: (answer) => {
        const message = adapt(this.#downstream, answer)
        if (!message) return
        const isOver = !this.#requesters.has(requester)
        if (label === undefined || isOver) this.#downstream.send(message)
        else if (isWhole && lines.length < MAX_COLLECTED) lines.push(message)
        else {
          isWhole = false
          for (const line of lines.splice(0)) this.#downstream.send(line)
          this.#downstream.send(message)
        }
      },
      end: () => {
        const given = this.#requesters.get(requester)
        if (!this.#requesters.delete(requester)) return
        if (given?.isUsed) {
          if (this.#collecting) this.#collecting.isAnswered = true
          for (const line of lines) this.#downstream.send(line)
        } else if (isWhole && label !== undefined) {
          if (this.#collecting?.holder === requester) this.#collecting.lines.push(...lines)
          else this.#answer(label, lines)
        }
        this.#downstream.barriers.answered(requester)
      },
    }
    if (this.#collecting && label !== undefined) this.#collecting.holder = requester
    this.#requesters.set(requester, { value: label, isUsed: false })
    return requester
  }

  /** The label of the request that a line is the echo of, if it was this client's. */
  of(requester: Requester | undefined): Label | undefined {
    return requester && this.#requesters.get(requester)
  }

  #answer(label: string, lines: readonly Message[]): void {
    const downstream = this.#downstream
    const tagged = (message: Message, key: string, value: string) =>
      withTags(message, new Map([...message.tags, [key, value]]))
    if (lines.length === 0) {
      downstream.send(tagged(messageFrom(downstream.serverName, 'ACK'), 'label', label))
    } else if (lines[0] && (lines.length === 1 || isBatch(lines))) {
      downstream.send(tagged(lines[0], 'label', label))
      for (const line of lines.slice(1)) downstream.send(line)
    } else {
      const reference = this.nextReference()
      const begin = messageFrom(downstream.serverName, 'BATCH', `+${reference}`, 'labeled-response')
      downstream.send(tagged(begin, 'label', label))
      for (const line of lines) {
        downstream.send(line.tags.has('batch') ? line : tagged(line, 'batch', reference))
      }
      downstream.send(messageFrom(downstream.serverName, 'BATCH', `-${reference}`))
    }
  }
}

/** Whether the lines are one batch already: its beginning carries the label then. */
function isBatch(lines: readonly Message[]): boolean {
  const reference = batchReference(lines[0], '+')
  const ends = lines.filter((line) => batchReference(line, '-') === reference)
  return reference !== undefined && ends.length === 1 && ends[0] === lines.at(-1)
}

function batchReference(line: Message | undefined, sign: '+' | '-'): string | undefined {
  const [first = ''] = line?.params ?? []
  return line?.command === 'BATCH' && first.startsWith(sign) ? first.slice(1) : undefined
}
