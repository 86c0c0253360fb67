// What a network tells of a user in passing: ACCOUNT, AWAY, CHGHOST, SETNAME. Not stored.
// https://ircv3.net/specs/extensions/chghost
import type { Message } from '../../irc/message.ts'
import { nickOf } from '../../irc/source.ts'
import { keptUserhost } from '../crowd.ts'
import type { Incoming, Upstream } from '../upstream.ts'

export function onChghost(upstream: Upstream, message: Message, { time }: Incoming): void {
  const [user = '', host = ''] = message.params
  const nick = nickOf(message.source ?? '')
  const userhost = keptUserhost(`${user}@${host}`)
  if (upstream.isMe(nick)) upstream.userhost = userhost ?? ''
  for (const channel of upstream.channels.values()) {
    const member = channel.members.get(nick)
    if (!member) continue
    const moved = upstream.pool.one(member.nick, member.prefixes, userhost)
    channel.members.set(moved.nick, moved)
  }
  upstream.port.relay(message, { time })
}

export function onAway(upstream: Upstream, message: Message, { time }: Incoming): void {
  if (upstream.isFromMe(message)) upstream.isAway = message.params.length > 0
  upstream.port.relay(message, { time })
}

export function onAccount(upstream: Upstream, message: Message, { time }: Incoming): void {
  if (upstream.isFromMe(message)) {
    const [account] = message.params
    upstream.registration.account = account === '*' ? undefined : account
  }
  upstream.port.relay(message, { time })
}

export function onSetname(
  upstream: Upstream,
  message: Message,
  { time, requester }: Incoming,
): void {
  upstream.port.relay(message, { time })
  requester?.end(false)
}
