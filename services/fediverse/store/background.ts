// Work that goes on in small pieces beside everything else, at most once at a time.

export class Background {
  #running: Promise<void> | undefined
  #isStopping = false
  /** Why the last round failed. */
  failure: Error | undefined

  /** Whether the work is to end soon. */
  get isStopping(): boolean {
    return this.#isStopping
  }

  /** Begins a round, unless one is under way. */
  start(work: () => Promise<void>): void {
    if (this.#running || this.#isStopping) return
    this.#running = this.#run(work)
  }

  /** Resolves when nothing is under way. */
  settled(): Promise<void> {
    return this.#running ?? Promise.resolve()
  }

  /** Lets the round under way end, and begins none any more. */
  async stop(): Promise<void> {
    this.#isStopping = true
    await this.#running
  }

  async #run(work: () => Promise<void>): Promise<void> {
    try {
      await work()
      this.failure = undefined
    } catch (error) {
      this.failure = error as Error
    }
    this.#running = undefined
  }
}
