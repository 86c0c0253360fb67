// Targets and sources are many times the same: messages refer to them by number, and the numbers are remembered.

import type { Turn } from '@fuchsbau/shared/database/turn.ts'
import { RecentMap } from './recent.ts'

/** What a message's target is in memory: what was added to it is written with the next commit. */
export interface InternedTarget {
  readonly id: number
  readonly foldedTarget: string
  /** As last written by somebody. */
  name: string
  addedRows: number
  addedBytes: number
}

const TARGETS = 4096
const SOURCES = 16_384

export class Interned {
  readonly #targets = new RecentMap<string, InternedTarget>(TARGETS)
  readonly #sources = new RecentMap<string, number>(SOURCES)
  readonly #dirty = new Set<InternedTarget>()
  readonly #findTarget
  readonly #addTarget
  readonly #renameTarget
  readonly #targetsOf
  readonly #refoldTarget
  readonly #addToTarget
  readonly #findSource
  readonly #addSource

  constructor(turn: Turn) {
    this.#findTarget = turn.reading<[number, string], { id: number; name: string }>(
      'SELECT id, name FROM targets WHERE network_id = ? AND folded = ?',
    )
    this.#addTarget = turn.writing<[number, string, string]>(
      'INSERT INTO targets (network_id, folded, name) VALUES (?, ?, ?)',
    )
    this.#renameTarget = turn.writing<[string, number]>('UPDATE targets SET name = ? WHERE id = ?')
    this.#targetsOf = turn.reading<[number], { id: number; folded: string; name: string }>(
      'SELECT id, folded, name FROM targets WHERE network_id = ?',
    )
    this.#refoldTarget = turn.writing<[string, number]>(
      'UPDATE OR IGNORE targets SET folded = ? WHERE id = ?',
    )
    this.#addToTarget = turn.writing<[number, number, number]>(
      'UPDATE targets SET row_count = row_count + ?, byte_count = byte_count + ? WHERE id = ?',
    )
    this.#findSource = turn.reading<[number, string], { id: number }>(
      'SELECT id FROM sources WHERE network_id = ? AND source = ?',
    )
    this.#addSource = turn.writing<[number, string]>(
      'INSERT INTO sources (network_id, source) VALUES (?, ?)',
    )
    turn.hook({ beforeCommit: () => this.flush(), afterRollback: () => this.forget() })
  }

  /** The target of a message that is about to be stored; made when it is new. */
  target(networkId: number, foldedTarget: string, name: string): InternedTarget {
    const target = this.knownTarget(networkId, foldedTarget)
    if (!target) {
      const { id } = this.#addTarget.run(networkId, foldedTarget, name)
      const made = { id, foldedTarget, name, addedRows: 0, addedBytes: 0 }
      this.#targets.set(`${networkId} ${foldedTarget}`, made)
      return made
    }
    if (target.name !== name) {
      this.#renameTarget.run(name, target.id)
      target.name = name
    }
    return target
  }

  /** The target, if anything was ever stored in it. */
  knownTarget(networkId: number, foldedTarget: string): InternedTarget | undefined {
    const key = `${networkId} ${foldedTarget}`
    const known = this.#targets.get(key)
    if (known) return known
    const row = this.#findTarget.get(networkId, foldedTarget)
    if (!row) return
    const target = { ...row, foldedTarget, addedRows: 0, addedBytes: 0 }
    this.#targets.set(key, target)
    return target
  }

  /**
   * Folds the names of a network's targets anew; returns what they were and are. One whose new name is another's keeps its
   * old one: nothing finds it then, but it is there when the network goes back.
   */
  refold(networkId: number, fold: (name: string) => string): { from: string; to: string }[] {
    this.flush()
    const changed: { from: string; to: string }[] = []
    for (const { id, folded: from, name } of this.#targetsOf.all(networkId)) {
      const to = fold(name)
      if (to !== from && this.#refoldTarget.run(to, id).changes > 0) changed.push({ from, to })
    }
    this.forget()
    return changed
  }

  source(networkId: number, source: string): number {
    const key = `${networkId} ${source}`
    const known = this.#sources.get(key)
    if (known !== undefined) return known
    const id =
      this.#findSource.get(networkId, source)?.id ?? this.#addSource.run(networkId, source).id
    this.#sources.set(key, id)
    return id
  }

  noteAdded(target: InternedTarget, bytes: number): void {
    target.addedRows++
    target.addedBytes += bytes
    this.#dirty.add(target)
  }

  /** Writes what was added since. */
  flush(): void {
    for (const target of this.#dirty) {
      this.#addToTarget.run(target.addedRows, target.addedBytes, target.id)
      target.addedRows = 0
      target.addedBytes = 0
    }
    this.#dirty.clear()
  }

  /** Forgets all numbers: rows may be gone. What was added must be flushed before, unless it was rolled back. */
  forget(): void {
    this.#targets.clear()
    this.#sources.clear()
    this.#dirty.clear()
  }
}
