// markdown-it's rules for what Markdown does not know: mentions, hashtags, shortcodes and bare URLs; and a
// quote or list item ends with its line, as in snac's dialect (snac(5), "Message Formatting").
import type { MarkdownIt, StateBlock, StateInline, Token } from 'markdown-it'
import { isSafeLink, MAX_LINK_CHARS } from './link.ts'

/** Levels of nested quotes and lists (a list counts twice); what is deeper stays text. */
const MAX_BLOCK_LEVEL = 12

const LABEL = '[\\p{L}\\p{N}](?:[\\p{L}\\p{N}-]{0,61}[\\p{L}\\p{N}])?'
const MENTION = new RegExp(
  `@([a-z0-9_](?:[a-z0-9_.-]{0,126}[a-z0-9_])?)(?:@((?:${LABEL}\\.){0,10}${LABEL}(?::\\d{2,5})?))?`,
  'iuy',
)
const HASHTAG = /#([\p{L}\p{M}\p{N}_·・\u200c\u200d]{1,100})/uy
const SHORTCODE = /:([a-z0-9_]{1,64}):/iy
const URL_REST = /:(?:\/\/[^\s<>"`{}|\\^[\]]+|\?[^\s<>"`]+|[^\s<>"`@]{1,320}@[^\s<>"`[\]]{1,320})/y

function matchAt(pattern: RegExp, state: StateInline): RegExpExecArray | null {
  pattern.lastIndex = state.pos
  const match = pattern.exec(state.src)
  return match && pattern.lastIndex <= state.posMax ? match : null
}

function charBefore(state: StateInline, pos = state.pos): string {
  return pos > 0 ? state.src.charAt(pos - 1) : ' '
}

/** `@user` or `@user@host`, not within a word (an e-mail address) or a path. Token content: without the first `@`. */
function mention(state: StateInline, silent: boolean): boolean {
  if (state.src.charAt(state.pos) !== '@' || state.linkLevel > 0) return false
  if (/[\p{L}\p{N}_/@.]/u.test(charBefore(state))) return false
  const match = matchAt(MENTION, state)
  if (!match) return false
  if (!silent) state.push('mention', '', 0).content = match[0].slice(1)
  state.pos += match[0].length
  return true
}

/** `#tag` with at least one letter; Unicode letters, digits, `_` and `·` (as Mastodon reads it). */
function hashtag(state: StateInline, silent: boolean): boolean {
  if (state.src.charAt(state.pos) !== '#' || state.linkLevel > 0) return false
  if (/[\p{L}\p{N}_/&#=]/u.test(charBefore(state))) return false
  const tag = matchAt(HASHTAG, state)?.[1]?.replace(/[_·・\u200c\u200d]+$/u, '')
  if (!tag || !/\p{L}/u.test(tag)) return false
  if (/[\p{L}\p{N}]/u.test(state.src.charAt(state.pos + 1 + tag.length))) return false
  if (!silent) state.push('hashtag', '', 0).content = tag
  state.pos += 1 + tag.length
  return true
}

/** `:shortcode:`, kept from emphasis; whether an emoji has that name is for the renderer to say. */
function shortcode(state: StateInline, silent: boolean): boolean {
  if (state.src.charAt(state.pos) !== ':' || /[\p{L}\p{N}:]/u.test(charBefore(state))) return false
  const match = matchAt(SHORTCODE, state)
  if (!match) return false
  if (!silent) state.push('shortcode', '', 0).content = match[1] ?? ''
  state.pos += match[0].length
  return true
}

/** Cuts what belongs to the sentence, not to the URL: closing punctuation, emphasis, an unopened parenthesis. */
function trimUrl(url: string): string {
  let trimmed = url.replace(/[.,;:!?'*~]+$/, '')
  if (/[^_]_+$/.test(trimmed) && trimmed.indexOf('_') >= trimmed.replace(/_+$/, '').length) {
    trimmed = trimmed.replace(/_+$/, '')
  }
  const opened = trimmed.split('(').length
  let closed = trimmed.split(')').length
  while (closed > opened && trimmed.endsWith(')')) {
    trimmed = trimmed.slice(0, -1).replace(/[.,;:!?'*~]+$/, '')
    closed -= 1
  }
  return trimmed
}

/** `scheme://…`, `mailto:a@b`, `xmpp:a@b`, `magnet:?…` as it stands; the cursor is at the colon. */
function bareUrl(state: StateInline, silent: boolean): boolean {
  if (state.src.charAt(state.pos) !== ':' || state.linkLevel > 0) return false
  const scheme = /[a-z]+$/i.exec(state.src.slice(Math.max(0, state.pos - 8), state.pos))?.[0]
  if (!scheme || !/^[^\p{L}\p{N}]/u.test(charBefore(state, state.pos - scheme.length))) return false
  const match = matchAt(URL_REST, state)
  if (!match) return false
  if (match[0].length > MAX_LINK_CHARS) return asText(state, match[0], silent)
  const rest = trimUrl(match[0])
  const url = state.md.normalizeLink(scheme + rest)
  if (!isSafeLink(url) || !/[\p{L}\p{N}]/u.test(rest)) return false
  if (!silent) {
    if (!state.pending.endsWith(scheme)) return false
    state.pending = state.pending.slice(0, -scheme.length)
    const open = state.push('link_open', 'a', 1)
    open.attrs = [['href', url]]
    open.info = 'auto'
    state.push('text', '', 0).content = scheme + rest
    state.push('link_close', 'a', -1).info = 'auto'
  }
  state.pos += rest.length
  return true
}

/** Takes `text` as it is, so that it is not looked at again from its every colon. */
function asText(state: StateInline, text: string, silent: boolean): boolean {
  if (!silent) state.pending += text
  state.pos += text.length
  return true
}

/** Ends a quote at the first line without `>`, and a list item at the first line that is not indented. */
function noLazyLine(state: StateBlock, line: number, _end: number, silent: boolean): boolean {
  if (!silent) return false
  return state.parentType === 'blockquote' || (state.sCount[line] ?? 0) < state.blkIndent
}

/** At the deepest level everything is a paragraph, so that no text is lost to markdown-it's own limit. */
function tooDeep(state: StateBlock, line: number, end: number, silent: boolean): boolean {
  if (silent || state.level < MAX_BLOCK_LEVEL) return false
  return state.md.block.ruler.getRules('').at(-1)?.(state, line, end, false) ?? false
}

/** Adds the dialect's rules to a parser. Tokens: `mention`, `hashtag`, `shortcode`, links with info `auto`. */
export function addDialect(md: MarkdownIt): void {
  md.validateLink = isSafeLink
  md.inline.ruler.before('newline', 'bare_url', bareUrl)
  md.inline.ruler.before('newline', 'shortcode', shortcode)
  md.inline.ruler.before('newline', 'mention', mention)
  md.inline.ruler.before('newline', 'hashtag', hashtag)
  md.block.ruler.before('fence', 'too_deep', tooDeep)
  md.block.ruler.before('paragraph', 'no_lazy_line', noLazyLine, {
    alt: ['paragraph', 'blockquote'],
  })
}

/** The tokens of all paragraphs, headings and cells, flat, in order. */
export function* inlineTokens(tokens: readonly Token[]): Generator<Token> {
  for (const token of tokens) if (token.children) yield* token.children
}
