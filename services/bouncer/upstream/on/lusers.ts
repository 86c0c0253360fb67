// LUSERS: at registration the network says it unasked (RFC 2812, 5.1), at each reconnection anew. Only who asks gets it.
import type { Message } from '../../irc/message.ts'
import { passOn } from '../pass-on.ts'
import type { Incoming, Upstream } from '../upstream.ts'

export function onLusers(upstream: Upstream, message: Message, incoming: Incoming): void {
  if (upstream.isReady) passOn(upstream, message, incoming)
}
