// 353 and 366: who is in a channel. Those of our own JOIN fill the table; those that a client asked for go to it.
import type { Message } from '../../irc/message.ts'
import { nickOf } from '../../irc/source.ts'
import { MAX_MEMBERS } from '../channel.ts'
import { passOn } from '../pass-on.ts'
import type { Incoming, Upstream } from '../upstream.ts'
import { userhostOf } from '../userhost.ts'

export function onNames(upstream: Upstream, message: Message, incoming: Incoming): void {
  const isEnd = message.command === '366'
  const channel = upstream.channels.get(message.params[isEnd ? 1 : 2] ?? '')
  if (!channel || channel.isReady) {
    passOn(upstream, message, incoming)
    return
  }
  if (isEnd) {
    channel.isReady = true
    upstream.port.changed({ what: 'channel-ready', channel: channel.name })
    return
  }
  const symbols = upstream.isupport.prefix.symbols
  for (const entry of (message.params[3] ?? '').split(' ')) {
    let at = 0
    while (symbols.includes(entry[at] ?? ' ')) at += 1
    const source = entry.slice(at)
    if (source === '' || channel.members.size >= MAX_MEMBERS) continue
    if (!upstream.crowd.takes(nickOf(source), upstream.channels.values())) continue
    const userhost = userhostOf(source)
    const nick = nickOf(source)
    const known = channel.members.get(nick)?.userhost
    const member = upstream.pool.one(nick, entry.slice(0, at), userhost ?? known)
    channel.members.set(member.nick, member)
  }
}
