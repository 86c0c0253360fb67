// A stored line as a client sees it again.
import type { Downstream } from '../downstream/downstream.ts'
import { Line } from '../downstream/line.ts'
import { isAction } from '../irc/ctcp.ts'
import { type Message, messageFrom } from '../irc/message.ts'
import type { Network } from '../network.ts'
import type { StoredMessage } from '../store/records.ts'

/**
 * The line as playback for a client that can't fetch history: only what was said. Undefined when it is not for this
 * client. A client without server-time gets the time in the text.
 */
export function playable(
  downstream: Downstream,
  network: Network,
  stored: StoredMessage,
): Line | undefined {
  if (stored.kind !== 'PRIVMSG' && stored.kind !== 'NOTICE') return
  if (network.isDetached(stored.target)) return
  const isPrivate = !network.isChannel(stored.target)
  if (stored.isOwn && isPrivate && !canReadOwn(downstream)) return
  const line = storedLine(stored, downstream.nick, isPrivate)
  if (downstream.caps.has('server-time')) return line
  const [target = '', text = ''] = line.message.params
  return line.as({ ...line.message, params: [target, stamped(text, stored.time)] })
}

const canReadOwn = ({ caps }: Downstream) =>
  caps.has('echo-message') || caps.has('znc.in/self-message')

/** `[12:34:56] text`, in UTC, inside of an ACTION if it is one. */
function stamped(text: string, time: number): string {
  const stamp = `[${new Date(time).toISOString().slice(11, 19)}]`
  return isAction(text) ? text.replace('ACTION ', `ACTION ${stamp} `) : `${stamp} ${text}`
}

/** Any stored line, in the words of the protocol. `nick` is the person's own. */
export function storedLine(stored: StoredMessage, nick: string, isPrivate: boolean): Line {
  const { time, id, msgid } = stored
  return new Line(storedMessage(stored, nick, isPrivate), { time, id, msgid })
}

function storedMessage(stored: StoredMessage, nick: string, isPrivate: boolean): Message {
  const { kind, source, text, target, isOwn } = stored
  const { status = '', ...kept } = stored.tags ?? {}
  const tags = new Map(Object.entries(kept))
  const of = (command: string, ...params: string[]) => ({
    ...messageFrom(source, command, ...params),
    tags,
  })
  switch (kind) {
    case 'PRIVMSG':
    case 'NOTICE':
      return of(kind, isPrivate && !isOwn ? nick : `${status}${target}`, text)
    case 'TAGMSG':
      return of(kind, isPrivate && !isOwn ? nick : target)
    case 'JOIN': {
      const [account, ...realname] = text.split(' ')
      return account ? of(kind, target, account, realname.join(' ')) : of(kind, target)
    }
    case 'QUIT':
    case 'NICK':
      return of(kind, text)
    case 'KICK': {
      const [who = '', ...reason] = text.split(' ')
      return of(kind, target, who, reason.join(' '))
    }
    case 'MODE':
      return of(kind, target, ...text.split(' '))
    case 'GAP':
      return of('NOTICE', isPrivate ? nick : target, text)
    default:
      return text === '' ? of(kind, target) : of(kind, target, text)
  }
}
