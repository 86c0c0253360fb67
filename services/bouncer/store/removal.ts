// Deleting history in batches, with the search index and the counts of each target. Nothing here takes long: whoever
// has much to delete calls again in another turn. To be called with an owned network's id.

import type { Reading, Turn } from '@fuchsbau/shared/database/turn.ts'
import type { Interned } from './interned.ts'
import { BYTES_OF_ROW } from './message-row.ts'
import type { SearchIndex } from './search-index.ts'

/** Whose history is meant: a conversation, or all of a network. */
export interface Scope {
  networkId: number
  foldedTarget?: string
}

/** What is kept: younger than so, the newest so many, the newest that take no more than so much. */
export interface Keep {
  /** Time, ms: older ones go. */
  after?: number
  rows?: number
  /** As counted by `sizes`. */
  bytes?: number
}

/** Deleting so many rows takes about 5 ms. */
export const MOST_REMOVED = 125

interface Doomed {
  id: number
  targetId: number
  time: number
  bytes: number
}

/** A conversation of which the oldest rows are read. */
interface Source {
  id: number
  /** Time of its next row; Infinity: there is none. */
  next: number
  /** Rows that were read, and those of them that were not taken yet. */
  read: number
  rows: Doomed[]
}

const SELECT = `SELECT m.id, m.target_id AS targetId, m.time, ${BYTES_OF_ROW} AS bytes FROM messages m`

export class Removal {
  readonly #interned: Interned
  readonly #index: SearchIndex
  readonly #turn: Turn
  readonly #oldestOf
  readonly #targets
  readonly #olderOf
  readonly #older
  readonly #sizeOf
  readonly #size
  readonly #remove
  readonly #subtract
  readonly #orphan
  readonly #detached
  readonly #forgetTarget
  #mayHaveDetached = true

