// Capabilities: those we ask networks for, those we offer to clients, what each needs, which tags each allows,
// and how a list of them is sent (https://ircv3.net/specs/extensions/capability-negotiation).
import { type Message, messageFrom } from './message.ts'
import { utf8Length } from './split.ts'
import { NO_TAGS } from './tags.ts'

/** What clients are offered, oldest first: a client of before 302 gets as many as fit into one line. */
export const DOWNSTREAM_CAPS = [
  'sasl',
  'server-time',
  'multi-prefix',
  'away-notify',
  'account-notify',
  'extended-join',
  'userhost-in-names',
  'invite-notify',
  'chghost',
  'batch',
  'echo-message',
  'message-tags',
  'account-tag',
  'cap-notify',
  'setname',
  'labeled-response',
  'standard-replies',
  'extended-monitor',
  'znc.in/self-message',
  'znc.in/playback',
  'draft/chathistory',
  'draft/event-playback',
  'draft/read-marker',
  'draft/message-redaction',
  'draft/multiline',
  'draft/pre-away',
  'draft/no-implicit-names',
  'no-implicit-names',
  'soju.im/bouncer-networks',
  'soju.im/bouncer-networks-notify',
  'soju.im/search',
  'soju.im/webpush',
  'soju.im/filehost',
] as const
export type Capability = (typeof DOWNSTREAM_CAPS)[number]

/**
 * What a network is asked for whenever it offers it; `sasl` is asked for when there is something to log in with,
 * `no-implicit-names` never, in draft or not: the bouncer wants the names.
 */
export const UPSTREAM_CAPS: ReadonlySet<string> = new Set([
  'message-tags',
  'server-time',
  'batch',
  'labeled-response',
  'echo-message',
  'account-tag',
  'account-notify',
  'extended-join',
  'away-notify',
  'chghost',
  'setname',
  'invite-notify',
  'multi-prefix',
  'userhost-in-names',
  'cap-notify',
  'extended-monitor',
  'standard-replies',
  'draft/chathistory',
  'draft/event-playback',
  'draft/message-redaction',
  'draft/multiline',
])

/** What makes sense only together with others, by the specifications. */
export const REQUIRED_CAPS: Readonly<Partial<Record<string, readonly string[]>>> = {
  'labeled-response': ['batch'],
  'draft/chathistory': ['batch', 'message-tags', 'server-time'],
  'draft/event-playback': ['draft/chathistory'],
  'draft/message-redaction': ['message-tags'],
  'draft/multiline': ['batch', 'message-tags'],
  'soju.im/bouncer-networks-notify': ['soju.im/bouncer-networks', 'batch'],
  'soju.im/search': ['batch', 'message-tags', 'server-time'],
}

/** Tags that have a capability of their own; all others come with `message-tags`. */
const CAP_OF_TAG: ReadonlyMap<string, string> = new Map([
  ['time', 'server-time'],
  ['account', 'account-tag'],
  ['batch', 'batch'],
  ['label', 'labeled-response'],
  ['draft/multiline-concat', 'draft/multiline'],
])

/** The tags that a client with these capabilities may be sent; the same map when it may have all. */
export function allowedTags(
  tags: ReadonlyMap<string, string>,
  caps: ReadonlySet<string>,
): ReadonlyMap<string, string> {
  let refused = 0
  for (const key of tags.keys()) if (!caps.has(CAP_OF_TAG.get(key) ?? 'message-tags')) refused++
  if (refused === 0) return tags
  if (refused === tags.size) return NO_TAGS
  const allowed = new Map<string, string>()
  for (const [key, value] of tags) {
    if (caps.has(CAP_OF_TAG.get(key) ?? 'message-tags')) allowed.set(key, value)
  }
  return allowed
}

export interface CapList {
  /** Server's name. */
  source: string
  /** Of the client; `*` before registration. */
  nick: string
  verb: 'LS' | 'LIST' | 'NEW' | 'DEL' | 'ACK' | 'NAK'
  /** `name` or `name=value`. */
  tokens: readonly string[]
  /** Whether the client said `CAP LS 302`: it understands lines that go on. */
  isVersion302: boolean
}

/** Bytes of a line without CR LF. */
const MAX_LINE = 510

/**
 * The lines of a list of capabilities, each of at most 510 bytes; in LS and LIST all but the last have `*`.
 * A client of before 302 gets names without values, and of LS and LIST one line with the first that fit.
 */
export function capListMessages({ source, nick, verb, tokens, isVersion302 }: CapList): Message[] {
  const isList = verb === 'LS' || verb === 'LIST'
  const room = MAX_LINE - utf8Length(`:${source} CAP ${nick} ${verb} * :`)
  const lines: string[] = ['']
  for (const token of tokens) {
    const shown = isVersion302 ? token : (token.split('=', 1)[0] ?? '')
    const line = lines.at(-1) ?? ''
    const longer = line === '' ? shown : `${line} ${shown}`
    if (utf8Length(longer) <= room) lines[lines.length - 1] = longer
    else if (isList && !isVersion302) break
    else if (utf8Length(shown) <= room) lines.push(shown)
  }
  return lines.map((line, index) =>
    isList && index < lines.length - 1
      ? messageFrom(source, 'CAP', nick, verb, '*', line)
      : messageFrom(source, 'CAP', nick, verb, line),
  )
}
