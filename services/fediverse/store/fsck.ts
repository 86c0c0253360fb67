// Checks a tree: every file for itself, what files say of each other, and every index against the files. Works in
// bounded memory and in small steps, so that a running server can check its own tree.

import { chmodSync, existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { isTemporary } from '@fuchsbau/shared/atomic-file.ts'
import { type Clock, systemClock } from '@fuchsbau/shared/clock.ts'
import { derivation } from './derive.ts'
import { CHECKED_FOLDERS, checkFile } from './fsck-files.ts'
import { describe, describeRecovery, type FsckReport, type ProblemKind } from './fsck-report.ts'
import { LAYOUT, paths } from './layout.ts'
import type { Delivery } from './queue.ts'
import { IndexAudit } from './reindex.ts'
import { readSegment, segmentNumbers, segmentPath } from './segment.ts'
import { openStore, type Store } from './store.ts'
import type { Tree } from './tree.ts'

type Phase = 'files' | 'indexes' | 'comparing' | 'repairing'

export interface FsckOptions {
  repair?: boolean
  /** Called about every second. Files in the first phase, steps in the others. */
  onProgress?(done: number, phase: Phase): void
  /** For a directory. Default: the system's. */
  clock?: Clock
}

/** Problems that are told one by one. */
export const MAX_PROBLEMS = 1_000
/** What does no harm: told, not counted against the tree. A copy of a live tree may have leftovers. */
const NOTES: ReadonlySet<ProblemKind> = new Set([
  'unknown file',
  'damaged journal line',
  'leftover',
])
const TURN = 100
const TELL_MS = 1_000

/**
 * Checks a closed tree, given its directory (it is opened first, which replays the journal as any start does), or that
 * of a running server. With `repair` it rebuilds the indexes that differ, moves damaged files below damaged/ and removes
 * leftovers.
 * @throws StoreLocked when another process has the directory, LayoutError when it is not ours.
 */
export async function fsck(target: string | Store, options: FsckOptions = {}): Promise<FsckReport> {
  if (typeof target !== 'string') return new Fsck(target, options, false).run()
  const store = openStore({ directory: target, clock: options.clock ?? systemClock() })
  try {
    return await new Fsck(store, options, true).run()
  } finally {
    await store.close()
  }
}

class Fsck {
  readonly #store: Store
  readonly #tree: Tree
  readonly #options: FsckOptions
  /** Whether nobody else works on the tree. */
  readonly #isClosed: boolean
  readonly #audit: IndexAudit
  readonly #report: FsckReport = {
    files: 0,
    indexEntries: 0,
    counts: {},
    problems: [],
    repaired: 0,
    isSound: true,
    lines: [],
  }
  /** What was written while the check ran: right by construction, so nothing is said about it. */
  readonly #changed = new Set<string>()
  #toldAt = Number.NEGATIVE_INFINITY

  constructor(store: Store, options: FsckOptions, isClosed: boolean) {
    this.#isClosed = isClosed
    this.#store = store
    this.#tree = store.tree
    this.#options = options
    this.#audit = new IndexAudit(store.tree, derivation, (kind, index, key) => {
      this.#found(kind, paths.index(index), key, options.repair === true)
    })
  }

  async run(): Promise<FsckReport> {
    const stop = this.#tree.onChange((path) => this.#changed.add(path))
    try {
      await this.#step('files', this.#checkFiles())
      await this.#step('indexes', this.#audit.readIndexes())
      await this.#step('comparing', this.#audit.compare(this.#changed))
      this.#report.indexEntries = this.#audit.count
      if (this.#options.repair) {
        await this.#step('repairing', this.#audit.repair(this.#changed))
        this.#report.repaired += this.#audit.broken.size
      }
      this.#report.lines = [...describeRecovery(this.#store.recovery), ...describe(this.#report)]
      return this.#report
    } finally {
      stop()
      this.#audit.close()
    }
  }

  async #step(phase: Phase, steps: Generator<void>): Promise<void> {
    for (let done = 1; !steps.next().done; done++) {
      const now = this.#store.clock.now()
      if (now - this.#toldAt >= TELL_MS) {
        this.#toldAt = now
        this.#options.onProgress?.(phase === 'files' ? this.#report.files : done, phase)
      }
      await nextTurn()
    }
  }

  *#checkFiles(): Generator<void> {
    for (const name of readdirSync(this.#tree.directory)) {
      if (isTemporary(name)) this.#foundLeftover(name)
      else if (!(name in LAYOUT) && name !== 'lost+found') this.#found('unknown file', name)
    }
    const bodies = new Map(this.#store.queue.bodies().map((key) => [key, 0]))
    for (const folder of CHECKED_FOLDERS) {
      for (const path of this.#walk(folder)) {
        const value = this.#checkOne(path)
        if (value && folder === 'queue') this.#checkDelivery(path, value, bodies)
        if (++this.#report.files % TURN === 0) yield
      }
    }
    for (const path of this.#tree.queued.paths()) {
      const delivery = JSON.parse(this.#tree.queued.get(path) ?? '{}') as Delivery
      bodies.set(delivery.body, (bodies.get(delivery.body) ?? 0) + 1)
    }
    for (const [key, deliveries] of bodies) if (deliveries === 0) this.#checkBody(key)
    for (const name of this.#store.users.names()) {
      if (!existsSync(join(this.#tree.directory, paths.key(name)))) {
        this.#found('user without keys', paths.user(name))
      }
    }
    // An upload of a running server writes to a temporary file for as long as it takes.
    for (const folder of ['index', 'journal', ...(this.#isClosed ? ['media'] : [])]) {
      for (const _ of this.#walk(folder)) if (++this.#report.files % TURN === 0) yield
    }
    yield* this.#checkJournal()
  }

  /** Files of a folder; leftovers of unfinished writes are dealt with on the way. */
  *#walk(folder: string): Generator<string> {
    const directory = join(this.#tree.directory, folder)
    if (!existsSync(directory)) return
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const path = `${folder}/${entry.name}`
      if (entry.isDirectory()) yield* this.#walk(path)
      else if (!entry.name.endsWith('.tmp')) yield path
      else this.#foundLeftover(path)
    }
  }

  #checkOne(path: string): Record<string, unknown> | undefined {
    if (path.startsWith('keys/')) this.#checkMode(path)
    const text = this.#tree.readText(path)
    if (text === undefined) return // gone since the folder was listed
    const checked = checkFile(path, text)
    if ('problem' in checked) {
      this.#found(checked.problem, path, checked.detail, () => this.#setAside(path))
      return
    }
    this.#audit.expect(path, checked.value)
    return checked.value
  }

  #foundLeftover(path: string): void {
    const file = join(this.#tree.directory, path)
    this.#found('leftover', path, undefined, () => rmSync(file, { force: true }))
  }

  #checkMode(path: string): void {
    for (const [name, mode] of [
      [path, 0o600],
      [dirname(path), 0o700],
    ] as const) {
      const file = join(this.#tree.directory, name)
      if ((statSync(file).mode & 0o777 & ~mode) === 0) continue
      this.#found('keys readable by others', name, undefined, () => chmodSync(file, mode))
    }
  }

  #checkDelivery(path: string, value: Record<string, unknown>, bodies: Map<string, number>): void {
    const body = value['body'] as string
    const deliveries = bodies.get(body)
    if (deliveries !== undefined) bodies.set(body, deliveries + 1)
    else if (!existsSync(join(this.#tree.directory, paths.outgoing(body)))) {
      this.#found('delivery without body', path, body, () => this.#setAside(path))
    }
  }

  #checkBody(key: string): void {
    const path = paths.outgoing(key)
    // A delivery of it may have come and gone behind our back.
    if ([...this.#changed].some((other) => other === path || other.startsWith('queue/'))) return
    if (!existsSync(join(this.#tree.directory, path))) return
    this.#found('body without deliveries', path, undefined, () => {
      void this.#store.commit([this.#store.queue.removeBody(key)])
    })
  }

  *#checkJournal(): Generator<void> {
    const { directory } = this.#tree.journal
    for (const number of segmentNumbers(directory)) {
      const path = segmentPath(directory, number)
      if (!existsSync(path)) continue
      let lines = 0
      for (const { ops, offset } of readSegment(path)) {
        if (!ops)
          this.#found('damaged journal line', paths.journal, `segment ${number}, at ${offset}`)
        if (++lines % TURN === 0) yield
      }
    }
  }

  /** Its index entries, if any, are to be found dangling: this is not one of the changes that are right. */
  #setAside(path: string): void {
    this.#tree.setAside(path)
    this.#changed.delete(path)
  }

  /** Counts a problem; `repair` mends it, or says that it will be mended. */
  #found(
    kind: ProblemKind,
    path: string,
    detail?: string,
    repair: boolean | (() => void) = false,
  ): void {
    const { counts, problems } = this.#report
    counts[kind] = (counts[kind] ?? 0) + 1
    if (problems.length < MAX_PROBLEMS) problems.push({ kind, path, ...(detail ? { detail } : {}) })
    if (repair === true) return
    if (repair === false || !this.#options.repair) {
      if (!NOTES.has(kind)) this.#report.isSound = false
      return
    }
    repair()
    this.#report.repaired += 1
  }
}