  constructor(turn: Turn, interned: Interned, index: SearchIndex) {
    this.#turn = turn
    this.#interned = interned
    this.#index = index
    const pick = (condition: string): Reading<[number, number, number], Doomed> =>
      turn.reading<[number, number, number], Doomed>(`${SELECT} WHERE ${condition} LIMIT ?`)
    this.#oldestOf = turn.reading<[number, number, number], Doomed>(
      `${SELECT} WHERE m.target_id = ? ORDER BY m.time, m.id LIMIT ? OFFSET ?`,
    )
    this.#targets = turn.reading<[number], { id: number; next: number | null }>(
      `SELECT id, (SELECT min(time) FROM messages WHERE target_id = targets.id) AS next
       FROM targets WHERE network_id = ? AND row_count > 0`,
    )
    this.#olderOf = pick('m.target_id = ? AND m.time <= ?')
    this.#older = pick(
      'm.target_id IN (SELECT id FROM targets WHERE network_id = ?) AND m.time <= ?',
    )
    const size = 'SELECT sum(row_count) AS rows, sum(byte_count) AS bytes FROM targets WHERE'
    this.#sizeOf = turn.reading<[number], { rows: number; bytes: number }>(`${size} id = ?`)
    this.#size = turn.reading<[number], { rows: number; bytes: number }>(`${size} network_id = ?`)
    this.#remove = turn.writing<[number]>('DELETE FROM messages WHERE id = ?')
    this.#subtract = turn.writing<[number, number, number]>(
      'UPDATE targets SET row_count = row_count - ?, byte_count = byte_count - ? WHERE id = ?',
    )
    this.#orphan = turn.writing<[number]>('UPDATE targets SET network_id = NULL WHERE id = ?')
    this.#detached = turn.reading<[], { id: number }>(
      'SELECT id FROM targets WHERE network_id IS NULL LIMIT 1',
    )
    this.#forgetTarget = turn.writing<[number]>('DELETE FROM targets WHERE id = ?')
  }

  /**
   * Deletes what is not to be kept, oldest first, at most 125 rows. Returns how many: call again, in another turn, until
   * that is 0.
   */
  trim(scope: Scope, keep: Keep): number {
    this.#interned.flush()
    const isWhole = scope.foldedTarget === undefined
    const id = isWhole ? scope.networkId : this.#targetId(scope)
    if (id === undefined) return 0
    if (keep.after !== undefined) {
      const old = (isWhole ? this.#older : this.#olderOf).all(id, keep.after, MOST_REMOVED)
      if (old.length > 0) return this.#removeAll(old)
    }
    const { rows, bytes } = (isWhole ? this.#size : this.#sizeOf).get(id) ?? { rows: 0, bytes: 0 }
    const tooMany = keep.rows === undefined ? 0 : rows - keep.rows
    const tooMuch = keep.bytes === undefined ? 0 : bytes - keep.bytes
    if (tooMany <= 0 && tooMuch <= 0) return 0
    let freed = 0
    const oldest = isWhole ? this.#oldestIn([id]) : this.#oldestOf.all(id, MOST_REMOVED, 0)
    return this.#removeAll(
      oldest.filter((row, index) => {
        const isDoomed = index < tooMany || freed < tooMuch
        freed += row.bytes
        return isDoomed
      }),
    )
  }

  /** Of all these networks together keeps the newest lines, so many. Else as `trim`. */
  trimAll(networkIds: readonly number[], rows: number): number {
    const tooMany = Math.min(MOST_REMOVED, this.count(networkIds) - rows)
    return tooMany > 0 ? this.#removeAll(this.#oldestIn(networkIds, tooMany)) : 0
  }

  /** Lines of these networks. */
  count(networkIds: readonly number[]): number {
    this.#interned.flush()
    return networkIds.reduce((sum, id) => sum + (this.#size.get(id)?.rows ?? 0), 0)
  }

  /**
   * The oldest lines of networks, whatever order they were stored in (an import brings old ones late). Of each
   * conversation the index tells the oldest time; rows are read of those whose turn comes.
   */
  #oldestIn(networkIds: readonly number[], most = MOST_REMOVED): Doomed[] {
    const sources = networkIds
      .flatMap((id) => this.#targets.all(id))
      .map(({ id, next }): Source => ({ id, next: next ?? Infinity, read: 0, rows: [] }))
    const oldest: Doomed[] = []
    while (oldest.length < most) {
      let first = sources[0]
      for (const source of sources) if (source.next < (first?.next ?? Infinity)) first = source
      if (!first || first.next === Infinity) break
      if (first.rows.length === 0) this.#read(first)
      oldest.push(...first.rows.splice(0, 1))
      if (first.rows.length === 0) this.#read(first)
      first.next = first.rows[0]?.time ?? Infinity
    }
    return oldest
  }

  /** The next rows: two at first, then more and more, since it may be the only one. */
  #read(source: Source): void {
    source.rows = this.#oldestOf.all(source.id, source.read + 2, source.read)
    source.read += source.rows.length
  }

  /**
   * Deletes a conversation, or all of a network's: nothing finds it from now on, the rows are swept away in the
   * background. What is said there later begins a new history.
   */
  forget(scope: Scope & { foldedTarget: string }): boolean {
    const id = this.#targetId(scope)
    if (id === undefined) return false
    this.#interned.flush()
    this.#orphan.run(id)
    this.#interned.forget()
    this.#mayHaveDetached = true
    return true
  }

  /** To be called when networks were removed. */
  noteDetached(): void {
    this.#interned.flush()
    this.#interned.forget()
    this.#mayHaveDetached = true
  }

  /** Whether `step` has something to do. */
  get isBehind(): boolean {
    return this.#mayHaveDetached
  }

  /** Deletes some rows of conversations that were deleted. */
  step(): void {
    const target = this.#detached.get()
    if (!target) {
      this.#mayHaveDetached = false
      return
    }
    const rows = this.#oldestOf.all(target.id, MOST_REMOVED, 0)
    if (rows.length > 0) this.#removeAll(rows)
    else this.#forgetTarget.run(target.id)
  }

  #targetId({ networkId, foldedTarget }: Scope): number | undefined {
    return this.#interned.knownTarget(networkId, foldedTarget ?? '')?.id
  }

  #removeAll(doomed: readonly Doomed[]): number {
    const sums = new Map<number, { rows: number; bytes: number }>()
    this.#turn.write(() => {
      for (const { id, targetId, bytes } of doomed) {
        this.#index.remove(id)
        this.#remove.run(id)
        const sum = sums.get(targetId) ?? { rows: 0, bytes: 0 }
        sums.set(targetId, { rows: sum.rows + 1, bytes: sum.bytes + bytes })
      }
      for (const [id, { rows, bytes }] of sums) this.#subtract.run(rows, bytes, id)
    })
    return doomed.length
  }
}
