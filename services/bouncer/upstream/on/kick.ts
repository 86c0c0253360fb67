// KICK: somebody is made to leave. When it is us, the channel stays configured: the next connection joins it again.
import type { Message } from '../../irc/message.ts'
import { storedTags } from '../stored-tags.ts'
import type { Incoming, Upstream } from '../upstream.ts'

export function onKick(upstream: Upstream, message: Message, { time }: Incoming): void {
  const [name = '', nick = '', reason = ''] = message.params
  const { source = '' } = message
  const channel = upstream.channels.get(name)
  if (!channel) return
  const stored = {
    kind: 'KICK',
    target: channel.name,
    source,
    text: `${nick} ${reason}`,
    time,
    isOwn: upstream.isFromMe(message),
    ...storedTags(message.tags),
  } as const
  upstream.port.store(message, [stored], { time })
  if (upstream.isMe(nick)) upstream.channels.delete(name)
  else channel.members.delete(nick)
}
