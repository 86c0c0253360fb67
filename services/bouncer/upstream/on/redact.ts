// REDACT: somebody takes back a message. https://ircv3.net/specs/extensions/message-redaction
import type { Message } from '../../irc/message.ts'
import { nickOf } from '../../irc/source.ts'
import type { Stored } from '../port.ts'
import { storedTags } from '../stored-tags.ts'
import type { Incoming, Upstream } from '../upstream.ts'

export function onRedact(
  upstream: Upstream,
  message: Message,
  { time, requester }: Incoming,
): void {
  const [target = '', msgid = '', reason] = message.params
  const { source = upstream.serverName } = message
  const isOwn = upstream.isFromMe(message)
  const isPrivate = !upstream.isupport.isChannel(target)
  const stored: Stored = {
    kind: 'REDACT',
    target: isPrivate && !isOwn ? nickOf(source) : target,
    source,
    text: reason === undefined ? msgid : `${msgid} ${reason}`,
    time,
    isOwn,
    ...storedTags(message.tags),
  }
  upstream.port.redact(message, stored, msgid, { time, requester: isOwn ? requester : undefined })
}
