// QUIT: somebody leaves the network; the line belongs to every channel that she was in.
import type { Message } from '../../irc/message.ts'
import { nickOf } from '../../irc/source.ts'
import type { Stored } from '../port.ts'
import { storedTags } from '../stored-tags.ts'
import type { Incoming, Upstream } from '../upstream.ts'

export function onQuit(upstream: Upstream, message: Message, { time }: Incoming): void {
  const [text = ''] = message.params
  const { source = '' } = message
  // Ours is the end of the connection, which is told as that; what else was shown would be that she left her clients.
  if (upstream.isFromMe(message)) return
  const nick = nickOf(source)
  const tags = storedTags(message.tags)
  const lines: Stored[] = []
  for (const channel of upstream.channels.values()) {
    if (!channel.members.delete(nick)) continue
    lines.push({ kind: 'QUIT', target: channel.name, source, text, time, ...tags })
  }
  upstream.port.store(message, lines, { time })
  upstream.nicks.gone(nick)
}
