// KICK: somebody is made to leave. When it is us, the channel stays configured: the next connection joins it again.
import type { Message } from '../../irc/message.ts'
import { storedLine } from '../stored-tags.ts'
import type { Incoming, Upstream } from '../upstream.ts'

export function onKick(upstream: Upstream, message: Message, { time }: Incoming): void {
  const [name = '', nick = '', reason = ''] = message.params
  const channel = upstream.channels.get(name)
  if (!channel) return
  const line = { kind: 'KICK', target: channel.name, text: `${nick} ${reason}`, time } as const
  const stored = storedLine(upstream, message, line)
  upstream.port.store(message, [stored], { time })
  if (upstream.isMe(nick)) upstream.channels.delete(name)
  else channel.members.delete(nick)
}
