// What happens before the tree is used, when it was not closed in this boot of the machine: a crash, a power cut, or a
// live copy that is started elsewhere. The journal is replayed into the files and the indexes are completed.

import { closeSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileAtomic } from '@fuchsbau/shared/atomic-file.ts'
import { IndexMending } from './index-mending.ts'
import { paths } from './layout.ts'
import { bootId, treeIdentity } from './lock.ts'
import { readSegment, readText, type StoredOp, segmentNumbers, segmentPath } from './segment.ts'
import type { Derivation, IndexEntry, Tree } from './tree.ts'

export interface Recovery {
  /** Whether the tree had been closed in order, so that nothing was to do. */
  wasClean: boolean
  /** Whether every index was compared with all objects: after a power cut, a copy, an upgrade, or when some were deleted. */
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
  const mending = new IndexMending(tree.index)
  const segments = openSegments(join(tree.directory, paths.journal))
  try {
    const wantHeld = (path: string, text: string) => {
      for (const entry of derive.held(path, JSON.parse(text))) mending.want(entry)
    }
    const { last, cuts } = findLast(segments, wantHeld, () => recovery.damaged++)
    for (const [path, op] of last) {
      const text = textOf(op)
      if (restore(tree, path, op, text)) recovery.restored++
      if (op.kind !== 'put' || text === undefined || !derive.covers(path)) continue
      for (const entry of derive.entries(path, JSON.parse(text))) {
        const id = `${entry.index} ${entry.key}`
        mending.want(entry, cuts.get(id)?.at)
        cuts.delete(id)
      }
    }
    for (const cut of cuts.values()) mending.end(cut)
    mending.flush()
  } finally {
    for (const { descriptor } of segments) closeSync(descriptor)
  }
  return { ...recovery, indexed: mending.added }
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
  if (isHeld) tree.hold(path, text)
  const there = tree.readText(path)
  if (there === (isHeld ? undefined : text)) return isHeld
  tree.restore(path, isHeld ? undefined : text)
  return true
}
