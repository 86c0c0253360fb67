// Uploaded files that nothing names: the form was never submitted, or the post is gone. They are looked for a few times
// a day, in small turns, and only by the names that uploads get. Nothing is kept about them: a restart begins anew.

import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Clock } from '@fuchsbau/shared/clock.ts'
import type { IndexRecord } from './index-file.ts'
import { indexes, paths } from './layout.ts'
import type { StoredObject } from './objects.ts'
import { parseJson } from './transaction.ts'
import type { Tree } from './tree.ts'

const UPLOAD = /^[\w-]{22}\.[a-z0-9]{3,4}$/
const UNFINISHED = /^\.[0-9a-f]{16}\.tmp$/
const NAMES = /[\w-]{22}\.[a-z0-9]{3,4}/g
const USER_FILE = /^users\/[^/]+\.json$/
/** Younger files may belong to a form that is being sent. */
const MIN_AGE_MS = 24 * 3_600_000
const FIRST_ROUND_MS = 10 * 60_000
const ROUND_MS = 6 * 3_600_000
const FILES_PER_TURN = 500
const OBJECTS_PER_TURN = 200
const REMOVED_PER_TURN = 20
/** Among texts: enough for a turn. */
const PAUSE = ''

export class MediaSweep {
  readonly #tree: Tree
  readonly #clock: Clock
  #nextAt: number
  #round: Generator<string[], void> | undefined

  constructor(tree: Tree, clock: Clock) {
    this.#tree = tree
    this.#clock = clock
    this.#nextAt = clock.now() + FIRST_ROUND_MS
  }

  /** Does a little; call it about every 10 s. Returns the paths of the files that it removed. */
  turn(): string[] {
    const isDue = this.#round !== undefined || this.#clock.now() >= this.#nextAt
    // What waits to be applied may name a file.
    if (!isDue || this.#tree.unavailable() !== undefined) return []
    this.#round ??= this.#sweep()
    let removed: string[] | undefined
    try {
      removed = this.#round.next().value ?? undefined
    } finally {
      if (removed === undefined) {
        this.#round = undefined
        this.#nextAt = this.#clock.now() + ROUND_MS
      }
    }
    return removed ?? []
  }

  /** One round: which files are old, which of them are named, away with the rest. */
  *#sweep(): Generator<string[], void> {
    const unnamed = new Map<string, string[]>()
    const keep = (text: string) => {
      for (const [name] of text.matchAll(NAMES)) unnamed.delete(name)
    }
    yield* this.#findOld(unnamed)
    if (unnamed.size === 0) return
    // What is written while the round goes on counts as well.
    const end = this.#tree.onChange((path, value) => {
      const isOurs = path.startsWith('objects/') && (value as StoredObject | undefined)?.local
      if (isOurs || USER_FILE.test(path)) keep(JSON.stringify(value) ?? '')
    })
    try {
      for (const text of this.#texts()) {
        if (text === PAUSE) yield []
        // Nobody knows what a missing or damaged file names: fsck first.
        else if (text === undefined || parseJson(text) === undefined) return
        else keep(text)
      }
      yield* this.#remove([...unnamed.keys()], unnamed)
    } finally {
      end()
    }
  }

  /** Old files by name, with their paths: two users may have uploaded the same. */
  *#findOld(found: Map<string, string[]>): Generator<string[], void> {
    let looked = 0
    for (const user of this.#users()) {
      const folder = dirname(paths.media(user, '.'))
      const directory = join(this.#tree.directory, paths.media(user, ''))
      if (!existsSync(directory)) continue
      for (const name of readdirSync(directory)) {
        if (++looked % FILES_PER_TURN === 0) yield []
        const path = `${folder}/${name}`
        if (!UPLOAD.test(name) && !UNFINISHED.test(name)) continue
        if (this.#isOld(path)) found.set(name, [...(found.get(name) ?? []), path])
      }
    }
  }

  /** Whatever may name a file; undefined for what is not there. */
  *#texts(): Generator<string | undefined> {
    for (const user of this.#users()) {
      yield this.#tree.readText(paths.user(user))
      let before: IndexRecord | undefined
      do {
        const records = [...take(this.#tree.index.newest(indexes.own(user), before))]
        for (const { key } of records) yield this.#tree.readText(paths.object(key))
        before = records.at(-1)
        yield PAUSE
      } while (before)
    }
  }

  *#remove(
    names: readonly string[],
    unnamed: ReadonlyMap<string, string[]>,
  ): Generator<string[], void> {
    let removed: string[] = []
    for (const name of names) {
      // Asked again: a turn ago something may have named it.
      for (const path of unnamed.get(name) ?? []) if (this.#removeOld(path)) removed.push(path)
      if (removed.length < REMOVED_PER_TURN) continue
      yield removed
      removed = []
    }
    yield removed
  }

  /** The same file may be uploaded again in this instant: what is moved aside is the one that is looked at. */
  #removeOld(path: string): boolean {
    if (!this.#isOld(path)) return false
    const aside = `${dirname(path)}/.${randomBytes(8).toString('hex')}.tmp`
    const inTree = (name: string) => join(this.#tree.directory, name)
    renameSync(inTree(path), inTree(aside))
    if (this.#isOld(aside)) {
      rmSync(inTree(aside))
      return true
    }
    renameSync(inTree(aside), inTree(path))
    return false
  }

  #isOld(path: string): boolean {
    const stat = statSync(join(this.#tree.directory, path), { throwIfNoEntry: false })
    return stat?.isFile() === true && stat.mtimeMs <= this.#clock.now() - MIN_AGE_MS
  }

  #users(): string[] {
    const files = this.#tree.list('users').filter((file) => file.endsWith('.json'))
    return files.map((file) => file.slice(0, -'.json'.length))
  }
}

function* take(records: Generator<IndexRecord>): Generator<IndexRecord> {
  let count = 0
  for (const record of records) {
    yield record
    if (++count === OBJECTS_PER_TURN) return
  }
}
