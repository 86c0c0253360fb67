// Compares the index files with what follows from the stored files, and rebuilds those that differ. In bounded memory:
// what should be and what is are sorted into each other on disk.

import { join } from 'node:path'
import { sourceOf } from './derive.ts'
import { inspectIndex } from './index-inspect.ts'
import { isUnderivedIndex, paths } from './layout.ts'
import { Sorter } from './sorter.ts'
import type { Derivation, IndexEntry, Tree } from './tree.ts'

export type IndexProblem =
  | 'missing entry'
  | 'dangling entry'
  | 'duplicate entry'
  | 'entries out of order'
  | 'torn index'
  | 'damaged record'
  | 'wrong count'

export type OnIndexProblem = (kind: IndexProblem, index: string, key?: string) => void

const TURN = 1_000
const EXPECTED = '0'
const ACTUAL = '1'

/** All the steps are generators that stop from time to time, so that a server can do other work meanwhile. */
export class IndexAudit {
  readonly #tree: Tree
  readonly #derive: Derivation
  readonly #report: OnIndexProblem
  readonly #entries: Sorter
  /** Indexes to be rebuilt. */
  readonly broken = new Set<string>()
  /** Entries compared. */
  count = 0

  constructor(tree: Tree, derive: Derivation, report: OnIndexProblem = () => {}) {
    this.#tree = tree
    this.#derive = derive
    this.#entries = new Sorter(join(tree.directory, paths.scratch))
    this.#report = (kind, index, key) => {
      this.broken.add(index)
      report(kind, index, key)
    }
  }

  /** Notes the entries that follow from a file. */
  expect(path: string, value: unknown): void {
    if (!this.#derive.covers(path)) return
    for (const { index, key, at } of this.#derive.entries(path, value)) {
      this.#entries.add(`${index}\t${key}\t${EXPECTED}\t${at}`)
    }
  }

  /** Notes the entries that the index files have. */
  *readIndexes(): Generator<void> {
    let lines = 0
    for (const index of this.#tree.index.names()) {
      const file = join(this.#tree.directory, paths.index(index))
      for (const problem of inspectIndex(file)) {
        if (problem) this.#report(problem, index)
        yield
      }
      if (isUnderivedIndex(index)) continue
      for (const { key, at } of this.#tree.index.oldest(index)) {
        this.#entries.add(`${index}\t${key}\t${ACTUAL}\t${at}`)
        if (++lines % TURN === 0) yield
      }
    }
  }

  /** Finds what differs; `changed` says which files changed since the audit began: their entries are right. */
  *compare(changed: ReadonlySet<string>): Generator<void> {
    for (const { index, key, expectedAt, actualAt } of this.#groups()) {
      if (++this.count % TURN === 0) yield
      if (changed.has(sourceOf(index, key))) continue
      if (expectedAt === undefined) this.#report('dangling entry', index, key)
      else if (actualAt.length === 0) this.#report('missing entry', index, key)
      if (actualAt.length > 1) this.#report('duplicate entry', index, key)
    }
  }

  /** Rebuilds the broken indexes, each whole and then renamed. */
  *repair(changed: ReadonlySet<string>): Generator<void> {
    const inOrder = new Sorter(join(this.#tree.directory, paths.scratch))
    try {
      let lines = 0
      for (const { index, key, expectedAt, actualAt } of this.#groups()) {
        if (++lines % TURN === 0) yield
        if (expectedAt === undefined || !this.broken.has(index)) continue
        // An entry that came late keeps its place.
        const at = Math.max(expectedAt, actualAt[0] ?? 0)
        inOrder.add(`${index}\t${String(at).padStart(16, '0')}\t${key}`)
      }
      const left = new Set(this.broken)
      for (const { index, entries } of byIndex(inOrder.sorted())) {
        left.delete(index)
        this.#rewrite(index, entries, changed)
        yield
      }
      for (const index of left) {
        if (isUnderivedIndex(index)) this.#tree.index.rewrite(index, this.#tree.index.oldest(index))
        else this.#rewrite(index, [], changed)
        yield
      }
    } finally {
      inOrder.close()
    }
  }

  close(): void {
    this.#entries.close()
  }

  /** Without a pause: nothing may change between reading what changed and the renaming. */
  #rewrite(index: string, found: Iterable<IndexEntry>, changed: ReadonlySet<string>): void {
    const current: IndexEntry[] = []
    for (const path of changed) {
      const value = this.#derive.covers(path) ? this.#tree.read(path) : undefined
      if (value === undefined) continue
      current.push(...this.#derive.entries(path, value).filter((entry) => entry.index === index))
    }
    current.sort((a, b) => a.at - b.at)
    const unchanged = function* () {
      for (const entry of found) if (!changed.has(sourceOf(index, entry.key))) yield entry
      // Changed while the audit ran, so newest; a time that is older than the file's end is raised to it.
      yield* current
    }
    this.#tree.index.rewrite(index, unchanged())
  }

  *#groups(): Generator<{ index: string; key: string; expectedAt?: number; actualAt: number[] }> {
    let group: { index: string; key: string; expectedAt?: number; actualAt: number[] } | undefined
    for (const line of this.#entries.sorted()) {
      const [index = '', key = '', tag, at] = line.split('\t')
      if (group?.index !== index || group.key !== key) {
        if (group) yield group
        group = { index, key, actualAt: [] }
      }
      if (tag === EXPECTED) group.expectedAt = Number(at)
      else group.actualAt.push(Number(at))
    }
    if (group) yield group
  }
}

/** Lines of `index, time, key`, grouped by index; each group must be read before the next. */
function* byIndex(
  lines: Generator<string>,
): Generator<{ index: string; entries: Iterable<IndexEntry> }> {
  const parse = (line: string): IndexEntry => {
    const [index = '', at, key = ''] = line.split('\t')
    return { index, key, at: Number(at) }
  }
  let next = lines.next()
  while (!next.done) {
    const { index } = parse(next.value)
    const entries = function* () {
      for (; !next.done; next = lines.next()) {
        const entry = parse(next.value)
        if (entry.index !== index) return
        yield entry
      }
    }
    yield { index, entries: entries() }
  }
}

/** Compares and rebuilds all indexes at once, without a pause. Returns how many were rebuilt. */
export function reindex(tree: Tree, derive: Derivation): number {
  const audit = new IndexAudit(tree, derive)
  const run = (steps: Generator<void>) => {
    while (!steps.next().done);
  }
  try {
    for (const path of coveredFiles(tree)) {
      const value = tree.readOnce(path)
      if (value !== undefined) audit.expect(path, value)
    }
    run(audit.readIndexes())
    run(audit.compare(new Set()))
    run(audit.repair(new Set()))
    return audit.broken.size
  } finally {
    audit.close()
  }
}

function* coveredFiles(tree: Tree): Generator<string> {
  for (const folder of tree.list('objects')) {
    for (const file of tree.list(`objects/${folder}`)) yield `objects/${folder}/${file}`
  }
  for (const user of tree.list('users')) {
    if (user.endsWith('.json')) continue
    for (const kind of tree.list(`users/${user}`)) {
      for (const file of tree.list(`users/${user}/${kind}`)) yield `users/${user}/${kind}/${file}`
    }
  }
}
