// Keeps an exception in a handler from ending the process: it is logged once, and the next line is handled.

import { StoreUnavailable } from '@fuchsbau/shared/database/unavailable.ts'
import type { Log } from '@fuchsbau/shared/log.ts'

const MAX_KNOWN = 100

export class Guard {
  readonly #log: Log
  readonly #known = new Set<string>()

  constructor(log: Log) {
    this.#log = log
  }

  /** Runs a task. A store that takes nothing is told elsewhere. */
  run(what: string, task: () => void): void {
    try {
      task()
    } catch (error) {
      if (error instanceof StoreUnavailable) return
      const known = `${what} ${error}`.slice(0, 200)
      if (this.#known.has(known) || this.#known.size >= MAX_KNOWN) return
      this.#known.add(known)
      this.#log.error({ err: error, what }, 'a line or task failed: the connection goes on')
    }
  }
}
