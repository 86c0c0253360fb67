// What a client can read of a line: left out, or in older words, where it lacks the capability.
import { type Message, messageFrom } from '../irc/message.ts'
import { splitPrefixes } from '../irc/modes.ts'
import { nickOf } from '../irc/source.ts'
import type { Downstream } from './downstream.ts'

type Adapter = (downstream: Downstream, message: Message) => Message | undefined

const only =
  (cap: string): Adapter =>
  ({ caps }, message) =>
    caps.has(cap) ? message : undefined

/**
 * What is told of others: to clients with the capability, who share a channel with them or watch them. Without chghost
 * there is no QUIT and JOIN instead, as ZNC makes them: nobody left, the history says so too, and the next line brings
 * the new host. https://ircv3.net/specs/extensions/chghost
 */
const about =
  (cap: string): Adapter =>
  (downstream, message) =>
    downstream.caps.has(cap) && isSeen(downstream, nickOf(message.source)) ? message : undefined

const ADAPTERS: Readonly<Record<string, Adapter>> = {
  ACCOUNT: about('account-notify'),
  AWAY: about('away-notify'),
  BATCH: only('batch'),
  CHGHOST: about('chghost'),
  FAIL: asNotice,
  INVITE: asInvite,
  JOIN: asJoin,
  NOTE: asNotice,
  REDACT: only('draft/message-redaction'),
  SETNAME: about('setname'),
  TAGMSG: only('message-tags'),
  WARN: asNotice,
  '352': asWhoReply,
  '353': asNames,
}

/** The line as this client can read it; undefined when it is not for it. The same object when nothing changes. */
export function adapt(downstream: Downstream, message: Message): Message | undefined {
  const adapter = Object.hasOwn(ADAPTERS, message.command) ? ADAPTERS[message.command] : undefined
  return adapter ? adapter(downstream, message) : message
}

/** Of ourselves to everyone; of others with https://ircv3.net/specs/extensions/invite-notify */
function asInvite({ caps, network, nick }: Downstream, message: Message): Message | undefined {
  const [invited = ''] = message.params
  const isMe = network ? network.fold(invited) === network.fold(nick) : invited === nick
  return isMe || caps.has('invite-notify') ? message : undefined
}

function isSeen(downstream: Downstream, nick: string): boolean {
  const { caps, network } = downstream
  const { upstream } = network ?? {}
  if (!network || !upstream || upstream.isMe(nick)) return true
  for (const channel of upstream.channels.values()) if (channel.members.has(nick)) return true
  return caps.has('extended-monitor') && network.monitors.isWatching(downstream, nick)
}

/** https://ircv3.net/specs/extensions/standard-replies */
function asNotice({ caps, nick }: Downstream, message: Message): Message {
  if (caps.has('standard-replies')) return message
  const { source, params } = message
  return messageFrom(source, 'NOTICE', nick, `${params[0] ?? ''}: ${params.at(-1) ?? ''}`)
}

/** https://ircv3.net/specs/extensions/extended-join; of an account that is not known it is `*`. */
function asJoin({ caps }: Downstream, message: Message): Message {
  const { params, source } = message
  const [channel = '', account] = params
  if (!caps.has('extended-join')) {
    return account === undefined ? message : { ...message, params: [channel] }
  }
  return account === undefined ? { ...message, params: [channel, '*', nickOf(source)] } : message
}

/** Flags of WHO: without multi-prefix the highest prefix only. */
function asWhoReply({ caps, network }: Downstream, message: Message): Message {
  const flags = message.params[6]
  const symbols = network?.upstream?.isupport.prefix.symbols
  if (caps.has('multi-prefix') || flags === undefined || !symbols) return message
  const first = [...flags].find((flag) => symbols.includes(flag))
  const kept = [...flags].filter((flag) => !symbols.includes(flag) || flag === first).join('')
  return { ...message, params: message.params.with(6, kept) }
}

/** NAMES: one prefix without multi-prefix, the nick alone without userhost-in-names. */
function asNames({ caps, network }: Downstream, message: Message): Message {
  const list = message.params[3]
  const { isupport } = network?.upstream ?? {}
  const hasAll = caps.has('multi-prefix') && caps.has('userhost-in-names')
  if (hasAll || list === undefined || !isupport) return message
  const entries = list.split(' ').map((entry) => {
    const { prefixes, name } = splitPrefixes(entry, isupport)
    const shown = caps.has('multi-prefix') ? prefixes : prefixes.slice(0, 1)
    return shown + (caps.has('userhost-in-names') ? name : nickOf(name))
  })
  return { ...message, params: message.params.with(3, entries.join(' ')) }
}
