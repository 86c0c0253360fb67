// The stored objects: what a post, an announce, a like, a vote … is on disk, and how it is read by id.

import { derivation } from './derive.ts'
import type { IndexRecord } from './index-file.ts'
import type { Op } from './journal.ts'
import { hashId, indexes, paths } from './layout.ts'
import { putJson, type Tree } from './tree.ts'

export type Audience = 'public' | 'unlisted' | 'followers' | 'direct'

/** What a file below objects/ is. `follow`, `flag`, `move` and `end` (of a poll) are kept because a notification names them. */
export type ObjectKind =
  | 'post'
  | 'announce'
  | 'like'
  | 'reaction'
  | 'vote'
  | 'follow'
  | 'flag'
  | 'move'
  | 'end'
  | 'tombstone'

/** One file below objects/. It carries all that its index entries follow from. */
export interface StoredObject {
  /** The id, exactly as its author wrote it. */
  id: string
  kind: ObjectKind
  /** Its author's actor id. */
  actor: string
  /** When we published or received it, ms: the order of the timelines. */
  at: number
  audience: Audience
  /** Name of the local user who made it. */
  local?: string
  /** The ActivityStreams document: as we serve it, or as we received it (embedded in its activity). */
  document?: Record<string, unknown>
  /** Local users in whose home timeline it appears. */
  home?: string[]
  /** Local users whom it notifies. */
  notify?: string[]
  /** Local users to whom it is addressed directly. */
  addressed?: string[]
  inReplyTo?: string
  /** What an announce, like, vote … is about. */
  target?: string
  /** Chosen option of a vote, emoji of a reaction. */
  name?: string
  /** Markdown that a local post was written in. */
  source?: string
  /** Actors who got a local post: its Delete goes to them as well as to the followers. */
  recipients?: string[]
  /** When its author last changed it, ms. */
  editedAt?: number
}

/** How much later than asked a new object may be dated, so that no two have the same instant. */
const MAX_SHIFT_MS = 60_000
/** Entries without an object that a page passes over before it ends early. */
const MAX_PASSED = 1_000

/** Entries of `madeBy` that are looked at in one turn: some 3 ms. */
const ENTRIES_PER_TURN = 50

/** Reads of objects/ and of the indexes over it. */
export class Objects {
  readonly #tree: Tree
  /** Time of the newest object that was put. */
  #lastAt = 0

  constructor(tree: Tree) {
    this.#tree = tree
  }

  get(id: string): StoredObject | undefined {
    return this.byKey(hashId(id))
  }

  byKey(key: string): StoredObject | undefined {
    return this.#tree.read<StoredObject>(paths.object(key))
  }

  /**
   * The operation that stores it. A new object gets an instant of its own, later than that of the one before it:
   * then the order of the timelines is the same when the indexes are rebuilt.
   */
  put(object: StoredObject): Op {
    const path = paths.object(hashId(object.id))
    const late = this.#lastAt - object.at
    const isLate = late >= 0 && late < MAX_SHIFT_MS && !this.#tree.read(path)
    const at = isLate ? this.#lastAt + 1 : object.at
    this.#lastAt = Math.max(this.#lastAt, at)
    return putJson(path, isLate ? { ...object, at } : object)
  }

  /** The operation that leaves a tombstone: the id stays taken, so a late or replayed Create changes nothing. */
  bury(object: Pick<StoredObject, 'id' | 'actor' | 'local'>, at: number): Op {
    const { id, actor, local } = object
    return this.put({
      id,
      actor,
      at,
      kind: 'tombstone',
      audience: 'direct',
      ...(local ? { local } : {}),
    })
  }

  /** Stores a copy of what a peer has (a boosted post, an ancestor in a thread): a power cut may lose it. */
  putCached(object: StoredObject): void {
    this.#tree.writeCached(paths.object(hashId(object.id)), object)
  }

  /**
   * At most `limit` objects of an index, newest first, from below the cursor on. Ids whose object is missing
   * (a live copy, a damaged file) or does not belong there any more are passed over; a page may be short, and still have a next one.
   */
  newest(
    index: string,
    limit: number,
    before?: IndexRecord,
  ): { objects: StoredObject[]; next?: IndexRecord } {
    const objects: StoredObject[] = []
    let last: IndexRecord | undefined
    let passed = 0
    for (const record of this.#tree.index.newest(index, before)) {
      if (last && (objects.length === limit || passed === MAX_PASSED))
        return { objects, next: last }
      const object = this.byKey(record.key)
      // The object itself tells: below a cursor the entry's removal is not seen, a power cut may have lost it.
      if (object && isIn(index, record.key, object)) {
        objects.push(object)
      } else passed += 1
      last = record
    }
    return { objects }
  }

  /** What points at this id: replies, likes, announces or votes; oldest first, at most `limit`. */
  about(
    kind: 'replies' | 'likes' | 'announces' | 'votes',
    id: string,
    limit = 1_000,
  ): StoredObject[] {
    return this.newest(indexes[kind](hashId(id)), limit).objects.reverse()
  }

  /**
   * What an actor elsewhere made and is not buried, newest first, as it is now: commit what follows before anything
   * else happens. Comes in small parts, also empty ones; let others have their turn between them.
   */
  *madeBy(actor: string): Generator<StoredObject[]> {
    let part: StoredObject[] = []
    let entries = 0
    for (const { key } of this.#tree.index.newest(indexes.madeBy(actor))) {
      const object = this.#tree.readOnce<StoredObject>(paths.object(key))
      if (object?.actor === actor && object.kind !== 'tombstone' && !object.local) part.push(object)
      if (++entries % ENTRIES_PER_TURN !== 0) continue
      yield part
      part = []
    }
    yield part
  }

  count(kind: 'replies' | 'likes' | 'announces' | 'votes', id: string): number {
    return this.#tree.index.count(indexes[kind](hashId(id)))
  }
}

const isIn = (index: string, key: string, object: StoredObject) =>
  derivation.entries(paths.object(key), object).some((entry) => entry.index === index)
