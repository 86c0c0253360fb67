// A set of keys (32 hexadecimal digits) in 16 bytes each instead of the hundred that a Set of strings takes.

const WORDS = 4
const FIRST_SLOTS = 1_024

export class KeySet {
  readonly #maxKeys: number
  #slots = new Uint32Array(FIRST_SLOTS * WORDS)
  #size = 0

  /** Takes at most `maxKeys` keys. */
  constructor(maxKeys: number) {
    this.#maxKeys = maxKeys
  }

  get size(): number {
    return this.#size
  }

  get isFull(): boolean {
    return this.#size >= this.#maxKeys
  }

  has(key: string): boolean {
    return find(this.#slots, toWords(key)).isThere
  }

  /** False when it was there already, or when the set is full. */
  add(key: string): boolean {
    const words = toWords(key)
    const { isThere, slot } = find(this.#slots, words)
    if (isThere || this.isFull) return false
    this.#slots.set(words, slot)
    this.#size += 1
    if (this.#size * WORDS * 1.4 > this.#slots.length) this.#grow()
    return true
  }

  #grow(): void {
    const old = this.#slots
    this.#slots = new Uint32Array(old.length * 2)
    for (let i = 0; i < old.length; i += WORDS) {
      const words = old.subarray(i, i + WORDS)
      if (isUsed(words, 0)) this.#slots.set(words, find(this.#slots, words).slot)
    }
  }
}

/** Where the key is, or the free place where it belongs. Open addressing; keys are hashes already. */
function find(slots: Uint32Array, words: ArrayLike<number>): { isThere: boolean; slot: number } {
  const mask = slots.length / WORDS - 1
  for (let i = (words[0] ?? 0) & mask; ; i = (i + 1) & mask) {
    const slot = i * WORDS
    if (!isUsed(slots, slot)) return { isThere: false, slot }
    let word = 0
    while (word < WORDS && slots[slot + word] === words[word]) word++
    if (word === WORDS) return { isThere: true, slot }
  }
}

const isUsed = (slots: Uint32Array, slot: number) =>
  (slots[slot] || slots[slot + 1] || slots[slot + 2] || slots[slot + 3]) !== 0

const toWords = (key: string) =>
  [0, 8, 16, 24].map((at) => Number.parseInt(key.slice(at, at + 8), 16))
