// Names that come again and again: one string in memory for each, however many channels somebody is in.

/** More than that are not remembered: they begin anew. */
const MOST = 10_000

export class NamePool {
  readonly #known = new Map<string, string>()

  /** The same text, as the string that came first. */
  one(text: string): string {
    const known = this.#known.get(text)
    if (known !== undefined) return known
    if (this.#known.size >= MOST) this.#known.clear()
    this.#known.set(text, text)
    return text
  }
}
