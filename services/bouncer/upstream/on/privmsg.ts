// PRIVMSG, NOTICE and TAGMSG: what people say. Stored, then relayed; our own lines come back by echo-message.
import { isAction, parseCtcp } from '../../irc/ctcp.ts'
import type { Message } from '../../irc/message.ts'
import { nickOf } from '../../irc/source.ts'
import type { Stored } from '../port.ts'
import { storedTags } from '../stored-tags.ts'
import type { Incoming, Upstream } from '../upstream.ts'

export function onPrivmsg(
  upstream: Upstream,
  message: Message,
  { time, requester }: Incoming,
): void {
  // What holds a password of the configuration is between us and the services.
  if (upstream.nickServ.isSecret(message)) return
  upstream.nickServ.heard(message)
  const isOwn = upstream.isFromMe(message)
  const options = { time, requester: isOwn ? requester : undefined }
  const stored = storedFrom(upstream, message, time)
  if (stored) upstream.port.store(message, [stored], options)
  else upstream.port.relay(message, options)
}

/** A PRIVMSG, NOTICE or TAGMSG as it is stored; undefined for what only passes through. */
export function storedFrom(upstream: Upstream, message: Message, time: number): Stored | undefined {
  const [target = '', text = ''] = message.params
  const { source = upstream.serverName, tags } = message
  const kind = KINDS.find((each) => each === message.command)
  if (!kind || !isStored(message, source)) return
  const isOwn = upstream.isFromMe(message)
  const { name, status } = withoutStatus(upstream, target)
  const isChannel = upstream.isupport.isChannel(name)
  return {
    kind,
    target: isChannel ? name : conversation(upstream, target, source, isOwn),
    source,
    text,
    time,
    isOwn,
    ...storedTags(tags, status),
  }
}

const KINDS = ['PRIVMSG', 'NOTICE', 'TAGMSG'] as const

/** Requests of CTCP (but ACTION), typing notifications and notices of servers before we are in pass through. */
function isStored({ command, params, tags }: Message, source: string): boolean {
  if (command === 'TAGMSG') return tags.has('+draft/react') || tags.has('+react')
  if (params[0] === '*' || params[0] === 'AUTH' || source === '') return false
  const text = params[1] ?? ''
  return isAction(text) || parseCtcp(text) === undefined
}

/** `@#channel` is said to the operators of `#channel`. */
function withoutStatus(upstream: Upstream, target: string): { name: string; status: string } {
  const { isupport } = upstream
  let at = 0
  while (
    isupport.statusmsg.includes(target[at] ?? ' ') &&
    isupport.isChannel(target.slice(at + 1))
  ) {
    at += 1
  }
  return { name: target.slice(at), status: target.slice(0, at) }
}

/** A private conversation is called as the other side. */
function conversation(upstream: Upstream, target: string, source: string, isOwn: boolean): string {
  return isOwn && !upstream.isMe(target) ? target : nickOf(source)
}
