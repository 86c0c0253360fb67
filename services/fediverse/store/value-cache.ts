// Parsed files in memory, the least recently used go first. Bounded by the length of their texts, so that
// large documents of peers can't fill the memory (a parsed value takes about four times as much).

const MAX_CHARACTERS = 4 * 1024 * 1024
/** A longer one is not worth the room of many short ones. */
const MAX_ENTRY = 256 * 1024
/** What an entry costs besides its text. */
const OVERHEAD = 200

export class ValueCache {
  readonly #entries = new Map<string, { value: unknown; size: number }>()
  #size = 0

  get(path: string): unknown {
    const entry = this.#entries.get(path)
    if (!entry) return
    this.#entries.delete(path)
    this.#entries.set(path, entry)
    return entry.value
  }

  set(path: string, value: unknown, characters: number): void {
    this.delete(path)
    if (characters > MAX_ENTRY) return
    const size = characters + OVERHEAD
    this.#entries.set(path, { value, size })
    this.#size += size
    for (const [oldest] of this.#entries) {
      if (this.#size <= MAX_CHARACTERS) return
      this.delete(oldest)
    }
  }

  delete(path: string): void {
    const entry = this.#entries.get(path)
    if (!entry) return
    this.#entries.delete(path)
    this.#size -= entry.size
  }
}
