// HTML of other servers, made harmless. The result is not the input with parts cut out: it is written anew, from
// a fixed list of tags, escaped text and checked links, properly nested, so that no browser can read it otherwise.
import { escapeHtml } from '@fuchsbau/shared/html.ts'
import { attributesOf, customEmoji, type Emoji, tagOf } from './sanitize-tag.ts'
import { walkHtml } from './walk-html.ts'

/** Longest input, and longest output, in UTF-16 units; what is beyond is cut off. */
export const MAX_HTML_CHARS = 500_000
const MAX_OUTPUT_CHARS = 1_000_000
/** Elements within one another; the tags of deeper ones are left out. */
const MAX_DEPTH = 40

const voids = new Set(['br', 'hr', 'wbr'])

export type SanitizeOptions = {
  /** Image URL of each custom emoji, by shortcode without colons: shown in place of `:shortcode:`. */
  emoji?: Emoji
  /**
   * Links say rel="me". Only for the fields of the profile's own page: such a link in a boosted post would let
   * its author claim the page (https://microformats.org/wiki/rel-me).
   */
  isOwnProfile?: boolean
}

export type Sanitized = { html: string; isTruncated: boolean }

/** Makes HTML harmless. Keeps what Mastodon and GoToSocial show; other tags go, their text stays. */
export function sanitize(source: string, options: SanitizeOptions = {}): Sanitized {
  const writer = new Writer(options)
  const isWhole = walkHtml(source.slice(0, MAX_HTML_CHARS), writer)
  return { html: writer.finish(), isTruncated: !isWhole || source.length > MAX_HTML_CHARS }
}

/**
 * The text of HTML (a title, a name, a content warning, a preview), white space made one, at most `maxChars` long.
 * It is text: escape it.
 */
export function plainText(source: string, maxChars = 500): string {
  let text = ''
  walkHtml(source.slice(0, MAX_HTML_CHARS), {
    open: (name) => {
      if (tagOf(name).isBlock || name === 'br') text += ' '
    },
    close: (name) => {
      if (tagOf(name).isBlock) text += ' '
    },
    text: (part) => {
      text += part
    },
    isFull: () => text.length > 20 * maxChars + 1_000,
  })
  const line = text.replace(/[\s\p{Cc}]+/gu, ' ').trim()
  if (line.length <= maxChars) return line
  return `${line
    .slice(0, maxChars - 1)
    .replace(/[\ud800-\udbff]$/, '')
    .trimEnd()}…`
}

/** A line of text (a display name) as HTML, with its custom emoji. */
export function textWithEmoji(text: string, emoji: Emoji = new Map()): string {
  return customEmoji(escapeHtml(text), emoji)
}

class Writer {
  #out = ''
  #text = ''
  /** What each open element of the source needs at its end; '' for those left out. */
  readonly #open: { name: string; end: string }[] = []
  #depth = 0
  /** Set where a block element was left out: what comes next begins on a new line. */
  #needsBreak = false
  /** Whether the output ends with the end of a block or a line; also at its beginning. */
  #isAtLineStart = true
  readonly #options: SanitizeOptions

  constructor(options: SanitizeOptions) {
    this.#options = options
  }

  text(part: string): void {
    this.#text += part
  }

  open(name: string, attributes: Record<string, string>): void {
    if (name === 'img') this.#text += attributes.alt ?? ''
    this.#flush()
    const tag = tagOf(name)
    const end = this.#write(tag.as, attributes)
    if (end === undefined && tag.isBlock) this.#breakLine()
    if (end) this.#depth += 1
    this.#open.push({ name: end ? (tag.as ?? name) : '', end: end ?? '' })
  }

  close(name: string): void {
    this.#flush()
    const end = this.#open.pop()?.end
    const { isBlock } = tagOf(name)
    if (end) {
      this.#out += end
      this.#depth -= 1
      if (isBlock) this.#isAtLineStart = true
    } else if (isBlock) this.#breakLine()
  }

  isFull(): boolean {
    return this.#out.length + this.#text.length > MAX_OUTPUT_CHARS
  }

  finish(): string {
    this.#flush()
    return this.#out
  }

  /** Writes a start tag. Its end tag, '' where there is none, undefined where nothing was written. */
  #write(name: string | undefined, attributes: Record<string, string>): string | undefined {
    if (!name || this.#depth >= MAX_DEPTH || this.#isMisplaced(name)) return
    const written = attributesOf(name, attributes, this.#options.isOwnProfile ?? false)
    if (written === undefined) return
    const { isBlock } = tagOf(name)
    if (isBlock || name === 'br') this.#needsBreak = false
    else this.#writeBreak()
    this.#isAtLineStart = isBlock || name === 'br'
    this.#out += `<${name}${written}>`
    return voids.has(name) ? '' : `</${name}>`
  }

  /** Where a browser would move it, or close something of the page's for it. */
  #isMisplaced(name: string): boolean {
    if (name === 'a') return this.#isIn('a')
    if (name === 'li') return !this.#isIn('ul') && !this.#isIn('ol')
    return (name === 'rt' || name === 'rp') && !this.#isIn('ruby')
  }

  #isIn(name: string): boolean {
    return this.#open.some((element) => element.name === name)
  }

  #flush(): void {
    if (this.#text === '') return
    if (this.#text.trim() !== '') {
      this.#writeBreak()
      this.#isAtLineStart = false
    }
    const escaped = escapeHtml(this.#text)
    const { emoji } = this.#options
    const isCode = this.#isIn('pre') || this.#isIn('code')
    this.#out += emoji && !isCode ? customEmoji(escaped, emoji) : escaped
    this.#text = ''
  }

  #breakLine(): void {
    if (!this.#isAtLineStart) this.#needsBreak = true
  }

  #writeBreak(): void {
    if (this.#needsBreak) this.#out += '<br>'
    this.#needsBreak = false
  }
}
