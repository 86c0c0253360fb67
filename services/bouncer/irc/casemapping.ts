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

/** A map by name, whatever its spelling; it keeps the spelling given last. Not bounded. */
export class FoldedMap<V> {
  #casemapping: Casemapping
  #entries = new Map<string, readonly [string, V]>()

  constructor(casemapping: Casemapping, entries: Iterable<readonly [string, V]> = []) {
    this.#casemapping = casemapping
    for (const [name, value] of entries) this.set(name, value)
  }

  get size(): number {
    return this.#entries.size
  }

  get casemapping(): Casemapping {
    return this.#casemapping
  }

  get(name: string): V | undefined {
    return this.#entries.get(fold(name, this.#casemapping))?.[1]
  }

  has(name: string): boolean {
    return this.#entries.has(fold(name, this.#casemapping))
  }

  /** How the name was spelled when it was set. */
  spelling(name: string): string | undefined {
    return this.#entries.get(fold(name, this.#casemapping))?.[0]
  }

  set(name: string, value: V): this {
    this.#entries.set(fold(name, this.#casemapping), [name, value])
    return this
  }

  delete(name: string): boolean {
    return this.#entries.delete(fold(name, this.#casemapping))
  }

  clear(): void {
    this.#entries.clear()
  }

  /** Goes over to another casemapping; of names that become the same, the last one stays. */
  refold(casemapping: Casemapping): void {
    if (casemapping === this.#casemapping) return
    const entries = [...this.#entries.values()]
    this.#casemapping = casemapping
    this.#entries.clear()
    for (const [name, value] of entries) this.set(name, value)
  }

  /** Names as spelled. */
  *keys(): Generator<string> {
    for (const [name] of this.#entries.values()) yield name
  }

  *values(): Generator<V> {
    for (const [, value] of this.#entries.values()) yield value
  }

  /** Pairs of the name as spelled and its value. */
  [Symbol.iterator](): IterableIterator<readonly [string, V]> {
    return this.#entries.values()
  }
}
