// Full-text search in the history of one person. Newest first by id, never by rank: that would read all matches.

import type { Turn } from '@fuchsbau/shared/database/turn.ts'
import type Database from 'better-sqlite3'
import type { Interned } from './interned.ts'
import { IS_SHOWN, type MessageRow, SELECT_MESSAGES, toMessage } from './message-row.ts'
import type { Msgids } from './msgids.ts'
import type { Networks } from './networks.ts'
import type { StoredMessage } from './records.ts'
import type { SearchIndex } from './search-index.ts'
import { senderToken, targetToken, wordsOf, wordToken } from './words.ts'

/** All that is given must apply. */
export interface SearchQuery {
  /** Whose history it is: networks of others are left out. */
  userId: number
  /** Absent: all of hers. */
  networkIds?: readonly number[]
  /** Conversation, folded. */
  foldedTarget?: string
  /** Nick, in any case. */
  from?: string
  /** Words, in any order; what is in double quotes, or holds signs between its words, must appear in its order. */
  text: string
  /** Times, ms, both excluded. */
  before?: number
  after?: number
  /** `next` of the page before this one. */
  beforeId?: number
  /** At most 100. */
  limit: number
}

export interface SearchResult {
  /** Newest first, by id. */
  messages: StoredMessage[]
  /** Where the next page begins; absent when nothing is left. A page may be short, even empty, and have a next one. */
  next?: number
}

const MOST_RESULTS = 100
const MOST_WORDS = 20
/** So many lines that have the words are looked at for the rest of the query, then the page ends: some 20 ms. */
const MOST_CANDIDATES = 4000

/** A text taken apart: words that must all be there, and those of them that must follow each other. */
interface Wanted {
  words: string[]
  phrases: string[][]
}

export class Search {
  readonly #turn: Turn
  readonly #index: SearchIndex
  readonly #networks: Networks
  readonly #interned: Interned
  readonly #msgids: Msgids
  readonly #candidates: Database.Statement<[string, number], MessageRow>

  constructor(
    database: Database.Database,
    turn: Turn,
    index: SearchIndex,
    networks: Networks,
    interned: Interned,
    msgids: Msgids,
  ) {
    this.#turn = turn
    this.#index = index
    this.#networks = networks
    this.#interned = interned
    this.#msgids = msgids
    this.#candidates = database.prepare(
      `${SELECT_MESSAGES.replace('FROM messages m', 'FROM search f CROSS JOIN messages m ON m.id = f.rowid')}
       WHERE f.search MATCH ? AND f.rowid < ? AND ${IS_SHOWN} ORDER BY f.rowid DESC`,
    )
  }

  /** What is searched for, as a page. Lines stored in the last moments are found too, unless thousands wait. */
  find(query: SearchQuery): SearchResult {
    const wanted = parseText(query.text)
    const match = this.#match(query, wanted)
    if (match === undefined) return { messages: [] }
    if (this.#turn.failure === undefined) this.#index.catchUp()
    return this.#turn.read(() => this.#page(query, match, wanted))
  }

  #page(query: SearchQuery, match: string, { phrases }: Wanted): SearchResult {
    const { before = Infinity, after = -Infinity, beforeId = Number.MAX_SAFE_INTEGER } = query
    const limit = Math.min(query.limit, MOST_RESULTS)
    const messages: StoredMessage[] = []
    let looked = 0
    for (const row of this.#candidates.iterate(match, beforeId)) {
      const isWanted = row.time < before && row.time > after
      if (isWanted && hasPhrases(row.text, phrases)) messages.push(toMessage(row, this.#msgids))
      if (messages.length >= limit || ++looked >= MOST_CANDIDATES) return { messages, next: row.id }
    }
    return { messages }
  }

  /** The query for the index: only our own tokens, which are letters and digits. Undefined: nothing can match. */
  #match(query: SearchQuery, { words }: Wanted): string | undefined {
    if (words.length === 0 && query.from === undefined) return
    const own = this.#networks.list(query.userId).map(({ id }) => id)
    const networks = own.filter((id) => query.networkIds?.includes(id) ?? true)
    const matches = networks.flatMap((id) => {
      const tokens = words.map((word) => wordToken(id, word))
      if (query.from !== undefined) tokens.push(senderToken(id, query.from))
      if (query.foldedTarget !== undefined) {
        const target = this.#interned.knownTarget(id, query.foldedTarget)
        if (!target) return []
        tokens.push(targetToken(target.id))
      }
      return [`(${tokens.map((token) => `"${token}"`).join(' AND ')})`]
    })
    return matches.length > 0 ? matches.join(' OR ') : undefined
  }
}

/** The words of what a person typed, the first 20. */
function parseText(text: string): Wanted {
  const words = new Set<string>()
  const phrases: string[][] = []
  for (const [part] of text.matchAll(/"[^"]*"?|[^\s"]+/g)) {
    const phrase = wordsOf(part).slice(0, MOST_WORDS - words.size)
    for (const word of phrase) words.add(word)
    if (phrase.length > 1) phrases.push(phrase)
  }
  return { words: [...words], phrases }
}

function hasPhrases(text: string, phrases: string[][]): boolean {
  if (phrases.length === 0) return true
  const words = wordsOf(text)
  return phrases.every((phrase) =>
    words.some((_, start) => phrase.every((word, index) => words[start + index] === word)),
  )
}
