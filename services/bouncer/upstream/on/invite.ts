// INVITE: of us, or (invite-notify) of somebody else to a channel of ours. Not stored.
import type { Message } from '../../irc/message.ts'
import type { Incoming, Upstream } from '../upstream.ts'

export function onInvite(upstream: Upstream, message: Message, { time }: Incoming): void {
  upstream.port.relay(message, { time })
}
