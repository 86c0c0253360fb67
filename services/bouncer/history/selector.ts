// A place in the history as a client names it: `timestamp=…` or `msgid=…`.
// https://ircv3.net/specs/extensions/chathistory#chathistory-command
import { parseServerTime } from '../irc/server-time.ts'
import type { Bound } from '../store/ranges.ts'
import type { Store } from '../store/store.ts'

export interface Conversation {
  networkId: number
  foldedTarget: string
}

export type Selected =
  | { ok: true; bound: Bound }
  /** Of an unknown type; not of its form; a message that is not there. */
  | { ok: false; why: 'type' | 'form' | 'unknown' }

/** The place that a selector names. One by message is exact, one by time is the whole millisecond. */
export function select(
  store: Store,
  { networkId, foldedTarget }: Conversation,
  text: string,
): Selected {
  const equals = text.indexOf('=')
  const type = equals < 0 ? text : text.slice(0, equals)
  const value = equals < 0 ? '' : text.slice(equals + 1)
  if (type === 'timestamp') {
    const time = parseServerTime(value)
    return time === undefined ? { ok: false, why: 'form' } : { ok: true, bound: { time } }
  }
  if (type !== 'msgid') return { ok: false, why: 'type' }
  if (value === '') return { ok: false, why: 'form' }
  const message = store.messages.byMsgid(networkId, foldedTarget, value)
  if (!message) return { ok: false, why: 'unknown' }
  return { ok: true, bound: { time: message.time, id: message.id } }
}
