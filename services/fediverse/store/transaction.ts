// What a transaction does to the indexes, found out before any of it is written.

import type { IndexRecord } from './index-file.ts'
import type { Cut, Op } from './segment.ts'

/** One entry that a file has in an index. */
export interface IndexEntry extends IndexRecord {
  index: string
}

/** Which index entries follow from a file. Pure; fsck and recovery use the same. */
export interface Derivation {
  /** Whether files of this path have index entries at all. */
  covers(path: string): boolean
  entries(path: string, value: unknown): IndexEntry[]
  /** The entries that follow from holding a value. They stay when it is done with. */
  held(path: string, value: unknown): IndexEntry[]
}

/** An operation and what it means for the indexes; what is done already is taken off. */
export interface Step {
  op: Op
  value: unknown
  cuts: IndexEntry[]
  adds: IndexEntry[]
  isWritten: boolean
}

const OP_PATH = /^(?!keys\/)[a-z]+(?:\/[A-Za-z0-9_-][A-Za-z0-9._-]*)+$/

/** The steps of a transaction; `read` gives the value of a file as it is now. */
export function plan(
  ops: readonly Op[],
  derive: Derivation,
  read: (path: string) => unknown,
): Step[] {
  const planned = new Map<string, unknown>()
  return ops.map((op) => {
    checkPath(op.path)
    const value = op.kind === 'del' ? undefined : (op.value ?? parseJson(op.text))
    const step: Step = { op, value, cuts: [], adds: [], isWritten: false }
    if (op.kind === 'hold') return { ...step, adds: derive.held(op.path, value) }
    if (!derive.covers(op.path)) return step
    const before = planned.has(op.path) ? planned.get(op.path) : read(op.path)
    planned.set(op.path, value)
    const old = before === undefined ? [] : derive.entries(op.path, before)
    const now = value === undefined ? [] : derive.entries(op.path, value)
    return { ...step, cuts: without(old, now), adds: without(now, old) }
  })
}

/** The operations as they go into the journal. */
export function withCuts(ops: readonly Op[], steps: readonly Step[]): readonly (Op | Cut)[] {
  const cuts = steps.flatMap(({ cuts }) => cuts)
  if (cuts.length === 0) return ops
  return [
    ...ops,
    ...cuts.map(({ index, key, at }): Cut => ({ kind: 'cut', path: index, text: `${key} ${at}` })),
  ]
}

/** The parsed text; undefined when it is damaged. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/**
 * Paths come from ids and names that were parsed before; a bad one is a bug, and must not leave the tree. Private keys
 * never go into the journal.
 */
function checkPath(path: string): void {
  if (!OP_PATH.test(path)) throw new TypeError(`not a path for a transaction: ${path}`)
}

const without = (entries: IndexEntry[], others: IndexEntry[]) =>
  entries.filter(
    (entry) =>
      !others.some(
        ({ index, key, at }) => index === entry.index && key === entry.key && at === entry.at,
      ),
  )
