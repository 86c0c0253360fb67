// Accepted activities that have no file: their text is in the journal, and here.

export class Held {
  readonly #texts = new Map<string, string>()
  #characters = 0

  get count(): number {
    return this.#texts.size
  }

  /** Length of all texts. */
  get characters(): number {
    return this.#characters
  }

  get(path: string): string | undefined {
    return this.#texts.get(path)
  }

  set(path: string, text: string): void {
    this.delete(path)
    this.#texts.set(path, text)
    this.#characters += text.length
  }

  /** False when it was not held. */
  delete(path: string): boolean {
    this.#characters -= this.#texts.get(path)?.length ?? 0
    return this.#texts.delete(path)
  }

  paths(): string[] {
    return [...this.#texts.keys()]
  }

  texts(): string[] {
    return [...this.#texts.values()]
  }
}
