// What has no handler, or is only passed on by one: to whom.
import { type Message, withTags } from '../irc/message.ts'
import type { Incoming, Upstream } from './upstream.ts'

/** To the client that asked, or else to all of them. */
export function passOn(upstream: Upstream, message: Message, { time, requester }: Incoming): void {
  if (requester) requester.answer(withoutReferences(message))
  else if (!upstream.pending.take(message)) upstream.port.relay(message, { time })
}

/** Batches and labels are between the network and us. */
function withoutReferences(message: Message): Message {
  const { tags } = message
  if (!tags.has('batch') && !tags.has('label')) return message
  return withTags(message, new Map([...tags].filter(([key]) => key !== 'batch' && key !== 'label')))
}
