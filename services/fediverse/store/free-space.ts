// Whether the disk has room. Asked at most once a second.

import { statfsSync } from 'node:fs'
import type { Clock } from '@fuchsbau/shared/clock.ts'

const CHECK_MS = 1_000
/** A fan-out may make some thousand files within that second. */
const MIN_FILES = 10_000

export class FreeSpace {
  readonly #directory: string
  readonly #clock: Clock
  readonly #minBytes: number
  #checkedAt = Number.NEGATIVE_INFINITY
  #isLow = false

  constructor(directory: string, clock: Clock, minBytes: number) {
    this.#directory = directory
    this.#clock = clock
    this.#minBytes = minBytes
  }

  /** Whether less than `minBytes` bytes, or 10,000 files, are free. */
  isLow(): boolean {
    const now = this.#clock.now()
    if (now - this.#checkedAt < CHECK_MS && now >= this.#checkedAt) return this.#isLow
    this.#checkedAt = now
    const { bavail, bsize, files, ffree } = statfsSync(this.#directory)
    // Not every file system counts its files.
    this.#isLow = bavail * bsize < this.#minBytes || (files > 0 && ffree < MIN_FILES)
    return this.#isLow
  }
}
