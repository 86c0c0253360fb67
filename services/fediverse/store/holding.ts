// What is held without a file, by kind, and how it gets one: a delivery when it has waited for a while, all of it when
// the tree is closed.

import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Clock } from '@fuchsbau/shared/clock.ts'
import { Background } from './background.ts'
import { Held } from './held.ts'
import type { Op } from './journal.ts'

/** A delivery that waits longer gets a file; so many at a time. */
const FILE_AFTER_MS = 10_000
const FILES_PER_TURN = 50

export class Holding {
  /** Accepted activities that have no file. */
  readonly accepted = new Held()
  /** Deliveries that have no file. */
  readonly queued = new Held()
  readonly #clock: Clock
  readonly #commit: (ops: readonly Op[]) => void
  readonly #filing = new Background()

  /** `commit` need not wait for the disk: what is held is in the journal. */
  constructor(clock: Clock, commit: (ops: readonly Op[]) => void) {
    this.#clock = clock
    this.#commit = commit
  }

  /** Where a path is held, if it is. */
  of(path: string): Held {
    return path.startsWith('queue/') ? this.queued : this.accepted
  }

  get count(): number {
    return this.accepted.count + this.queued.count
  }

  /** The operations that give everything a file. */
  toFiles(): Op[] {
    return [...this.accepted.paths(), ...this.queued.paths()].map((path) => this.#toFile(path))
  }

  /** Gives files to deliveries that wait, in the background. */
  start(): void {
    this.#filing.start(() => this.#fileDeliveries())
  }

  settled(): Promise<void> {
    return this.#filing.settled()
  }

  stop(): Promise<void> {
    return this.#filing.stop()
  }

  async #fileDeliveries(): Promise<void> {
    const since = this.#clock.now() - FILE_AFTER_MS
    const next = () => this.queued.since(since, FILES_PER_TURN)
    for (let due = next(); due.length > 0 && !this.#filing.isStopping; due = next()) {
      this.#commit(due.map((path) => this.#toFile(path)))
      await nextTurn()
    }
  }

  #toFile(path: string): Op {
    return { kind: 'put', path, text: this.of(path).get(path) ?? '' }
  }
}
