// "Did you mean …?": the known word that a mistyped one was most likely meant to be.

/** The word of `known` that takes the fewest edits, at most a third of the length of `word` and two at least. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  let best: string | undefined
  let fewest = Math.max(2, Math.floor(word.length / 3)) + 1
  for (const candidate of known) {
    const edits = editDistance(word, candidate)
    if (edits < fewest) {
      best = candidate
      fewest = edits
    }
  }
  return best
}

/** Insertions, deletions and replacements of one character that turn `from` into `to` (Levenshtein). */
export function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let i = 0; i < from.length; i += 1) {
    const next = [i + 1]
    for (let j = 0; j < to.length; j += 1) {
      const replaced = (row[j] ?? 0) + (from[i] === to[j] ? 0 : 1)
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row[to.length] ?? 0
}
