// Sorts more lines than fit in memory: sorted runs in files, then merged. The order is that of the UTF-16 code units.

import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { makeDirectory } from './disk.ts'

const RUN_LINES = 50_000
const CHUNK_BYTES = 64 * 1024

export class Sorter {
  readonly #scratch: string
  readonly #runLines: number
  #folder: string | undefined
  #runs: string[] = []
  #lines: string[] = []

  /** Runs go to a new folder below `scratch`, which must be on the same machine and may be empty or missing. */
  constructor(scratch: string, runLines = RUN_LINES) {
    this.#scratch = scratch
    this.#runLines = runLines
  }

  /** Adds a line; it may not contain a line break, nor anything but ASCII. */
  add(line: string): void {
    this.#lines.push(line)
    if (this.#lines.length >= this.#runLines) this.#spill()
  }

  /** All lines in order. Can be asked for again. */
  *sorted(): Generator<string> {
    this.#lines.sort()
    const heads: { line: string; rest: Iterator<string> }[] = []
    const insert = (rest: Iterator<string>) => {
      const next = rest.next()
      if (next.done) return
      let low = 0
      for (let high = heads.length; low < high; ) {
        const middle = (low + high) >> 1
        if ((heads[middle]?.line ?? '') > next.value) low = middle + 1
        else high = middle
      }
      heads.splice(low, 0, { line: next.value, rest })
    }
    for (const run of this.#runs) insert(readLines(run))
    insert(this.#lines.values())
    // The least is last, where it is taken off for nothing.
    for (let head = heads.pop(); head !== undefined; head = heads.pop()) {
      yield head.line
      insert(head.rest)
    }
  }

  /** Removes the files. */
  close(): void {
    if (this.#folder) rmSync(this.#folder, { recursive: true, force: true })
    this.#runs = []
    this.#lines = []
  }

  #spill(): void {
    if (!this.#folder) {
      makeDirectory(this.#scratch)
      this.#folder = mkdtempSync(join(this.#scratch, 'sort-'))
    }
    const run = join(this.#folder, String(this.#runs.length))
    const descriptor = openSync(run, 'wx', 0o600)
    const bytes = Buffer.from(`${this.#lines.sort().join('\n')}\n`, 'latin1')
    for (let written = 0; written < bytes.length; ) {
      written += writeSync(descriptor, bytes, written)
    }
    closeSync(descriptor)
    this.#runs.push(run)
    this.#lines = []
  }
}

function* readLines(path: string): Generator<string> {
  const descriptor = openSync(path, 'r')
  try {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
    let rest = ''
    for (;;) {
      const bytes = readSync(descriptor, chunk)
      if (bytes === 0) break
      const lines = (rest + chunk.toString('latin1', 0, bytes)).split('\n')
      rest = lines.pop() ?? ''
      yield* lines
    }
  } finally {
    closeSync(descriptor)
  }
}
