// A stored line as a client sees it again.
import type { Downstream } from '../downstream/downstream.ts'
import { Line } from '../downstream/line.ts'
import { isAction } from '../irc/ctcp.ts'
import { type Message, messageFrom } from '../irc/message.ts'
import type { Network } from '../network.ts'
import { MOST_ROWS } from '../store/ranges.ts'
import type { MessageKind, StoredMessage } from '../store/records.ts'

/**
 * The line as playback for a client that can't fetch history: only what was said. Undefined when it is not for this
 * client. A client without server-time gets the time in the text.
 */
export function playable(
  downstream: Downstream,
  network: Network,
  stored: StoredMessage,
): Line | undefined {
  if (!PLAYED.has(stored.kind) || network.isDetached(stored.target)) return
  if (stored.kind === 'TAGMSG' && !downstream.caps.has('message-tags')) return
  const isPrivate = !network.isChannel(stored.target)
  if (stored.isOwn && isPrivate && !canReadOwn(downstream)) return
  const line = storedLine(stored, downstream.nick, isPrivate)
  if (downstream.caps.has('server-time')) return line
  const [target = '', text = ''] = line.message.params
  return line.as({ ...line.message, params: [target, stamped(text, stored.time)] })
}

/** Of events a client that attaches learns only the outcome. */
const PLAYED: ReadonlySet<MessageKind> = new Set(['PRIVMSG', 'NOTICE', 'TAGMSG', 'GAP'])

/** What was said in a conversation behind a message, the newest, to a client that can't fetch it. */
export function playSince(
  downstream: Downstream,
  network: Network,
  target: string,
  id: number,
): void {
  const { caps, catchUp } = downstream
  if (caps.has('draft/chathistory') || caps.has('znc.in/playback')) return
  const foldedTarget = network.fold(target)
  const query = { networkId: network.record.id, foldedTarget, limit: MOST_ROWS, withEvents: false }
  for (const stored of network.bouncer.store.messages.latest(query)) {
    // What lies ahead of a client that is catching up comes in its turn.
    const isAhead = catchUp.isRunning && stored.id > catchUp.position
    const isNew = stored.id > id && !isAhead
    const line = isNew ? playable(downstream, network, stored) : undefined
    if (!line) continue
    downstream.playback(line)
    catchUp.sent(stored.id)
  }
}

/** A line that was said while the network was away, and is known now: to the clients that are attached. */
export function playMissed(
  network: Network,
  stored: StoredMessage,
  { isLate }: { isLate: boolean },
): void {
  if (stored.kind === 'GAP') return
  for (const downstream of network.downstreams) {
    const { caps, catchUp, isAttached } = downstream
    // It comes in its turn; or can be fetched, in the order that the line would break now.
    if (!isAttached || catchUp.isRunning || (isLate && caps.has('draft/chathistory'))) continue
    const line = playable(downstream, network, stored)
    if (line) downstream.playback(line)
    catchUp.shown(stored.id)
  }
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
    case 'TOPIC':
      return of(kind, target, text)
    case 'REDACT': {
      const [msgid = '', ...reason] = text.split(' ')
      const where = isPrivate && !isOwn ? nick : target
      return of(kind, where, msgid, ...(reason.length > 0 ? [reason.join(' ')] : []))
    }
    case 'PART':
      return text === '' ? of(kind, target) : of(kind, target, text)
  }
}
