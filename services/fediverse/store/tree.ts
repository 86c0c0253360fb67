// The tree of files: reads are synchronous (nothing can come between a read and the commit that follows it),
// writes go through the journal first and are applied at once. The indexes follow from the files by `derive`.

import {
  closeSync,
  existsSync,
  fdatasyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import type { Clock } from '@fuchsbau/shared/clock.ts'
import { IndexFiles, type IndexRecord } from './index-file.ts'
import { Journal, type Op, readSegment, StoreUnavailable, syncDirectory } from './journal.ts'
import { paths } from './layout.ts'

/** One entry that a file has in an index. */
export interface IndexEntry extends IndexRecord {
  index: string
}

/** Which index entries follow from a file. Pure; fsck and recovery use the same. */
export interface Derivation {
  /** Whether files of this path have index entries at all. */
  covers(path: string): boolean
  entries(path: string, value: unknown): IndexEntry[]
}

/** The operation that writes a value as a JSON file. */
export function putJson(path: string, value: unknown): Op {
  return { kind: 'put', path, text: JSON.stringify(value), value }
}

/** The operation that removes a file. */
export function removeFile(path: string): Op {
  return { kind: 'del', path }
}

export interface TreeOptions {
  directory: string
  clock: Clock
  derive: Derivation
  retentionMs: number
  /** Writes are refused while the disk has less than this free, in bytes. */
  minFreeBytes: number
  /** Parsed files kept in memory. */
  cacheEntries?: number
}

const FREE_CHECK_MS = 1_000

export class Tree {
  readonly directory: string
  readonly index: IndexFiles
  readonly journal: Journal
  /** Accepted activities that need no file yet: path → text. */
  readonly held = new Map<string, string>()
  readonly #options: TreeOptions
  readonly #cache = new Map<string, unknown>()
  readonly #listeners: ((path: string, value: unknown) => void)[] = []
  #unapplied: Op[] = []
  #checkedAt = Number.NEGATIVE_INFINITY
  #isFull = false

  constructor(options: TreeOptions) {
    this.#options = options
    this.directory = options.directory
    this.index = new IndexFiles(join(options.directory, 'index'))
    this.journal = new Journal(join(options.directory, paths.journal), {
      clock: options.clock,
      retentionMs: options.retentionMs,
      segmentBytes: 16 * 1024 * 1024,
      segmentMs: 5 * 60_000,
    })
  }

  /** The parsed file, or undefined when it is missing or damaged. Treat the value as frozen: it is shared. */
  read<T>(path: string): T | undefined {
    const cached = this.#cache.get(path)
    if (cached !== undefined) {
      this.#cache.delete(path)
      this.#cache.set(path, cached)
      return cached as T
    }
    const text = this.readText(path)
    if (text === undefined) return
    const value = parse(text)
    if (value !== undefined) this.#remember(path, value)
    return value as T | undefined
  }

  readText(path: string): string | undefined {
    const file = join(this.directory, path)
    // Asked first, because a thrown ENOENT costs five times as much as the question.
    return existsSync(file) ? readFileSync(file, 'utf8') : undefined
  }

  /** Names in a directory of the tree, without unfinished temporary files; empty when it is missing. */
  list(directory: string): string[] {
    const folder = join(this.directory, directory)
    if (!existsSync(folder)) return []
    return readdirSync(folder).filter((name) => !name.endsWith('.tmp'))
  }

  /** Calls back after every applied change; `value` is undefined when the file is gone. */
  onChange(listener: (path: string, value: unknown) => void): void {
    this.#listeners.push(listener)
  }

  /**
   * Writes one transaction: all of it or nothing. Applied when this returns; on disk when the promise resolves.
   * @throws StoreUnavailable (at once) when the disk is full or has failed; nothing was changed then.
   */
  commit(ops: readonly Op[]): Promise<void> {
    this.#checkSpace()
    const durable = this.journal.append(ops)
    this.#unapplied.push(...ops)
    this.#applyAll()
    return durable
  }

  /** Writes a file that may be lost (a copy of what a peer has): no journal, no fsync. */
  writeCached(path: string, value: unknown): void {
    this.#checkSpace()
    this.#put(path, JSON.stringify(value), value)
  }

  removeCached(path: string): void {
    this.#del(path)
  }

  /** Whether writes are refused now, and why. */
  unavailable(): string | undefined {
    if (this.journal.failure) return 'the journal failed; restart after mending the disk'
    if (this.#unapplied.length > 0) return 'the disk is full: journalled changes wait to be applied'
    if (this.#isFull) return 'the disk is nearly full'
    return
  }

  /** Applies what a full disk kept back, and lets go of journal segments whose effects are on disk. */
  maintain(): void {
    if (this.#unapplied.length > 0) this.#applyAll()
    if (this.#unapplied.length > 0) return
    for (const segment of this.journal.retired()) {
      this.syncSegment(segment)
      this.journal.discard(segment)
    }
  }

  /** Makes every file that a journal segment touched durable; what is still held gets its file. */
  syncSegment(segment: string): void {
    const touched = new Set(readSegment(segment).map((op) => op.path))
    const directories = new Set<string>()
    for (const path of touched) {
      const text = this.held.get(path)
      if (text !== undefined) this.#put(path, text, parse(text))
      const file = join(this.directory, path)
      if (existsSync(dirname(file))) directories.add(dirname(file))
      if (!existsSync(file)) continue
      const descriptor = openSync(file, 'r')
      fdatasyncSync(descriptor)
      closeSync(descriptor)
    }
    for (const directory of directories) syncDirectory(directory)
  }

  async close(): Promise<void> {
    for (const [path, text] of this.held) this.#put(path, text, parse(text))
    await this.journal.close()
    this.index.close()
  }

  /** Writes a file without the journal, as recovery does, and without touching the indexes. */
  restore(path: string, text: string | undefined): void {
    this.#cache.delete(path)
    if (text === undefined) rmSync(join(this.directory, path), { force: true })
    else writeWhole(join(this.directory, path), text)
  }

  #applyAll(): void {
    while (this.#unapplied.length > 0) {
      const op = this.#unapplied[0] as Op
      try {
        if (op.kind === 'put') this.#put(op.path, op.text, op.value ?? parse(op.text))
        else if (op.kind === 'hold') this.held.set(op.path, op.text)
        else this.#del(op.path)
      } catch (error) {
        // In the journal, so not lost: `maintain` and a restart try again. Until then no new write is taken.
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
        return
      }
      this.#unapplied.shift()
    }
  }

  #put(path: string, text: string, value: unknown): void {
    this.held.delete(path)
    const isIndexed = this.#options.derive.covers(path)
    const before = isIndexed ? this.read(path) : undefined
    writeWhole(join(this.directory, path), text)
    this.#remember(path, value)
    if (isIndexed) this.#reindex(path, before, value)
    this.#notify(path, value)
  }

  #del(path: string): void {
    if (this.held.delete(path)) return
    const before = this.#options.derive.covers(path) ? this.read(path) : undefined
    this.#cache.delete(path)
    rmSync(join(this.directory, path), { force: true })
    if (before !== undefined) this.#reindex(path, before, undefined)
    this.#notify(path, undefined)
  }

  #reindex(path: string, before: unknown, after: unknown): void {
    const { derive } = this.#options
    const old = before === undefined ? [] : derive.entries(path, before)
    const now = after === undefined ? [] : derive.entries(path, after)
    const has = (entries: IndexEntry[], entry: IndexEntry) =>
      entries.some((other) => other.index === entry.index && other.key === entry.key)
    for (const entry of old) if (!has(now, entry)) this.index.remove(entry.index, entry)
    for (const entry of now) if (!has(old, entry)) this.index.append(entry.index, entry)
  }

  #notify(path: string, value: unknown): void {
    for (const listener of this.#listeners) listener(path, value)
  }

  #remember(path: string, value: unknown): void {
    this.#cache.delete(path)
    this.#cache.set(path, value)
    if (this.#cache.size <= (this.#options.cacheEntries ?? 1_000)) return
    const [oldest] = this.#cache.keys()
    if (oldest !== undefined) this.#cache.delete(oldest)
  }

  #checkSpace(): void {
    if (this.#unapplied.length > 0) {
      throw new StoreUnavailable('the disk is full')
    }
    const now = this.#options.clock.now()
    if (now - this.#checkedAt >= FREE_CHECK_MS || now < this.#checkedAt) {
      this.#checkedAt = now
      const { bavail, bsize } = statfsSync(this.directory)
      this.#isFull = bavail * bsize < this.#options.minFreeBytes
    }
    if (this.#isFull) throw new StoreUnavailable('the disk is nearly full')
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Temporary name in the same directory, then rename: nobody, and no live copy, sees half a file. */
function writeWhole(file: string, text: string): void {
  const temporary = `${file}.tmp`
  try {
    writeFileSync(temporary, text, { mode: 0o600 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    writeFileSync(temporary, text, { mode: 0o600 })
  }
  renameSync(temporary, file)
}
