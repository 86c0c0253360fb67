// Words of a text as the search index knows them: lower case, without diacritics; Chinese and Japanese characters are a
// word each. Every word starts with its network, so that a search reads nothing of another one.

const ASCII = /^[\0-\x7f]*$/
const ASCII_WORD = /[a-z0-9]+/g
const WORD =
  /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}]|[[\p{L}\p{N}\p{Co}]--[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}]]+/gv
/** Colours of mIRC: their digits would become part of the word that they colour. */
const COLOUR = '\x03'
const COLOURS = new RegExp(`${COLOUR}\\d{1,2}(?:,\\d{1,2})?`, 'g')
const MARKS = /\p{M}+/gu
/** Longer ones (of encoded data, mostly) are cut: the rest is not told apart. */
const LONGEST_WORD = 40

/** The words of a text, in its order. */
export function wordsOf(said: string): string[] {
  const text = said.includes(COLOUR) ? said.replace(COLOURS, '') : said
  const words = ASCII.test(text)
    ? text.toLowerCase().match(ASCII_WORD)
    : text.normalize('NFKD').replace(MARKS, '').toLowerCase().match(WORD)
  return (words ?? []).map((word) =>
    word.length > LONGEST_WORD ? word.slice(0, LONGEST_WORD) : word,
  )
}

/** A word in the index. No network's words are another's: the first `x` ends the number. */
export const wordToken = (networkId: number, word: string) => `${networkId}x${word}`

/** All messages of a target have this one. Starts with a letter, unlike all words. */
export const targetToken = (targetId: number) => `t${targetId.toString(36)}`

/** All messages of a nick, in any case of any casemapping. Hex, because nicks hold signs that separate words. */
export const senderToken = (networkId: number, nick: string) =>
  `f${networkId.toString(36)}y${Buffer.from(foldWidely(nick)).toString('hex')}`

/** The nick of a source `nick!user@host`. */
export const nickOf = (source: string) => /^[^!@]*/.exec(source)?.[0] ?? source

const foldWidely = (nick: string) =>
  nick.toLowerCase().replace(/[{}|^]/g, (sign) => '[]\\~'['{}|^'.indexOf(sign)] ?? sign)
