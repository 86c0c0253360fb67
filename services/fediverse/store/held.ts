// What is in the journal and needs no file (yet): accepted activities until their effect is stored, deliveries until
// their first attempt is over. Most are done with within a second, and a file costs ten times as much as a line.

export class Held {
  readonly #texts = new Map<string, { text: string; since: number }>()
  #characters = 0

  get count(): number {
    return this.#texts.size
  }

  /** Length of all texts. */
  get characters(): number {
    return this.#characters
  }

  get(path: string): string | undefined {
    return this.#texts.get(path)?.text
  }

  set(path: string, text: string, now: number): void {
    this.delete(path)
    this.#texts.set(path, { text, since: now })
    this.#characters += text.length
  }

  /** False when it was not held. */
  delete(path: string): boolean {
    this.#characters -= this.#texts.get(path)?.text.length ?? 0
    return this.#texts.delete(path)
  }

  paths(): string[] {
    return [...this.#texts.keys()]
  }

  texts(): string[] {
    return Array.from(this.#texts.values(), ({ text }) => text)
  }

  /** Paths of what has been held since an instant, or longer; at most `limit`. */
  since(instant: number, limit: number): string[] {
    const paths: string[] = []
    for (const [path, { since }] of this.#texts) {
      if (since > instant || paths.length === limit) break
      paths.push(path)
    }
    return paths
  }
}
