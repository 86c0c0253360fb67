// The stored files below one directory: read through a cache, written whole.

import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmdirSync,
  rmSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { type Disk, makeDirectory } from './disk.ts'
import { paths } from './layout.ts'
import { parseJson } from './transaction.ts'
import { ValueCache } from './value-cache.ts'

export class Files {
  readonly #directory: string
  readonly #disk: Disk
  readonly #cache = new ValueCache()
  /**
   * New texts of files that exist already, and the number of the transaction that each comes from. They are replaced
   * when that is on disk, because some file systems leave neither the old nor the new content after a power cut.
   */
  readonly #replacements = new Map<string, { text: string; transaction: number }>()

  constructor(directory: string, disk: Disk) {
    this.#directory = directory
    this.#disk = disk
  }

  /** Files that are still to be replaced. */
  get waiting(): number {
    return this.#replacements.size
  }

  /** The parsed file, or undefined when it is missing or damaged. */
  read(path: string): unknown {
    const cached = this.#cache.get(path)
    if (cached !== undefined) return cached
    const text = this.readText(path)
    if (text === undefined) return
    const value = parseJson(text)
    if (value !== undefined) this.#cache.set(path, value, text.length)
    return value
  }

  readText(path: string): string | undefined {
    const replacement = this.#replacements.get(path)
    if (replacement) return replacement.text
    const file = join(this.#directory, path)
    // Asked first, because a thrown ENOENT costs five times as much as the question.
    return existsSync(file) ? readFileSync(file, 'utf8') : undefined
  }

  /** The first bytes of a file, as text. */
  readStart(path: string, bytes: number): string | undefined {
    const replacement = this.#replacements.get(path)
    if (replacement) return replacement.text.slice(0, bytes)
    const file = join(this.#directory, path)
    if (!existsSync(file)) return
    const descriptor = openSync(file, 'r')
    try {
      const buffer = Buffer.allocUnsafe(bytes)
      return buffer.toString('utf8', 0, readSync(descriptor, buffer))
    } finally {
      closeSync(descriptor)
    }
  }

  /** Names in a directory, without unfinished temporary files; empty when there is none. */
  list(directory: string): string[] {
    const folder = join(this.#directory, directory)
    if (!existsSync(folder)) return []
    try {
      return readdirSync(folder).filter((name) => !name.endsWith('.tmp'))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return []
      throw error
    }
  }

  /** Writes a file, now or, if it exists, when its transaction is on disk. */
  write(path: string, text: string, value: unknown, transaction: number): void {
    const file = join(this.#directory, path)
    if (this.#replacements.delete(path) || existsSync(file)) {
      this.#replacements.set(path, { text, transaction })
    } else this.#disk.writeFile(file, text)
    if (value === undefined) this.#cache.delete(path)
    else this.#cache.set(path, value, text.length)
  }

  /** Writes at once, without any transaction. */
  overwrite(path: string, text: string): void {
    this.#cache.delete(path)
    this.#replacements.delete(path)
    this.#disk.writeFile(join(this.#directory, path), text)
  }

  /** Keeps a value in memory as if it had been read. */
  remember(path: string, value: unknown, characters: number): void {
    this.#cache.set(path, value, characters)
  }

  /** Replaces the files whose transactions, counted up to this one, are on disk. */
  replace(durable: number): void {
    for (const [path, { text, transaction }] of this.#replacements) {
      if (transaction > durable) return
      this.#disk.writeFile(join(this.#directory, path), text)
      this.#replacements.delete(path)
    }
  }

  remove(path: string): void {
    this.#cache.delete(path)
    this.#replacements.delete(path)
    rmSync(join(this.#directory, path), { force: true })
  }

  /** Moves a damaged file out of the way. */
  setAside(path: string): void {
    const target = join(this.#directory, paths.damaged(path))
    makeDirectory(dirname(target))
    renameSync(join(this.#directory, path), target)
    this.#cache.delete(path)
  }

  /** Removes a directory if it is empty. */
  removeEmpty(directory: string): void {
    try {
      rmdirSync(join(this.#directory, directory))
    } catch {
      // not empty, or gone
    }
  }
}
