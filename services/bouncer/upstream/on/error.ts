// ERROR: the server says why it closes the connection. 464, 465, 466: why it does not let us in.
import type { Message } from '../../irc/message.ts'
import { passOn } from '../pass-on.ts'
import type { Incoming, Upstream } from '../upstream.ts'

export function onError(upstream: Upstream, message: Message): void {
  upstream.noteError(message.params.at(-1) ?? 'the network closed the connection')
}

export function onBan(upstream: Upstream, message: Message, incoming: Incoming): void {
  const reason = message.params.at(-1) ?? 'banned'
  if (upstream.isRegistered) {
    // Behind 001 they answer OPER, or tell of a ban that comes: then ERROR follows, and says it.
    passOn(upstream, message, incoming)
    return
  }
  // 465: banned. A wrong server password (464) is not a reason to knock often, either.
  upstream.noteError(reason, message.command === '464' ? 'refused' : 'banned')
}
