// Whether a text names somebody.

/** Whether the nick stands anywhere in the text as a word of its own, in any case. */
export function namesNick(text: string, nick: string): boolean {
  const lowered = text.toLowerCase()
  const wanted = nick.toLowerCase()
  if (wanted === '') return false
  for (let at = lowered.indexOf(wanted); at >= 0; at = lowered.indexOf(wanted, at + 1)) {
    const around = `${lowered[at - 1] ?? ' '}${lowered[at + wanted.length] ?? ' '}`
    if (!/[\p{L}\p{N}_]/u.test(around)) return true
  }
  return false
}
