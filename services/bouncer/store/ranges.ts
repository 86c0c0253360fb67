// Reading the history in ranges, for CHATHISTORY and playback. Order is (time, id). All answers are oldest first, and at
// most MOST_ROWS long. https://ircv3.net/specs/extensions/chathistory

import type { Reading, Turn } from '@fuchsbau/shared/database/turn.ts'
import type { Interned } from './interned.ts'
import { IS_SAID, IS_SHOWN, type MessageRow, SELECT_MESSAGES, toMessage } from './message-row.ts'
import type { Msgids } from './msgids.ts'
import type { StoredMessage } from './records.ts'

export const MOST_ROWS = 1000

/**
 * A place in the order. Bounds are exclusive: `before` and `after` one with an id leave out that message, those with a
 * time only all messages of that millisecond.
 */
export interface Bound {
  time: number
  id?: number
}

/** What is asked for: a conversation, how many at most, and whether joins, modes and the like count too. */
export interface RangeQuery {
  /** Of an owned network. */
  networkId: number
  foldedTarget: string
  limit: number
  /** Otherwise only PRIVMSG and NOTICE. */
  withEvents: boolean
}

/** A conversation and when it was last heard of. */
export interface TargetTime {
  target: string
  foldedTarget: string
  time: number
}

export interface TargetSize extends TargetTime {
  rows: number
  bytes: number
}

/** Target, then time, time and id of both bounds, limit. */
type RangeParameters = [number, number, number, number, number, number, number, number]
type Ordered = Record<'ASC' | 'DESC', Reading<RangeParameters, MessageRow>>

const FIRST: Bound = { time: -1, id: 0 }
const LAST: Bound = { time: Number.MAX_SAFE_INTEGER, id: 0 }

export class Ranges {
  readonly msgids: Msgids
  readonly #interned: Interned
  readonly #said: Ordered
  readonly #all: Ordered
  readonly #page
  readonly #count
  readonly #lastId
  readonly #targets

  constructor(turn: Turn, interned: Interned, msgids: Msgids) {
    this.#interned = interned
    this.msgids = msgids
    const range = (condition: string, order: 'ASC' | 'DESC') =>
      turn.reading<RangeParameters, MessageRow>(`${SELECT_MESSAGES}
        WHERE m.target_id = ? AND ${IS_SHOWN} AND ${condition}
          AND m.time >= ? AND (m.time > ? OR m.id > ?)
          AND m.time <= ? AND (m.time < ? OR m.id < ?)
        ORDER BY m.time ${order}, m.id ${order} LIMIT ?`)
    this.#said = { ASC: range(IS_SAID, 'ASC'), DESC: range(IS_SAID, 'DESC') }
    this.#all = { ASC: range('true', 'ASC'), DESC: range('true', 'DESC') }
    this.#page = turn.reading<[number, number, number], MessageRow>(
      `${SELECT_MESSAGES} WHERE m.network_id = ? AND m.id > ? AND ${IS_SHOWN} ORDER BY m.id LIMIT ?`,
    )
    this.#count = turn.reading<[number, number], { count: number }>(
      'SELECT count(*) AS count FROM messages WHERE network_id = ? AND id > ?',
    )
    this.#lastId = turn.reading<[number], { id: number | null }>(
      'SELECT max(id) AS id FROM messages WHERE network_id = ?',
    )
    this.#targets = turn.reading<[number], Omit<TargetSize, 'time'> & { time: number | null }>(
      `SELECT name AS target, folded AS foldedTarget, row_count AS rows, byte_count AS bytes,
         (SELECT max(time) FROM messages WHERE target_id = targets.id) AS time
       FROM targets WHERE network_id = ?`,
    )
  }

  /** The newest ones; with a bound, of those after it. */
  latest(query: RangeQuery, after: Bound = FIRST): StoredMessage[] {
    return this.#read(query, after, LAST, 'DESC')
  }

  /** The newest ones before the bound. */
  before(query: RangeQuery, bound: Bound): StoredMessage[] {
    return this.#read(query, FIRST, bound, 'DESC')
  }

  /** The oldest ones after the bound. */
  after(query: RangeQuery, bound: Bound): StoredMessage[] {
    return this.#read(query, bound, LAST, 'ASC')
  }

  /** Those nearest to `from` that lie between the two, in whatever order they are given. */
  between(query: RangeQuery, from: Bound, to: Bound): StoredMessage[] {
    const isForward =
      from.time < to.time || (from.time === to.time && (from.id ?? 0) <= (to.id ?? 0))
    return isForward ? this.#read(query, from, to, 'ASC') : this.#read(query, to, from, 'DESC')
  }

  /** At most half of them before the bound, the others from it on, with the message that it names. */
  around(query: RangeQuery, { time, id = 0 }: Bound): StoredMessage[] {
    const limit = Math.min(query.limit, MOST_ROWS)
    const from = { time, id: id - 1 }
    const before = this.before({ ...query, limit: Math.floor(limit / 2) }, { time, id })
    const after = this.after({ ...query, limit: limit - before.length }, from)
    return [...before, ...after]
  }

  /** Conversations heard of last after and before these times (both excluded), the oldest first. */
  targets(networkId: number, after: number, before: number, limit: number): TargetTime[] {
    return this.sizes(networkId)
      .filter(({ time }) => time > Math.min(after, before) && time < Math.max(after, before))
      .sort((a, b) => a.time - b.time)
      .slice(0, Math.min(limit, MOST_ROWS))
      .map(({ target, foldedTarget, time }) => ({ target, foldedTarget, time }))
  }

  /** All conversations of a network with what they take; as of the last commit. */
  sizes(networkId: number): TargetSize[] {
    return this.#targets
      .all(networkId)
      .flatMap(({ time, ...rest }) => (time === null ? [] : [{ ...rest, time }]))
  }

  /**
   * A page of everything on a network that was stored behind a message, oldest first by id: what a client missed. Ask
   * again with the last id, until the page is empty.
   */
  afterId(networkId: number, id: number, limit: number): StoredMessage[] {
    return this.#page
      .all(networkId, id, Math.min(limit, MOST_ROWS))
      .map((row) => toMessage(row, this.msgids))
  }

  /** How many are stored on a network behind a message, redacted ones too. */
  countAfterId(networkId: number, id: number): number {
    return this.#count.get(networkId, id)?.count ?? 0
  }

  /** Id of the last message of a network; 0 when there is none. */
  lastId(networkId: number): number {
    return this.#lastId.get(networkId)?.id ?? 0
  }

  #read(query: RangeQuery, after: Bound, before: Bound, order: 'ASC' | 'DESC'): StoredMessage[] {
    const target = this.#interned.knownTarget(query.networkId, query.foldedTarget)
    const limit = Math.min(query.limit, MOST_ROWS)
    if (!target || limit <= 0) return []
    const rows = (query.withEvents ? this.#all : this.#said)[order].all(
      target.id,
      after.time,
      after.time,
      after.id ?? Number.MAX_SAFE_INTEGER,
      before.time,
      before.time,
      before.id ?? 0,
      limit,
    )
    if (order === 'DESC') rows.reverse()
    return rows.map((row) => toMessage(row, this.msgids))
  }
}
