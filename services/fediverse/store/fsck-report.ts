// What a check found, and how it is said to the operator.

import type { Recovery } from './recover.ts'
import type { IndexProblem } from './reindex.ts'

export type ProblemKind =
  | IndexProblem
  | 'bad JSON'
  | 'wrong content'
  | 'leftover'
  | 'delivery without body'
  | 'body without deliveries'
  | 'user without keys'
  | 'keys readable by others'
  | 'damaged journal line'
  | 'unknown file'

export interface Problem {
  kind: ProblemKind
  /** Below the data directory. */
  path: string
  detail?: string
}

export interface FsckReport {
  files: number
  indexEntries: number
  /** How many there are of each kind. */
  counts: Partial<Record<ProblemKind, number>>
  /** The first of them, at most MAX_PROBLEMS. */
  problems: Problem[]
  /** Indexes rebuilt, and files moved aside, removed or given their mode. */
  repaired: number
  /** Nothing was found, or all that was found is repaired. */
  isSound: boolean
  /** The same in words, for the operator. */
  lines: string[]
}

/** What opening the tree has mended already. */
export function describeRecovery({
  wasClean,
  wasReindexed,
  restored,
  indexed,
}: Recovery): string[] {
  const lines: string[] = []
  if (!wasClean) lines.push(`not closed in order: ${restored} files restored from the journal`)
  if (wasReindexed || indexed > 0) lines.push(`${indexed} indexes or index entries completed`)
  return lines
}

/** The report as lines: what was looked at, each problem, and the conclusion. */
export function describe({
  files,
  indexEntries,
  counts,
  problems,
  repaired,
  isSound,
}: FsckReport): string[] {
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0)
  return [
    `${files} files and ${indexEntries} index entries checked`,
    ...problems.map(({ kind, path, detail }) => `${kind}: ${path}${detail ? ` (${detail})` : ''}`),
    ...(total > problems.length ? [`… and ${total - problems.length} more`] : []),
    ...Object.entries(counts).map(([kind, count]) => `${kind}: ${count}`),
    ...(repaired > 0 ? [`${repaired} files and indexes repaired`] : []),
    isSound ? 'The tree is sound.' : 'The tree needs attention; --repair mends what can be mended.',
  ]
}
