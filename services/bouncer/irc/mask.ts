// Masks of IRC: `*` is any text, `?` one character, `\*` and `\?` the characters themselves.
import { type Casemapping, fold } from './casemapping.ts'

const ANY_TEXT = -1
const ANY_CHARACTER = -2

/**
 * Whether the whole text is as the mask says (https://modern.ircdocs.horse/#wildcard-expressions), in
 * the network's casemapping. Only the last `*` is ever tried again: at most length × length steps.
 */
export function matchesMask(mask: string, text: string, casemapping: Casemapping): boolean {
  const pattern = parseMask(mask, casemapping)
  const characters = codePoints(fold(text, casemapping))
  let at = 0
  let inPattern = 0
  let star = -1
  let starAt = 0
  while (at < characters.length) {
    const wanted = pattern[inPattern]
    if (wanted === ANY_TEXT) {
      star = inPattern++
      starAt = at
    } else if (wanted === ANY_CHARACTER || wanted === characters[at]) {
      inPattern++
      at++
    } else if (star >= 0) {
      inPattern = star + 1
      at = ++starAt
    } else {
      return false
    }
  }
  while (pattern[inPattern] === ANY_TEXT) inPattern++
  return inPattern === pattern.length
}

function parseMask(mask: string, casemapping: Casemapping): number[] {
  const pattern: number[] = []
  const characters = [...mask]
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] ?? ''
    const next = characters[at + 1]
    if (character === '\\' && (next === '*' || next === '?')) {
      pattern.push(next.charCodeAt(0))
      at++
    } else if (character === '*') {
      if (pattern.at(-1) !== ANY_TEXT) pattern.push(ANY_TEXT)
    } else if (character === '?') {
      pattern.push(ANY_CHARACTER)
    } else {
      pattern.push(...codePoints(fold(character, casemapping)))
    }
  }
  return pattern
}

function codePoints(text: string): number[] {
  return Array.from(text, (character) => character.codePointAt(0) ?? 0)
}
