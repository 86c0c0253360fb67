// Chance that can be repeated: numbers and texts from a seed.

export interface Random {
  /** A whole number from 0 to `below` - 1. */
  number(below: number): number
  pick<T>(choices: readonly [T, ...T[]]): T
  /** Up to `longest` characters out of `characters`. */
  text(characters: string, longest: number, shortest?: number): string
}

/** mulberry32. */
export function random(seed: number): Random {
  let state = seed
  const number = (below: number) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
  return {
    number,
    pick: (choices) => choices[number(choices.length)] ?? choices[0],
    text: (characters, longest, shortest = 0) => {
      const all = [...characters]
      const length = shortest + number(longest - shortest + 1)
      return Array.from({ length }, () => all[number(all.length)]).join('')
    },
  }
}
