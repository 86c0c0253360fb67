// Applies what the journal has: files, what is held, and indexes. What a full disk keeps back is tried again.

import type { Files } from './files.ts'
import type { Held } from './held.ts'
import type { IndexFiles } from './index-file.ts'
import type { Journal } from './journal.ts'
import type { Step } from './transaction.ts'

export interface Applying {
  files: Files
  index: IndexFiles
  journal: Journal
  heldOf(path: string): Held
  now(): number
  /** Called after each step; `value` is undefined when the file is gone. */
  notify(path: string, value: unknown): void
}

export class Applier {
  readonly #parts: Applying
  /** Oldest first; what is done of the first is taken off. */
  #steps: Step[] = []
  #failure: Error | undefined

  constructor(parts: Applying) {
    this.#parts = parts
  }

  /** Steps that are in the journal and not applied. */
  get waiting(): number {
    return this.#steps.length
  }

  /** Why there are some. */
  get failure(): Error | undefined {
    return this.#failure
  }

  /** Applies these, and before them what waits. */
  apply(steps: readonly Step[]): void {
    this.#steps.push(...steps)
    for (let step = this.#steps[0]; step !== undefined; step = this.#steps[0]) {
      try {
        this.#apply(step)
      } catch (error) {
        // In the journal, so not lost: the next call and a restart try again.
        this.#failure = error as Error
        return
      }
      this.#steps.shift()
      if (step.op.kind !== 'hold') this.#parts.notify(step.op.path, step.value)
    }
    this.#failure = undefined
  }

  /** Object before index, so that an index never names what is not there. May be called again after it failed. */
  #apply(step: Step): void {
    const { op, value, cuts, adds } = step
    const { files, index, journal, heldOf, now } = this.#parts
    if (!step.isWritten) {
      // What is held has no file: one that still waits from an earlier time gives way.
      const wasHeld = heldOf(op.path).delete(op.path)
      if (op.kind === 'put') files.write(op.path, op.text, value, journal.written)
      else if (!wasHeld) files.remove(op.path)
      if (op.kind === 'hold') heldOf(op.path).set(op.path, op.text, now())
      step.isWritten = true
    }
    for (let cut = cuts[0]; cut !== undefined; cut = cuts[0]) {
      index.remove(cut.index, cut)
      cuts.shift()
    }
    for (let add = adds[0]; add !== undefined; add = adds[0]) {
      index.append(add.index, add)
      adds.shift()
    }
  }
}
