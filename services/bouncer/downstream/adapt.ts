// What a client can read of a line: left out, or in older words, where it lacks the capability.
import { messageFrom, type Message } from '../irc/message.ts'
import type { Downstream } from './downstream.ts'

type Adapter = (downstream: Downstream, message: Message) => Message | undefined

const only =
  (cap: string): Adapter =>
  ({ caps }, message) =>
    caps.has(cap) ? message : undefined

const ADAPTERS: Readonly<Record<string, Adapter>> = {
  ACCOUNT: only('account-notify'),
  AWAY: only('away-notify'),
  BATCH: only('batch'),
  CHGHOST: only('chghost'),
  FAIL: asNotice,
  INVITE: (downstream, message) =>
    message.params[0] === downstream.nick || downstream.caps.has('invite-notify')
      ? message
      : undefined,
  JOIN: ({ caps }, message) =>
    caps.has('extended-join') || message.params.length < 2
      ? message
      : { ...message, params: message.params.slice(0, 1) },
  NOTE: asNotice,
  REDACT: only('draft/message-redaction'),
  SETNAME: only('setname'),
  TAGMSG: only('message-tags'),
  WARN: asNotice,
}

/** The line as this client can read it; undefined when it is not for it. The same object when nothing changes. */
export function adapt(downstream: Downstream, message: Message): Message | undefined {
  const adapter = Object.hasOwn(ADAPTERS, message.command) ? ADAPTERS[message.command] : undefined
  return adapter ? adapter(downstream, message) : message
}

/** https://ircv3.net/specs/extensions/standard-replies */
function asNotice({ caps, nick }: Downstream, message: Message): Message {
  if (caps.has('standard-replies')) return message
  const { source, params } = message
  return messageFrom(source, 'NOTICE', nick, `${params[0] ?? ''}: ${params.at(-1) ?? ''}`)
}
