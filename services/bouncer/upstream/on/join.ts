// JOIN, also in the form of extended-join. https://ircv3.net/specs/extensions/extended-join
import type { Message } from '../../irc/message.ts'
import { nickOf } from '../../irc/source.ts'
import { MAX_CHANNELS, MAX_MEMBERS, UpstreamChannel } from '../channel.ts'
import { storedTags } from '../stored-tags.ts'
import type { Incoming, Upstream } from '../upstream.ts'
import { userhostOf } from '../userhost.ts'

export function onJoin(upstream: Upstream, message: Message, { time, requester }: Incoming): void {
  const [name = '', account, realname] = message.params
  const { source = '' } = message
  const nick = nickOf(source)
  if (name === '' || nick === '') return
  const isMe = upstream.isMe(nick)
  if (isMe && (upstream.channels.size < MAX_CHANNELS || upstream.channels.has(name))) {
    upstream.rejoining.delete(name)
    upstream.userhost = userhostOf(source) ?? upstream.userhost
    const { casemapping } = upstream.isupport
    upstream.channels.set(name, new UpstreamChannel(name, casemapping, time))
    upstream.port.joined(name, undefined)
  }
  const channel = upstream.channels.get(name)
  if (!channel || channel.members.size >= MAX_MEMBERS) return
  if (!upstream.crowd.takes(nick, upstream.channels.values())) return
  const member = upstream.pool.one(nick, '', userhostOf(source))
  channel.members.set(member.nick, member)
  const text = account === undefined ? '' : `${account} ${realname ?? ''}`
  const tags = storedTags(message.tags)
  const stored = {
    kind: 'JOIN',
    target: channel.name,
    source,
    text,
    time,
    isOwn: isMe,
    ...tags,
  } as const
  upstream.port.store(message, [stored], { time })
  if (requester) requester.end(false)
}
