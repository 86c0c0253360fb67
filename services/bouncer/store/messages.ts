// The history: storing a message, finding one, and forgetting what it said. Ranges are in ranges.ts, deletion is in
// removal.ts. To be called with an owned network's id; targets are folded with its casemapping.

import type { Turn } from '@fuchsbau/shared/database/turn.ts'
import type { Interned, InternedTarget } from './interned.ts'
import {
  bytesOf,
  flagsOf,
  type MessageRow,
  SELECT_MESSAGES,
  SET_REDACTED,
  toMessage,
} from './message-row.ts'
import type { MsgidCode, Msgids } from './msgids.ts'
import { Ranges } from './ranges.ts'
import type { NewMessage, StoredMessage } from './records.ts'
import type { SearchIndex } from './search-index.ts'

/** `isNew` is false when the network's msgid is stored in that target already: then this is the stored message. */
export type Appended = StoredMessage & { isNew: boolean }

type Insert = [number, number, number, number, number, string, string | null, MsgidCode | null]

export class Messages extends Ranges {
  readonly #turn: Turn
  readonly #interned: Interned
  readonly #index: SearchIndex
  readonly #insert
  readonly #byId
  readonly #byMsgid
  readonly #redact
  readonly #reword

  constructor(turn: Turn, interned: Interned, index: SearchIndex, msgids: Msgids) {
    super(turn, interned, msgids)
    this.#turn = turn
    this.#interned = interned
    this.#index = index
    this.#insert = turn.writing<Insert>(
      `INSERT INTO messages (network_id, target_id, source_id, time, flags, text, tags, msgid)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (target_id, msgid) WHERE msgid IS NOT NULL DO NOTHING`,
    )
    this.#byId = turn.reading<[number], MessageRow>(`${SELECT_MESSAGES} WHERE m.id = ?`)
    this.#byMsgid = turn.reading<[number, MsgidCode], MessageRow>(
      `${SELECT_MESSAGES} WHERE m.target_id = ? AND m.msgid = ?`,
    )
    this.#reword = turn.writing<[string, number]>('UPDATE messages SET text = ? WHERE id = ?')
    this.#redact = turn.writing<[number]>(`UPDATE messages SET ${SET_REDACTED} WHERE id = ?`)
  }

  /** Stores a message with the turn. One that the network gave a msgid is stored once in each target. */
  append(message: NewMessage): Appended {
    return this.#turn.write(() => {
      const { networkId, foldedTarget, text } = message
      const target = this.#interned.target(networkId, foldedTarget, message.target)
      const source = this.#interned.source(networkId, message.source)
      const tags = message.tags === undefined ? null : JSON.stringify(message.tags)
      const code = message.msgid === undefined ? null : this.msgids.encode(networkId, message.msgid)
      const { changes, id } = this.#insert.run(
        networkId,
        target.id,
        source,
        message.time,
        flagsOf(message),
        text,
        tags,
        code,
      )
      if (changes === 0) return { ...this.#stored(target, code ?? ''), isNew: false }
      this.#interned.noteAdded(target, bytesOf(text, tags, code))
      this.#index.noteAppended(id)
      return { ...message, id, msgid: message.msgid ?? this.msgids.ofRow(id), isNew: true }
    })
  }

  /** Says otherwise what is missing: the row is a GAP, which is neither searched nor has tags. */
  rewordGap(id: number, text: string): void {
    this.#reword.run(text, id)
  }

  /** The message that a client names. Ours are told from the network's, whatever those look like. */
  byMsgid(networkId: number, foldedTarget: string, msgid: string): StoredMessage | undefined {
    const target = this.#interned.knownTarget(networkId, foldedTarget)
    return target && this.#find(networkId, target, msgid)
  }

  /**
   * Forgets text and tags of a message; its place stays taken, so that it does not come back with the network's own
   * history, but it is shown no more. Returns it as it was; undefined when there is none.
   */
  redact(networkId: number, foldedTarget: string, msgid: string): StoredMessage | undefined {
    const message = this.byMsgid(networkId, foldedTarget, msgid)
    if (!message) return
    this.#index.remove(message.id)
    this.#redact.run(message.id)
    return message
  }

  #find(networkId: number, target: InternedTarget, msgid: string): StoredMessage | undefined {
    const id = this.msgids.rowOf(msgid)
    const own = id === undefined ? undefined : this.#byId.get(id)
    if (own && own.msgid === null && this.#isIn(own, target)) return toMessage(own, this.msgids)
    const row = this.#byMsgid.get(target.id, this.msgids.known(networkId, msgid))
    return row && toMessage(row, this.msgids)
  }

  #isIn(row: MessageRow, target: InternedTarget): boolean {
    const { networkId, foldedTarget } = row
    return this.#interned.knownTarget(networkId, foldedTarget)?.id === target.id
  }

  #stored(target: InternedTarget, code: MsgidCode): StoredMessage {
    const row = this.#byMsgid.get(target.id, code)
    if (!row) throw new Error(`message ${code} is there, but not found`)
    return toMessage(row, this.msgids)
  }
}
