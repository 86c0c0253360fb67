// A line on its way to the clients of a person: put into words once for each set of capabilities, however many there are.
import { formatMessage, type Message, NO_TAGS } from '../irc/message.ts'
import { formatServerTime } from '../irc/server-time.ts'

/** Capabilities that decide which tags a client gets. */
export const TAG_CAPS = { serverTime: 1, messageTags: 2, accountTag: 4 } as const

export interface LineOptions {
  /** When it happened, ms. */
  time: number
  /** Row number in the history, of what is said there; absent: not stored. */
  id?: number
  /** Of the network, or ours. */
  msgid?: string
}

export class Line {
  readonly message: Message
  readonly time: number
  readonly id: number | undefined
  readonly msgid: string | undefined
  readonly #texts: (string | undefined)[] = []

  constructor(message: Message, { time, id, msgid }: LineOptions) {
    this.message = message
    this.time = time
    this.id = id
    this.msgid = msgid ?? message.tags.get('msgid')
  }

  /** As sent to a client with these capabilities (a sum of TAG_CAPS), without CR LF. */
  text(caps: number): string {
    const known = this.#texts[caps]
    if (known !== undefined) return known
    const text = formatMessage({ ...this.message, tags: this.tags(caps) })
    this.#texts[caps] = text
    return text
  }

  /** The tags for a client with these capabilities. */
  tags(caps: number): ReadonlyMap<string, string> {
    if (caps === 0) return NO_TAGS
    const tags = new Map<string, string>()
    if (caps & TAG_CAPS.serverTime) tags.set('time', formatServerTime(this.time))
    const account = this.message.tags.get('account')
    if (caps & TAG_CAPS.accountTag && account !== undefined) tags.set('account', account)
    if (caps & TAG_CAPS.messageTags) {
      if (this.msgid !== undefined) tags.set('msgid', this.msgid)
      for (const [key, value] of this.message.tags) if (passes(key)) tags.set(key, value)
    }
    return tags
  }

  /** The same line in other words, for clients that need them. */
  as(message: Message): Line {
    const { time, id, msgid } = this
    return new Line(message, { time, ...(id !== undefined && { id }), ...(msgid && { msgid }) })
  }
}

/** Tags that mean the same whoever reads them: those of clients, and those that say what the sender is. */
const passes = (key: string) => key.startsWith('+') || key === 'bot' || key === 'inspircd.org/bot'
