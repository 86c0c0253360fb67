// Accepted inbox activities: in the journal before the 202, held in memory until their effect is stored, given a
// file only when they must wait. Also remembers for two days which activities were seen, so that a replay does nothing.

import type { Clock } from '@fuchsbau/shared/clock.ts'
import type { Op } from './journal.ts'
import { hashId, indexes, paths } from './layout.ts'
import { type IndexEntry, putJson, removeFile, type Tree } from './tree.ts'

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

const DAY_MS = 86_400_000

export class Accepted {
  readonly #tree: Tree
  readonly #clock: Clock
  /** Day → keys. Today and yesterday; a signature's date can't be older. */
  readonly #seen = new Map<string, Set<string>>()

  constructor(tree: Tree, clock: Clock) {
    this.#tree = tree
    this.#clock = clock
    for (const day of this.#days()) {
      const keys = new Set<string>()
      for (const { key } of tree.index.newest(indexes.seen(day))) keys.add(key)
      this.#seen.set(day, keys)
    }
    for (const text of tree.held.values()) this.#mark(JSON.parse(text) as AcceptedActivity)
  }

  /** Whether this activity was accepted before (within the last two days at least). */
  isSeen(id: string): boolean {
    const key = hashId(id)
    for (const keys of this.#seen.values()) if (keys.has(key)) return true
    return false
  }

  /** Stores the activity. Resolves when it is durable: answer 202 then. */
  accept(activity: AcceptedActivity): Promise<void> {
    const path = paths.inbox(hashId(activity.id))
    const durable = this.#tree.commit([{ kind: 'hold', path, text: JSON.stringify(activity) }])
    this.#mark(activity)
    return durable
  }

  /** The operation that ends it: commit it together with the effect. */
  finish(activity: AcceptedActivity): Op {
    return removeFile(paths.inbox(hashId(activity.id)))
  }

  /** The operation that gives it a file, to be tried again later. */
  postpone(activity: AcceptedActivity): Op {
    return putJson(paths.inbox(hashId(activity.id)), activity)
  }

  /** The operations that put it aside for good, where the operator can look at it. */
  fail(activity: AcceptedActivity): Op[] {
    return [putJson(paths.failed(hashId(activity.id)), activity), this.finish(activity)]
  }

  /** What still waits for its effect: read at start. */
  pending(): AcceptedActivity[] {
    const files = this.#tree
      .list('inbox')
      .map((file) => this.#tree.read<AcceptedActivity>(`inbox/${file}`))
      .filter((activity) => activity !== undefined)
    const held = [...this.#tree.held.values()].map((text) => JSON.parse(text) as AcceptedActivity)
    return [...files, ...held].sort((a, b) => a.receivedAt - b.receivedAt)
  }

  failed(): AcceptedActivity[] {
    return this.#tree
      .list('failed')
      .map((file) => this.#tree.read<AcceptedActivity>(`failed/${file}`))
      .filter((activity) => activity !== undefined)
  }

  /** Forgets days that no acceptable signature can carry any more. Call daily. */
  forget(): void {
    const keep = new Set(this.#days())
    for (const day of [...this.#seen.keys()]) if (!keep.has(day)) this.#seen.delete(day)
    for (const day of this.#tree.list('index/seen')) {
      if (!keep.has(day)) this.#tree.index.drop(indexes.seen(day))
    }
  }

  #mark(activity: AcceptedActivity): void {
    const { index, key, at } = seenEntry(activity)
    const day = dayOf(at)
    let keys = this.#seen.get(day)
    if (!keys) {
      keys = new Set()
      this.#seen.set(day, keys)
    }
    if (keys.has(key)) return
    keys.add(key)
    this.#tree.index.append(index, { key, at })
  }

  #days(): string[] {
    const now = this.#clock.now()
    return [dayOf(now - DAY_MS), dayOf(now)]
  }
}

/** The entry by which an accepted activity is remembered. */
export function seenEntry({ id, receivedAt: at }: AcceptedActivity): IndexEntry {
  return { index: indexes.seen(dayOf(at)), key: hashId(id), at }
}

const dayOf = (at: number) => new Date(at).toISOString().slice(0, 10)
