// What happens before the tree is used, when it was not closed in this boot of the machine: a crash, a power cut, or a
// live copy that is started elsewhere. The journal is replayed into the files and the indexes are completed.

import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileAtomic } from '@fuchsbau/shared/atomic-file.ts'
import { type AcceptedActivity, seenEntry } from './accepted.ts'
import { type Op, readJournal } from './journal.ts'
import { paths } from './layout.ts'
import { bootId } from './lock.ts'
import type { Derivation, IndexEntry, Tree } from './tree.ts'

export interface Recovery {
  /** Whether the tree had been closed in order, so that nothing was to do. */
  wasClean: boolean
  /** Files written or removed from the journal. */
  restored: number
  /** Index entries added. */
  indexed: number
  /** Damaged journal lines passed over: the torn last line of a crash, or worse. */
  damaged: number
}

/** Written at the end of an orderly close. A copy carried to another boot or machine does not count as clean. */
export function markClean(directory: string): void {
  writeFileAtomic(join(directory, paths.cleanMarker), bootId(), { mode: 0o600, isDurable: true })
}

/** Replays the journal where it is needed. Call before anything is read; idempotent. */
export function recover(tree: Tree, derive: Derivation): Recovery {
  if (takeCleanMarker(join(tree.directory, paths.cleanMarker))) {
    return { wasClean: true, restored: 0, indexed: 0, damaged: 0 }
  }
  let damaged = 0
  const last = new Map<string, Op>()
  const wanted = new Map<string, IndexEntry>()
  const obsolete = new Map<string, IndexEntry>()
  const entriesOf = (op: Op | undefined) =>
    op?.kind === 'put' && derive.covers(op.path) ? derive.entries(op.path, JSON.parse(op.text)) : []
  for (const ops of readJournal(join(tree.directory, paths.journal), () => damaged++)) {
    for (const op of ops) {
      for (const entry of entriesOf(last.get(op.path)))
        obsolete.set(`${entry.index} ${entry.key}`, entry)
      last.set(op.path, op)
      if (op.kind === 'hold') {
        const entry = seenEntry(JSON.parse(op.text) as AcceptedActivity)
        wanted.set(`${entry.index} ${entry.key}`, entry)
      }
    }
  }
  let restored = 0
  for (const op of last.values()) {
    if (restore(tree, op)) restored++
    for (const entry of entriesOf(op)) wanted.set(`${entry.index} ${entry.key}`, entry)
  }
  for (const id of wanted.keys()) obsolete.delete(id)
  const indexed = mendIndexes(tree, [...wanted.values()], [...obsolete.values()])
  return { wasClean: false, restored, indexed, damaged }
}

function takeCleanMarker(marker: string): boolean {
  if (!existsSync(marker)) return false
  const boot = readFileSync(marker, 'utf8')
  rmSync(marker)
  return boot !== '' && boot === bootId()
}

function restore(tree: Tree, op: Op): boolean {
  if (op.kind === 'hold') {
    tree.held.set(op.path, op.text)
    return true
  }
  const text = op.kind === 'put' ? op.text : undefined
  if (tree.readText(op.path) === text) return false
  tree.restore(op.path, text)
  return true
}

/** Entries are written in order of time, give or take the time for which an activity waits for its effect. */
const DISORDER_MS = 3_600_000

function mendIndexes(tree: Tree, wanted: IndexEntry[], obsolete: IndexEntry[]): number {
  let mended = 0
  const wantedBy = Map.groupBy(wanted, (entry) => entry.index)
  const obsoleteBy = Map.groupBy(obsolete, (entry) => entry.index)
  for (const index of new Set([...wantedBy.keys(), ...obsoleteBy.keys()])) {
    const add = wantedBy.get(index) ?? []
    const gone = obsoleteBy.get(index) ?? []
    const drop = new Set(gone.map((entry) => entry.key))
    const missing = new Map(add.map((entry) => [entry.key, entry]))
    const oldest = Math.min(...[...add, ...gone].map((entry) => entry.at)) - DISORDER_MS
    let isStale = false
    for (const record of tree.index.newest(index)) {
      missing.delete(record.key)
      isStale ||= drop.has(record.key)
      if (record.at < oldest) break
    }
    if (missing.size === 0 && !isStale) continue
    const kept = tree.index.all(index).filter((record) => !drop.has(record.key))
    tree.index.rewrite(index, [...kept, ...missing.values()])
    mended += missing.size
  }
  return mended
}
