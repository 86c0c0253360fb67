// TOPIC: the topic of a channel is set; an empty one removes it.
import type { Message } from '../../irc/message.ts'
import { nickOf } from '../../irc/source.ts'
import { storedLine } from '../stored-tags.ts'
import type { Incoming, Upstream } from '../upstream.ts'

export function onTopic(upstream: Upstream, message: Message, { time, requester }: Incoming): void {
  const [name = '', text = ''] = message.params
  const { source = '' } = message
  const channel = upstream.channels.get(name)
  if (!channel) return
  const at = String(Math.floor(time / 1000))
  channel.topic = text === '' ? undefined : { text, by: nickOf(source), at }
  const line = { kind: 'TOPIC', target: channel.name, text, time } as const
  const stored = storedLine(upstream, message, line)
  upstream.port.store(message, [stored], { time })
  requester?.end(false)
}
