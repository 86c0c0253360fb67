// ERROR: the server says why it closes the connection. 464, 465, 466: why it does not let us in.
import type { Message } from '../../irc/message.ts'
import { passOn } from '../pass-on.ts'
import type { Incoming, Upstream } from '../upstream.ts'

export function onError(upstream: Upstream, message: Message): void {
  upstream.noteError(message.params.at(-1) ?? 'the network closed the connection')
}

export function onBan(upstream: Upstream, message: Message, incoming: Incoming): void {
  const reason = message.params.at(-1) ?? 'banned'
  if (upstream.isRegistered) passOn(upstream, message, incoming)
  // Behind 001 it answers OPER.
  if (upstream.isRegistered && message.command === '464') return
  // 465: banned. A wrong server password (464) is not a reason to knock often, either.
  upstream.noteError(reason, message.command === '464' ? 'refused' : 'banned')
}
