// PART: somebody, or we ourselves, leave a channel.
import type { Message } from '../../irc/message.ts'
import { nickOf } from '../../irc/source.ts'
import { storedTags } from '../stored-tags.ts'
import type { Incoming, Upstream } from '../upstream.ts'

export function onPart(upstream: Upstream, message: Message, { time }: Incoming): void {
  const [name = '', text = ''] = message.params
  const { source = '' } = message
  const channel = upstream.channels.get(name)
  if (!channel) return
  const isOwn = upstream.isFromMe(message)
  const tags = storedTags(message.tags)
  const stored = { kind: 'PART', target: channel.name, source, text, time, isOwn, ...tags } as const
  upstream.port.store(message, [stored], { time })
  if (isOwn) {
    upstream.channels.delete(name)
    upstream.port.left(name)
  } else channel.members.delete(nickOf(source))
}
