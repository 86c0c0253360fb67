// What is remembered of things that have a digest, and so never change: so much of it, the least used go first.

export class Kept<T> {
  readonly #max: number
  readonly #mostEach: number
  readonly #costOf: (value: T) => number
  readonly #values = new Map<string, T>()
  #cost = 0

  /** `costOf`: what a value counts; all together at most `max`, one alone at most `mostEach`. */
  constructor(max: number, costOf: (value: T) => number, mostEach = max / 8) {
    this.#max = max
    this.#mostEach = mostEach
    this.#costOf = costOf
  }

  get(key: string): T | undefined {
    const value = this.#values.get(key)
    if (value === undefined) return
    this.#values.delete(key)
    this.#values.set(key, value)
    return value
  }

  set(key: string, value: T): void {
    const cost = this.#costOf(value)
    if (cost > this.#mostEach) return
    this.#drop(key)
    this.#values.set(key, value)
    this.#cost += cost
    for (const oldest of this.#values.keys()) {
      if (this.#cost <= this.#max) break
      this.#drop(oldest)
    }
  }

  #drop(key: string): void {
    const value = this.#values.get(key)
    if (value === undefined) return
    this.#values.delete(key)
    this.#cost -= this.#costOf(value)
  }
}
