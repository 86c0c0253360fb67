// Which names are the same: `Casemapping` of a network, and a map by such names.
// https://modern.ircdocs.horse/#casemapping-parameter

export type Casemapping = 'ascii' | 'rfc1459' | 'rfc1459-strict'

/**
 * The casemapping that an ISUPPORT token names. Without a token it is rfc1459; of those that fold
 * more than ASCII (rfc7613 and unknown ones) only ASCII is folded, so that names differ rather than merge.
 */
export function casemappingOf(token: string | undefined): Casemapping {
  switch (token?.toLowerCase()) {
    case undefined:
    case '':
    case 'rfc1459':
      return 'rfc1459'
    case 'strict-rfc1459':
    case 'rfc1459-strict':
      return 'rfc1459-strict'
    default:
      return 'ascii'
  }
}

/** A name in the form that is equal for all its spellings. */
export function fold(name: string, casemapping: Casemapping): string {
  const last = lastFolded[casemapping]
  for (let at = 0; at < name.length; at++) {
    const code = name.charCodeAt(at)
    if (code >= 0x41 && code <= last) return foldFrom(name, at, last)
  }
  return name
}

/** Last character that is folded: those from `A` to it go up by 32. */
const lastFolded: Readonly<Record<Casemapping, number>> = {
  ascii: 0x5a,
  rfc1459: 0x5e,
  'rfc1459-strict': 0x5d,
}

function foldFrom(name: string, start: number, last: number): string {
  let folded = name.slice(0, start)
  for (let at = start; at < name.length; at++) {
    const code = name.charCodeAt(at)
    folded += String.fromCharCode(code >= 0x41 && code <= last ? code + 32 : code)
  }
  return folded
}

/**
 * A map by name, whatever its spelling; it keeps the spelling given last. Not bounded. Tables of members hold most of the
 * bouncer's memory, hence only a spelling that differs from the folded name is kept.
 */
export class FoldedMap<V> {
  #casemapping: Casemapping
  readonly #values = new Map<string, V>()
  readonly #spellings = new Map<string, string>()

  constructor(casemapping: Casemapping, entries: Iterable<readonly [string, V]> = []) {
    this.#casemapping = casemapping
    for (const [name, value] of entries) this.set(name, value)
  }

  get size(): number {
    return this.#values.size
  }

  get casemapping(): Casemapping {
    return this.#casemapping
  }

  get(name: string): V | undefined {
    return this.#values.get(fold(name, this.#casemapping))
  }

  has(name: string): boolean {
    return this.#values.has(fold(name, this.#casemapping))
  }

  /** How the name was spelled when it was set. */
  spelling(name: string): string | undefined {
    const folded = fold(name, this.#casemapping)
    return this.#values.has(folded) ? (this.#spellings.get(folded) ?? folded) : undefined
  }

  set(name: string, value: V): this {
    const folded = fold(name, this.#casemapping)
    this.#values.set(folded, value)
    if (name === folded) this.#spellings.delete(folded)
    else this.#spellings.set(folded, name)
    return this
  }

  delete(name: string): boolean {
    const folded = fold(name, this.#casemapping)
    this.#spellings.delete(folded)
    return this.#values.delete(folded)
  }

  clear(): void {
    this.#values.clear()
    this.#spellings.clear()
  }

  /** Goes over to another casemapping; of names that become the same, the last one stays. */
  refold(casemapping: Casemapping): void {
    if (casemapping === this.#casemapping) return
    const entries = [...this]
    this.clear()
    this.#casemapping = casemapping
    for (const [name, value] of entries) this.set(name, value)
  }

  /** Names as spelled. */
  *keys(): Generator<string> {
    for (const folded of this.#values.keys()) yield this.#spellings.get(folded) ?? folded
  }

  values(): IterableIterator<V> {
    return this.#values.values()
  }

  /** Pairs of the name as spelled and its value. */
  *[Symbol.iterator](): Generator<readonly [string, V]> {
    for (const [folded, value] of this.#values) yield [this.#spellings.get(folded) ?? folded, value]
  }
}
