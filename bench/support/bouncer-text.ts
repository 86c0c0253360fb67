// What people say in the benchmark: lines of 3 to 20 words, common ones more often, the same in every run.

const SYLLABLES = [
  'ba',
  'den',
  'fo',
  'ra',
  'mi',
  'lu',
  'ster',
  'ko',
  'ne',
  'pal',
  'ti',
  'wen',
  'gro',
  'sha',
  'ul',
  'vi',
]
const WORDS = 20_000

/** Some word of the vocabulary; a small number is a common one. */
export function word(rank: number): string {
  let text = ''
  for (let rest = rank + 1; rest > 0; rest = Math.floor(rest / SYLLABLES.length)) {
    text += SYLLABLES[rest % SYLLABLES.length]
  }
  return text
}

/** The line of this number, beginning with the number. */
export function lineOf(index: number): string {
  const random = generator(index)
  const words = [String(index)]
  const count = 3 + Math.floor(random() * 18)
  // The rank is spread as in a language: each is about as likely as 1/rank.
  for (let n = 0; n < count; n++) words.push(word(Math.floor(WORDS ** random()) - 1))
  return words.join(' ')
}

/** mulberry32. */
function generator(seed: number): () => number {
  let state = Math.imul(seed + 1, 0x9e3779b1)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
