// A bound on what we do with one host at a time, so that nobody can point us at somebody.

export interface HostLimits {
  /** Most tasks running for one host; 4 by default. */
  running?: number
  /** Most tasks waiting for one host; 64 by default. */
  waiting?: number
  /** Most tasks running for all hosts together; 256 by default. */
  total?: number
  /** Most tasks waiting for all hosts together; 1,000 by default. */
  totalWaiting?: number
}

interface Lane {
  running: number
  waiting: (() => void)[]
}

/** Runs tasks with at most so many at a time for each host, in order of arrival. */
export class HostLimit {
  readonly #running: number
  readonly #waiting: number
  readonly #total: number
  readonly #totalWaiting: number
  #runningNow = 0
  #waitingNow = 0
  readonly #lanes = new Map<string, Lane>()

  constructor(limits: HostLimits = {}) {
    this.#running = limits.running ?? 4
    this.#waiting = limits.waiting ?? 64
    this.#total = limits.total ?? 256
    this.#totalWaiting = limits.totalWaiting ?? 1_000
  }

  /** Runs a task in its turn; undefined, and nothing run, when too many wait or run already. */
  async run<T>(host: string, task: () => Promise<T>): Promise<T | undefined> {
    const lane = this.#lanes.get(host) ?? { running: 0, waiting: [] }
    if (lane.running >= this.#running) {
      const isFull = lane.waiting.length >= this.#waiting
      if (isFull || this.#waitingNow >= this.#totalWaiting) return undefined
      this.#waitingNow += 1
      await new Promise<void>((resume) => lane.waiting.push(resume))
    } else {
      if (this.#runningNow >= this.#total) return undefined
      this.#runningNow += 1
      lane.running += 1
      this.#lanes.set(host, lane)
    }
    try {
      return await task()
    } finally {
      this.#leave(host, lane)
    }
  }

  /** Gives the place to who waits for the same host, or gives it up. */
  #leave(host: string, lane: Lane): void {
    const next = lane.waiting.shift()
    if (next !== undefined) {
      this.#waitingNow -= 1
      next()
      return
    }
    this.#runningNow -= 1
    lane.running -= 1
    if (lane.running === 0) this.#lanes.delete(host)
  }
}
