// 403, 405, 470–477, 480, 489, 520: a channel is not joined. One that a client asks for is the client's affair; one that was
// to be joined again is told as left.
import type { Message } from '../../irc/message.ts'
import { passOn } from '../pass-on.ts'
import type { Incoming, Upstream } from '../upstream.ts'

export function onJoinRefused(upstream: Upstream, message: Message, incoming: Incoming): void {
  const [, channel = ''] = message.params
  const reason = message.params.at(-1) ?? message.command
  upstream.backfill.forget(channel)
  if (!upstream.rejoining.delete(channel)) passOn(upstream, message, incoming)
  else upstream.port.changed({ what: 'join-refused', channel, reason })
}
