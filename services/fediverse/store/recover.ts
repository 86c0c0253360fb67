// What happens before the tree is used, when it was not closed in this boot of the machine: a crash, a power cut, or a
// live copy that is started elsewhere. The journal is replayed into the files and the indexes are completed.

import { closeSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileAtomic } from '@fuchsbau/shared/atomic-file.ts'
import type { IndexRecord } from './index-file.ts'
import { paths } from './layout.ts'
import { bootId, treeIdentity } from './lock.ts'
import { readSegment, readText, type StoredOp, segmentNumbers, segmentPath } from './segment.ts'
import type { Derivation, IndexEntry, Tree } from './tree.ts'

export interface Recovery {
  /** Whether the tree had been closed in order, so that nothing was to do. */
  wasClean: boolean
  /** Whether every index was compared with all objects: after a copy, an upgrade, or when indexes were deleted. */
  wasReindexed: boolean
  /** Files written or removed from the journal. */
  restored: number
  /** Index entries added. */
  indexed: number
  /** Damaged journal lines passed over: the torn last line of a crash, or worse. */
  damaged: number
}

/** Where the last operation on a path lies. */
interface Last extends StoredOp {
  segment: Segment
  /** Whether nothing before it concerned this path. */
  isFirst: boolean
}

interface Segment {
  path: string
  descriptor: number
}

/** Index entries that are looked for at a time: bounds the memory, not the work. */
const BATCH = 20_000

/** Written at the end of an orderly close. A copy carried to another boot or machine does not count as clean. */
export function markClean(directory: string): void {
  const text = cleanText(directory)
  writeFileAtomic(join(directory, paths.cleanMarker), text, { mode: 0o600, isDurable: true })
}

const cleanText = (directory: string) => `${bootId()} ${treeIdentity(directory)}\n`

/** Replays the journal where it is needed. Call before anything is read; idempotent. */
export function recover(tree: Tree, derive: Derivation): Recovery {
  const recovery = { wasClean: false, wasReindexed: false, restored: 0, indexed: 0, damaged: 0 }
  if (takeCleanMarker(tree.directory)) return { ...recovery, wasClean: true }
  const wanted = new Wanted(tree)
  const segments = openSegments(join(tree.directory, paths.journal))
  try {
    const wantHeld = (path: string, text: string) => {
      for (const entry of derive.held(path, JSON.parse(text))) wanted.add(entry)
    }
    const { last, cuts } = findLast(segments, wantHeld, () => recovery.damaged++)
    for (const [path, op] of last) {
      const text = textOf(op)
      if (restore(tree, path, op, text)) recovery.restored++
      if (op.kind !== 'put' || text === undefined || !derive.covers(path)) continue
      for (const entry of derive.entries(path, JSON.parse(text))) {
        cuts.delete(`${entry.index} ${entry.key}`)
        wanted.add(entry)
      }
    }
    wanted.flush()
    removeCut(tree, cuts.values())
  } finally {
    for (const { descriptor } of segments) closeSync(descriptor)
  }
  return { ...recovery, indexed: wanted.missing }
}

function takeCleanMarker(directory: string): boolean {
  const marker = join(directory, paths.cleanMarker)
  if (!existsSync(marker)) return false
  const text = readFileSync(marker, 'utf8')
  rmSync(marker)
  return bootId() !== '' && text === cleanText(directory)
}

/** Opens every segment, oldest first. Close the descriptors. */
export function openSegments(directory: string): Segment[] {
  return segmentNumbers(directory).map((number) => {
    const path = segmentPath(directory, number)
    return { path, descriptor: openSync(path, 'r') }
  })
}

/** One pass over the journal: where each path was written last, and which index entries ended. */
export function findLast(
  segments: readonly Segment[],
  onHold: (path: string, text: string) => void,
  onDamage: () => void,
): { last: Map<string, Last>; cuts: Map<string, IndexEntry> } {
  const last = new Map<string, Last>()
  const cuts = new Map<string, IndexEntry>()
  const take = (segment: Segment, op: StoredOp) => {
    const text = op.kind === 'hold' || op.kind === 'cut' ? readText(segment.descriptor, op) : ''
    if (op.kind === 'cut') {
      const [key = '', at] = text.split(' ')
      cuts.set(`${op.path} ${key}`, { index: op.path, key, at: Number(at) })
      return
    }
    if (op.kind === 'hold') onHold(op.path, text)
    const before = last.get(op.path)
    last.delete(op.path)
    // What was only held had no file: nothing is left to do, and a busy journal is full of it.
    if (op.kind === 'del' && before?.kind === 'hold' && before.isFirst) return
    last.set(op.path, { ...op, segment, isFirst: before === undefined })
  }
  for (const segment of segments) {
    for (const { ops } of readSegment(segment.path)) {
      if (!ops) onDamage()
      for (const op of ops ?? []) take(segment, op)
    }
  }
  return { last, cuts }
}

/** The text that an operation leaves; undefined for a removal. */
export function textOf(op: Last): string | undefined {
  return op.kind === 'del' ? undefined : readText(op.segment.descriptor, op)
}

function restore(tree: Tree, path: string, op: StoredOp, text: string | undefined): boolean {
  const isHeld = op.kind === 'hold' && text !== undefined
  if (isHeld) tree.held.set(path, text)
  const there = tree.readText(path)
  if (there === (isHeld ? undefined : text)) return isHeld
  tree.restore(path, isHeld ? undefined : text)
  return true
}

/** Collects the entries that indexes must have, and adds those that they don't. */
class Wanted {
  readonly #tree: Tree
  #batch = new Map<string, Map<string, IndexRecord>>()
  #size = 0
  missing = 0

  constructor(tree: Tree) {
    this.#tree = tree
  }

  add({ index, key, at }: IndexEntry): void {
    const records = this.#batch.get(index) ?? new Map<string, IndexRecord>()
    this.#batch.set(index, records.set(key, { key, at }))
    if (++this.#size >= BATCH) this.flush()
  }

  flush(): void {
    for (const [index, records] of this.#batch) {
      const oldest = Math.min(...Array.from(records.values(), ({ at }) => at))
      for (const record of this.#tree.index.newest(index)) {
        // Times don't decrease and an entry is never older than what it stands for.
        if (records.size === 0 || record.at < oldest) break
        records.delete(record.key)
      }
      if (records.size === 0) continue
      const missing = [...records.values()].sort((a, b) => a.at - b.at)
      this.#tree.index.merge(index, missing, new Set())
      this.missing += missing.length
    }
    this.#batch = new Map()
    this.#size = 0
  }
}

/** Takes entries out whose end was journalled but did not reach the index. */
function removeCut(tree: Tree, cuts: Iterable<IndexEntry>): void {
  for (const [index, entries] of Map.groupBy(cuts, (entry) => entry.index)) {
    const oldest = entries.reduce((least, { at }) => Math.min(least, at), Number.POSITIVE_INFINITY)
    const gone = new Set(entries.map(({ key }) => key))
    const stale = new Set<string>()
    for (const record of tree.index.newest(index)) {
      if (record.at < oldest) break
      if (gone.has(record.key)) stale.add(record.key)
    }
    if (stale.size > 0) tree.index.merge(index, [], stale)
  }
}
