// What a person says, in as many lines as it takes: a network cuts what is too long without a word.
import { isAction, parseCtcp } from '../irc/ctcp.ts'
import { type Message, NO_TAGS } from '../irc/message.ts'
import { splitText } from '../irc/split.ts'
import type { Upstream } from './upstream.ts'

/** `user@host` where ours is not known: as long as they get. */
const UNKNOWN_USERHOST = 10 + 1 + 63
/** No target leaves less room than this. */
const MIN_BYTES = 50
const ACTION = '\x01ACTION '

/**
 * A PRIVMSG or NOTICE in parts that each fit into a line as others get it: LINELEN (or 512) bytes with CR LF and our own
 * source in front. An ACTION stays one; any other CTCP is not split. The client's tags stay with the first part.
 */
export function splitSay(upstream: Upstream, message: Message): Message[] {
  const [target = '', text = ''] = message.params
  const isCtcp = parseCtcp(text) !== undefined
  const isMe = isAction(text)
  const { isupport, nick, userhost, source } = upstream
  const ourBytes = userhost
    ? upstream.bytesOf(source)
    : upstream.bytesOf(nick) + 1 + UNKNOWN_USERHOST
  const around = `: ${message.command}  :\r\n`.length + upstream.bytesOf(target)
  const room = Math.max(MIN_BYTES, isupport.linelen - ourBytes - around)
  if (upstream.bytesOf(text) <= room || (isCtcp && !isMe)) return [message]
  const parts = isMe
    ? splitText(
        text.slice(ACTION.length, text.endsWith('\x01') ? -1 : undefined),
        room - ACTION.length - 1,
      ).map((part) => `${ACTION}${part}\x01`)
    : splitText(text, room)
  return parts.map((part, index) => ({
    ...message,
    tags: index === 0 ? message.tags : NO_TAGS,
    params: [target, part],
  }))
}
