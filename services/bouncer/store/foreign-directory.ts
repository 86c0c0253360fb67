// Reading the files of another program that moves in: bounded, and nothing outside of its directory by symbolic links.

import { createReadStream, readFileSync, statSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { isAbsolute, join, normalize } from 'node:path'

/** A line and where it ends, in bytes from the file's beginning. */
export interface ForeignLine {
  /** Without its end; undefined when it is longer than `LONGEST_LINE`. */
  bytes: Buffer | undefined
  end: number
}

/** Any IRC line is far shorter. */
const LONGEST_LINE = 16_384
const DEEPEST = 8

export class ForeignDirectory {
  readonly #root: string

  constructor(root: string) {
    this.#root = root
  }

  /** Whether it is a directory that can be read. */
  get isThere(): boolean {
    return statSync(this.#root, { throwIfNoEntry: false })?.isDirectory() ?? false
  }

  /** A whole file as text, UTF-8 or else Latin-1; undefined when it is not there, no file, or longer than `mostBytes`. */
  text(path: string, mostBytes: number): string | undefined {
    const file = this.#resolve(path)
    const stat = file === undefined ? undefined : statSync(file, { throwIfNoEntry: false })
    if (file === undefined || !stat?.isFile() || stat.size > mostBytes) return
    return textOf(readFileSync(file))
  }

  /** Bytes of a file; 0 when it is not there. */
  size(path: string): number {
    const file = this.#resolve(path)
    return (file && statSync(file, { throwIfNoEntry: false })?.size) || 0
  }

  /** Paths of the files below a folder, relative to it, at most so many; none when it is not there. Links are left out. */
  async files(folder: string, most: number): Promise<string[]> {
    const found: string[] = []
    const waiting: [string, number][] = [['', 0]]
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const [path, depth] = next
      for (const entry of await this.#entries(join(folder, path))) {
        const below = path === '' ? entry.name : `${path}/${entry.name}`
        if (entry.isDirectory() && depth < DEEPEST) waiting.push([below, depth + 1])
        else if (entry.isFile() && found.length < most) found.push(below)
      }
    }
    return found.sort()
  }

  /** The whole lines of a file from a place on, in pieces of what was read at once. Rejects when it cannot be read. */
  async *lines(path: string, from: number): AsyncGenerator<ForeignLine[]> {
    const file = this.#resolve(path)
    if (file === undefined) return
    let rest: Buffer = Buffer.alloc(0)
    let end = from
    let isSkipping = false
    for await (const chunk of createReadStream(file, { start: from, highWaterMark: 65_536 })) {
      const bytes = Buffer.concat([rest, chunk as Buffer])
      const lines: ForeignLine[] = []
      let start = 0
      for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, start)) {
        const line = bytes.subarray(start, at)
        end += at + 1 - start
        lines.push({ bytes: isSkipping || line.length > LONGEST_LINE ? undefined : line, end })
        isSkipping = false
        start = at + 1
      }
      rest = Buffer.from(bytes.subarray(start))
      if (isSkipping || rest.length > LONGEST_LINE) {
        isSkipping = true
        end += rest.length
        rest = Buffer.alloc(0)
      }
      if (lines.length > 0) yield lines
    }
  }

  async #entries(folder: string) {
    const path = this.#resolve(folder)
    try {
      return path === undefined ? [] : await readdir(path, { withFileTypes: true })
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : ''
      if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES') return []
      throw error
    }
  }

  /** Undefined for what would lead out of the directory. */
  #resolve(path: string): string | undefined {
    const inside = normalize(path)
    const leadsOut = isAbsolute(inside) || inside.split('/')[0] === '..' || inside.includes('\0')
    return leadsOut ? undefined : join(this.#root, inside)
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** UTF-8 where it can be, else Latin-1. */
export function textOf(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch {
    return Buffer.from(bytes).toString('latin1')
  }
}
