// What a line of the history has from the network's line: who sent it, and of its tags those that are worth keeping: the
// account of the sender and what clients say to each other.
import type { Message } from '../irc/message.ts'
import type { Stored } from './port.ts'
import type { Upstream } from './upstream.ts'

/** Typing is of the moment. */
const FLEETING = new Set(['+typing', '+draft/typing'])
const MAX_TAGS = 20
const MAX_CHARACTERS = 4_094

/** Name, in the stored tags, of the prefix of a target such as `@#channel`. */
export const STATUS_TAG = 'status'

/** The part of a stored line that comes from its tags. */
export function storedTags(
  tags: ReadonlyMap<string, string>,
  status = '',
): Pick<Stored, 'tags' | 'msgid'> {
  const kept: [string, string][] = status ? [[STATUS_TAG, status]] : []
  let characters = 0
  for (const [key, value] of tags) {
    if (key !== 'account' && !(key.startsWith('+') && !FLEETING.has(key))) continue
    characters += key.length + value.length
    if (kept.length >= MAX_TAGS || characters > MAX_CHARACTERS) break
    kept.push([key, value])
  }
  const msgid = tags.get('msgid')
  return {
    ...(kept.length > 0 && { tags: Object.fromEntries(kept) }),
    ...(msgid && msgid.length <= 256 && { msgid }),
  }
}

/** A line for the history of a channel. */
export function storedLine(
  upstream: Upstream,
  message: Message,
  line: Pick<Stored, 'kind' | 'target' | 'text' | 'time'>,
): Stored {
  const { source = '', tags } = message
  return { ...line, source, isOwn: upstream.isFromMe(message), ...storedTags(tags) }
}
