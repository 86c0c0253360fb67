// Completes indexes after a crash: what must be in them is looked for at their ends, and what is missing is added.

import type { IndexFiles, IndexRecord } from './index-file.ts'
import type { IndexEntry } from './transaction.ts'

/** Entries that are looked for at a time: bounds the memory, not the work. */
const BATCH = 20_000

interface Search {
  /** Time of the entry that must be there; undefined when none may be. */
  at: number | undefined
  /** No record of this key that matters is older. */
  since: number
}

export class IndexMending {
  readonly #index: IndexFiles
  #batch = new Map<string, Map<string, Search>>()
  #size = 0
  /** Entries that were missing. */
  added = 0

  constructor(index: IndexFiles) {
    this.#index = index
  }

  /** An entry must be there, once. `endedAt`: the time of an earlier entry of its key, which ended. */
  want({ index, key, at }: IndexEntry, endedAt = at): void {
    this.#search(index, key, { at, since: Math.min(at, endedAt) })
  }

  /** An entry must not be there. */
  end({ index, key, at }: IndexEntry): void {
    this.#search(index, key, { at: undefined, since: at })
  }

  flush(): void {
    for (const [index, searches] of this.#batch) this.#mend(index, searches)
    this.#batch = new Map()
    this.#size = 0
  }

  #search(index: string, key: string, search: Search): void {
    const searches = this.#batch.get(index) ?? new Map<string, Search>()
    this.#batch.set(index, searches.set(key, search))
    if (++this.#size >= BATCH) this.flush()
  }

  #mend(index: string, searches: ReadonlyMap<string, Search>): void {
    let since = Number.POSITIVE_INFINITY
    for (const search of searches.values()) since = Math.min(since, search.since)
    const found = new Map<string, IndexRecord>()
    const drop = new Set<string>()
    for (const record of this.#index.newest(index)) {
      // Times don't decrease, and a record is never older than what it stands for.
      if (record.at < since) break
      const search = searches.get(record.key)
      if (!search) continue
      const isRight = search.at !== undefined && record.at >= search.at && !found.has(record.key)
      if (isRight) found.set(record.key, record)
      else drop.add(record.key)
    }
    const add: IndexRecord[] = []
    for (const [key, { at }] of searches) {
      const there = found.get(key)
      if (at === undefined || (there && !drop.has(key))) continue
      add.push(there ?? { key, at })
      if (!there) this.added += 1
    }
    if (add.length === 0 && drop.size === 0) return
    this.#index.merge(
      index,
      add.sort((a, b) => a.at - b.at),
      drop,
    )
  }
}
