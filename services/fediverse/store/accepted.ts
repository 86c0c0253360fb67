// Accepted inbox activities: in the journal before the 202, held in memory until their effect is stored, given a
// file only when they must wait. Also remembers which activities were seen, so that a replay does nothing: those of
// today and yesterday, or the last 700,000 when there are more.

import type { Clock } from '@fuchsbau/shared/clock.ts'
import { type Op, StoreUnavailable } from './journal.ts'
import { KeySet } from './key-set.ts'
import { hashId, indexes, paths } from './layout.ts'
import { parseJson } from './transaction.ts'
import { putJson, removeFile, type Tree } from './tree.ts'

/** An activity that passed the gate. */
export interface AcceptedActivity {
  id: string
  /** Actor whose signature was verified. */
  signer: string
  /** The local user whose inbox it came to; absent for the shared inbox. */
  inboxOf?: string
  receivedAt: number
  /** The activity, as sent. */
  document: Record<string, unknown>
  /** Failed attempts at its effect. */
  attempts: number
  nextAt?: number
  lastError?: string
}

/** What is known of an activity without reading what was sent. */
export type Waiting = Omit<AcceptedActivity, 'document'>

const DAY_MS = 86_400_000
/** Keys of one generation of the memory (8 MiB), and how many of them there are. */
const GENERATION_KEYS = 350_000
const GENERATIONS = 3
/** What may wait for its effect without a file; more than that is a flood, or effects that hang. */
const MAX_HELD = { activities: 10_000, characters: 64 * 1024 * 1024 }

/** So much of a file is read for what comes before its document. */
const HEAD_BYTES = 8 * 1024
const DOCUMENT = ',"document":'

interface Generation {
  day: string
  keys: KeySet
}

export class Accepted {
  readonly #tree: Tree
  readonly #clock: Clock
  readonly #maxKeys: number
  /** Oldest first. */
  readonly #seen: Generation[] = []
  #today = ''

  constructor(tree: Tree, clock: Clock, maxKeys = GENERATION_KEYS) {
    this.#tree = tree
    this.#clock = clock
    this.#maxKeys = maxKeys
    for (const day of this.#days()) {
      const keys = new KeySet(maxKeys)
      for (const { key } of tree.index.newest(indexes.seen(day))) {
        if (keys.isFull) break
        keys.add(key)
      }
      if (keys.size > 0) this.#seen.push({ day, keys })
    }
    for (const text of tree.held.texts()) this.#mark(parseWaiting(text))
  }

  /** Whether this activity was accepted before. */
  isSeen(id: string): boolean {
    const key = hashId(id)
    return this.#seen.some(({ keys }) => keys.has(key))
  }

  /**
   * Stores the activity. Resolves when it is durable: answer 202 then.
   * @throws StoreUnavailable also when too many wait for their effect.
   */
  accept(activity: AcceptedActivity): Promise<void> {
    const { count, characters } = this.#tree.held
    if (count >= MAX_HELD.activities || characters >= MAX_HELD.characters) {
      throw new StoreUnavailable('too many activities wait for their effect')
    }
    const path = paths.inbox(hashId(activity.id))
    const text = JSON.stringify(documentLast(activity))
    const durable = this.#tree.commit([{ kind: 'hold', path, text, value: activity }])
    this.#mark(activity)
    return durable
  }

  /** The operation that ends it: commit it together with the effect. */
  finish(activity: AcceptedActivity): Op {
    return removeFile(paths.inbox(hashId(activity.id)))
  }

  /** The operation that gives it a file, to be tried again later. */
  postpone(activity: AcceptedActivity): Op {
    return putJson(paths.inbox(hashId(activity.id)), documentLast(activity))
  }

  /** The operations that put it aside for good, where the operator can look at it. */
  fail(activity: AcceptedActivity): Op[] {
    return [putJson(paths.failed(hashId(activity.id)), activity), this.finish(activity)]
  }

  /** An activity that waits for its effect; undefined when it has ended. */
  find(id: string): AcceptedActivity | undefined {
    const path = paths.inbox(hashId(id))
    const text = this.#tree.held.get(path)
    return text === undefined ? this.#tree.readOnce(path) : JSON.parse(text)
  }

  /** What still waits for its effect, in the order in which it came, without what was sent: see `find`. */
  pending(): Waiting[] {
    const files = this.#tree
      .list('inbox')
      .map((file) => this.#readWaiting(`inbox/${file}`))
      .filter((waiting) => waiting !== undefined)
    const held = this.#tree.held.texts().map(parseWaiting)
    return [...files, ...held].sort((a, b) => a.receivedAt - b.receivedAt)
  }

  #readWaiting(path: string): Waiting | undefined {
    const head = this.#tree.readStart(path, HEAD_BYTES)
    return parseHead(head ?? '') ?? this.#tree.readOnce<AcceptedActivity>(path)
  }

  failed(): AcceptedActivity[] {
    return this.#tree
      .list('failed')
      .map((file) => this.#tree.readOnce<AcceptedActivity>(`failed/${file}`))
      .filter((activity) => activity !== undefined)
  }

  /** Forgets days that no acceptable signature can carry any more. Cheap; call with the other housekeeping. */
  forget(): void {
    const days = this.#days()
    const today = days.at(-1) as string
    if (today === this.#today) return
    this.#today = today
    for (const { day } of [...this.#seen])
      if (!days.includes(day) && day < today) this.#seen.shift()
    for (const day of this.#tree.list('index/seen')) {
      if (!days.includes(day) && day < today) this.#tree.index.drop(indexes.seen(day))
    }
  }

  #mark(activity: Waiting): void {
    const key = hashId(activity.id)
    const day = dayOf(activity.receivedAt)
    if (this.#seen.some(({ keys }) => keys.has(key))) return
    let last = this.#seen.at(-1)
    if (!last || last.keys.isFull || last.day < day) {
      last = { day, keys: new KeySet(this.#maxKeys) }
      this.#seen.push(last)
      if (this.#seen.length > GENERATIONS) this.#seen.shift()
    }
    last.keys.add(key)
  }

  #days(): string[] {
    const now = this.#clock.now()
    return [dayOf(now - DAY_MS), dayOf(now)]
  }
}

/** So that the rest can be read without it. */
const documentLast = ({ document, ...waiting }: AcceptedActivity) => ({ ...waiting, document })

/** All but the document, from the beginning of a text; undefined when the rest does not stand there before it. */
function parseHead(text: string): Waiting | undefined {
  // Not within a string of the head: there a quotation mark has a backslash before it.
  const end = text.indexOf(DOCUMENT)
  const head = end < 0 ? undefined : (parseJson(`${text.slice(0, end)}}`) as Waiting | undefined)
  return head?.attempts === undefined ? undefined : head
}

const parseWaiting = (text: string): Waiting =>
  parseHead(text) ?? (JSON.parse(text) as AcceptedActivity)

/** The day of an instant, as the index of what was seen on it is called. */
export function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}
