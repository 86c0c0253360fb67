// What the connection to a network tells the person's side of it. One way: upstream/ knows no client.
import type { Message } from '../irc/message.ts'
import type { MessageKind, NetworkRecord } from '../store/records.ts'
import type { StsOffer } from './sts.ts'

/** A line for the history. */
export interface Stored {
  kind: MessageKind
  /** Channel, or nick of the other side. */
  target: string
  source: string
  text: string
  time: number
  tags?: Readonly<Record<string, string>>
  msgid?: string
  isOwn?: boolean
}

/** Who sent a line that the network answers: the answers are hers alone. */
export interface Requester {
  /** Label of her request, if she gave one. */
  readonly label: string | undefined
  /** Her line waits for the flood control: the network has not been asked yet. */
  isHeld?: boolean
  /** A line of the answer. */
  answer(message: Message): void
  /** The answer is whole; `isEmpty` when nothing came. */
  end(isEmpty: boolean): void
}

/** A line being handled. */
export interface Incoming {
  /** When it happened: the network's server-time, or now. */
  time: number
  /** The client whose request it answers, when the network said so by a label. */
  requester: Requester | undefined
}

export interface NetworkPort {
  readonly record: NetworkRecord
  /** To every client that is attached; what each can't read is left out or rewritten there. */
  relay(message: Message, options?: RelayOptions): void
  /** Stores lines of one message (a QUIT has one for each channel), then relays it. */
  store(message: Message, lines: readonly Stored[], options?: RelayOptions): void
  /** Stores lines of the past, that the network told of its own history: those that are not there yet, shown to nobody. */
  remember(lines: readonly Stored[]): void
  /**
   * The same for lines that we asked for, because nobody was there when they were said: clients that are attached are shown
   * what is new. Lines of one message; returns how many new ones were said. `isLate`: newer ones were shown already.
   */
  recall(lines: readonly Stored[], how: { isLate: boolean }): number
  /** A text of several lines that belong together; stored line by line, the first with the msgid. */
  multiline(text: Multiline, options?: RelayOptions): void
  /** A message was taken back: what is stored of it is forgotten; `line` is how that is told. */
  redact(message: Message, line: Stored, msgid: string, options?: RelayOptions): void
  /** The connection's state, capabilities, ISUPPORT or own nick changed. */
  changed(what: UpstreamChange): void
  /** She joined or left a channel: the configuration follows. */
  joined(channel: string, key: string | undefined): void
  left(channel: string): void
}

/** https://ircv3.net/specs/extensions/multiline */
export interface Multiline {
  /** PRIVMSG or NOTICE, as the network tells it; the text is in `lines`. */
  command: string
  source: string
  target: string
  /** Of the batch: msgid, account, client tags. */
  tags: ReadonlyMap<string, string>
  lines: readonly MultilinePart[]
}

export interface MultilinePart {
  stored: Stored
  /** Goes on the line before it, without a line break. */
  isConcat: boolean
}

export interface RelayOptions {
  /** Tags were read already: when it happened. */
  time?: number
  /** The client whose line this is the echo of. */
  requester?: Requester | undefined
}

export type UpstreamChange =
  | { what: 'state' }
  | { what: 'caps' }
  | { what: 'isupport' }
  | { what: 'nick'; from: string }
  | { what: 'registered' }
  | { what: 'channel-ready'; channel: string }
  /** A channel that was to be joined again was not: 405, 471, 473 … with its text. */
  | { what: 'join-refused'; channel: string; reason: string }
  /** An account was logged in to after the registration. */
  | { what: 'logged-in' }
  | { what: 'sasl-failed'; reason: string }
  | { what: 'sts'; offer: StsOffer }
