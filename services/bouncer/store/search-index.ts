// The full-text index follows the messages: some are added after a commit, in their own short transaction, as long as
// there are any. `indexed` is the id up to which it has come; it is stored with what it stands for.

import type { Turn } from '@fuchsbau/shared/database/turn.ts'
import { IS_INDEXED, IS_SHOWN } from './message-row.ts'
import type { Properties } from './properties.ts'
import { RecentMap } from './recent.ts'
import { nickOf, senderToken, targetToken, wordsOf, wordToken } from './words.ts'

/** So many lines, about 4 ms of work, are added at a time. Fewer make a poor index of many small parts. */
const BATCH = 256
/** Fewer lines than that wait for more; a search adds them first. */
const WORTHWHILE = 1024
/** A search adds so many at most before it starts: about 80 ms. */
const BEFORE_SEARCH = 4096
/** Behind so many new lines, or a tenth of all, the index is made one again: a quarter smaller, and quicker to read. */
const TIDY_LINES = 20_000
/** So many pages, about 6 ms of work, at a time. */
const TIDY_PAGES = 32

interface Line {
  id: number
  networkId: number
  targetId: number
  /** Null when its network was removed since. */
  source: string | null
  text: string
}

/** With a condition for `m`. */
const SELECT_LINES = `
  SELECT m.id, m.network_id AS networkId, m.target_id AS targetId, s.source, m.text
  FROM messages m LEFT JOIN sources s ON s.id = m.source_id
  WHERE ${IS_INDEXED} AND ${IS_SHOWN} AND`

export class SearchIndex {
  readonly #properties: Properties
  readonly #lines
  readonly #line
  readonly #add
  readonly #remove
  readonly #senders = new RecentMap<string, string>(4096)
  readonly #merge
  readonly #changes
  #indexed: number
  #last: number
  /** Up to where the index was one, the last time. */
  #tidied: number
  #isTidying = false

  constructor(turn: Turn, properties: Properties) {
    this.#properties = properties
    this.#lines = turn.reading<[number, number, number], Line>(
      `${SELECT_LINES} m.id > ? AND m.id <= ? ORDER BY m.id LIMIT ?`,
    )
    this.#line = turn.reading<[number], Line>(`${SELECT_LINES} m.id = ?`)
    this.#add = turn.writing<[number, string]>('INSERT INTO search (rowid, words) VALUES (?, ?)')
    this.#merge = turn.writing<[number]>("INSERT INTO search (search, rank) VALUES ('merge', ?)")
    this.#changes = turn.reading<[], { count: number }>('SELECT total_changes() AS count')
    this.#remove = turn.writing<[number, string]>(
      "INSERT INTO search (search, rowid, words) VALUES ('delete', ?, ?)",
    )
    const last = turn.reading<[], { id: number | null }>('SELECT max(id) AS id FROM messages')
    const recall = () => {
      this.#indexed = Number(properties.get('indexed') ?? 0)
      this.#tidied = Number(properties.get('tidied') ?? 0)
      this.#isTidying = false
      this.#last = last.get()?.id ?? 0
    }
    this.#indexed = 0
    this.#last = 0
    this.#tidied = 0
    recall()
    turn.hook({ afterRollback: recall })
  }

  /** How far the index is behind, in ids. */
  get lag(): number {
    return Math.max(0, this.#last - this.#indexed)
  }

  /** Whether there is enough to do. */
  get isBehind(): boolean {
    return this.lag >= WORTHWHILE || this.#isUntidy
  }

  get #isUntidy(): boolean {
    const added = this.#indexed - this.#tidied
    return this.#isTidying || added >= Math.max(TIDY_LINES, this.#tidied / 10)
  }

  noteAppended(id: number): void {
    if (id > this.#last) this.#last = id
  }

  /**
   * To be called before the message is changed or deleted: the index is told each word that it is to forget. The sender of
   * a network that is gone stays in it, and is found by nobody. https://sqlite.org/fts5.html#the_delete_command
   */
  remove(id: number): void {
    const line = id <= this.#indexed ? this.#line.get(id) : undefined
    if (line) this.#remove.run(id, this.#wordsOf(line))
  }

  /** Adds the next lines, as part of the turn. */
  step(): void {
    if (this.lag >= WORTHWHILE) this.#addNext(BATCH)
    else this.#tidyNext()
  }

  /** A negative number begins, positive ones go on; less than two changes: done. https://sqlite.org/fts5.html#the_merge_command */
  #tidyNext(): void {
    const before = this.#changes.get()?.count ?? 0
    this.#merge.run(this.#isTidying ? TIDY_PAGES : -TIDY_PAGES)
    const isDone = (this.#changes.get()?.count ?? 0) - before < 2
    this.#isTidying = !isDone
    if (!isDone) return
    this.#tidied = this.#indexed
    this.#properties.set('tidied', String(this.#tidied))
  }

  #addNext(limit: number): void {
    const lines = this.#lines.all(this.#indexed, this.#last, limit)
    for (const line of lines) this.#add.run(line.id, this.#wordsOf(line))
    const isDone = lines.length < limit
    this.#indexed = isDone ? this.#last : (lines.at(-1)?.id ?? this.#last)
    this.#properties.set('indexed', String(this.#indexed))
  }

  /** Adds what is missing, within bounds: after an import, or a long flood, the newest lines may be found later. */
  catchUp(): void {
    if (this.lag > 0) this.#addNext(BEFORE_SEARCH)
  }

  #wordsOf({ networkId, targetId, source, text }: Line): string {
    const words = new Set(wordsOf(text))
    let tokens = targetToken(targetId)
    if (source !== null) tokens += ` ${this.#sender(networkId, source)}`
    for (const word of words) tokens += ` ${wordToken(networkId, word)}`
    return tokens
  }

  #sender(networkId: number, source: string): string {
    const key = `${networkId} ${source}`
    let token = this.#senders.get(key)
    if (token === undefined) {
      token = senderToken(networkId, nickOf(source))
      this.#senders.set(key, token)
    }
    return token
  }
}
