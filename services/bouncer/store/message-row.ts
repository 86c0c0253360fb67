// A stored message as a row, and back.

import type { MsgidCode, Msgids } from './msgids.ts'
import { MESSAGE_KINDS, type MessageKind, type NewMessage, type StoredMessage } from './records.ts'

const OWN = 1
const REDACTED = 2
const KIND_SHIFT = 2

/** Columns of MESSAGE_COLUMNS. */
export interface MessageRow {
  id: number
  networkId: number
  target: string
  foldedTarget: string
  time: number
  flags: number
  source: string
  text: string
  tags: string | null
  msgid: string | number | null
}

/** With the tables that it takes; conditions may name `m`, `t` and `s`. Deleted targets are left out by `t`. */
export const SELECT_MESSAGES = `
  SELECT m.id, m.network_id AS networkId, t.name AS target, t.folded AS foldedTarget, m.time, m.flags,
    s.source, m.text, m.tags, m.msgid
  FROM messages m
  CROSS JOIN targets t ON t.id = m.target_id AND t.network_id = m.network_id
  CROSS JOIN sources s ON s.id = m.source_id`

/** Leaves out redacted messages. */
export const IS_SHOWN = `(m.flags & ${REDACTED}) = 0`
export const SET_REDACTED = `flags = flags | ${REDACTED}, text = '', tags = NULL`

/** What is neither said nor answered: joins, modes, gaps … */
const SAID: readonly MessageKind[] = ['PRIVMSG', 'NOTICE']
/** That lines are missing is said to everyone who reads there. */
const SHOWN_AS_SAID: readonly MessageKind[] = [...SAID, 'GAP']
const INDEXED: readonly MessageKind[] = [...SAID, 'TOPIC']

const among = (kinds: readonly MessageKind[]) =>
  `(m.flags >> ${KIND_SHIFT}) IN (${kinds.map((kind) => MESSAGE_KINDS.indexOf(kind)).join(', ')})`

export const IS_SAID = among(SHOWN_AS_SAID)
export const IS_INDEXED = among(INDEXED)

export function flagsOf({ kind, isOwn }: NewMessage): number {
  return (MESSAGE_KINDS.indexOf(kind) << KIND_SHIFT) | (isOwn ? OWN : 0)
}

/** What a message counts for retention: about what it takes on the disk. */
export function bytesOf(text: string, tags: string | null, msgid: MsgidCode | null): number {
  const msgidBytes = typeof msgid === 'string' ? 2 * Buffer.byteLength(msgid) : 0
  return ROW_BYTES + Buffer.byteLength(text) + Buffer.byteLength(tags ?? '') + msgidBytes
}

const ROW_BYTES = 60
/** The same for a row `m`. */
export const BYTES_OF_ROW = `(${ROW_BYTES} + octet_length(m.text) + ifnull(octet_length(m.tags), 0)
  + iif(typeof(m.msgid) = 'text', 2 * octet_length(m.msgid), 0))`

export function toMessage(row: MessageRow, msgids: Msgids): StoredMessage {
  const { flags, tags, msgid, ...rest } = row
  return {
    ...rest,
    kind: MESSAGE_KINDS[flags >> KIND_SHIFT] ?? 'GAP',
    isOwn: (flags & OWN) !== 0,
    msgid: msgid === null ? msgids.ofRow(row.id) : msgids.decode(msgid),
    ...(tags === null ? {} : { tags: JSON.parse(tags) }),
  }
}
