// What a person writes, as HTML for the fediverse: Markdown in snac's dialect (snac(5), "Message Formatting"),
// with mentions, hashtags and links as Mastodon writes them. No raw HTML passes.
import MarkdownIt, { type Env, type Renderer, type Token } from 'markdown-it'
import { replaceEmoticons } from './emoticon.ts'
import { type MarkupImage, takeImages } from './markup-image.ts'
import { addDialect, inlineTokens } from './markup-rules.ts'

/** Longest accepted source, in UTF-16 units. */
export const MAX_SOURCE_CHARS = 100_000

export type MarkupContext = {
  /** Who is meant by a handle (as `findMentions` spells it): actor id and page. Absent: stays text. */
  mentions: ReadonlyMap<string, { id: string; url: string }>
  /** Page of a hashtag, given in lower case without `#`. */
  tagUrl: (tag: string) => string
  /** Image URL of a custom emoji by shortcode, without colons. */
  emoji: ReadonlyMap<string, string>
  /** Images stay links in the text, where nothing can be attached (a bio); otherwise they go into `images`. */
  imagesAsLinks?: boolean
}

export type Markup = {
  html: string
  /** Handles that were resolved and linked, each once. */
  mentions: string[]
  /** In lower case, NFKC, without `#`, each once. */
  hashtags: string[]
  /** Shortcodes of the custom emoji used, each once. They stay `:shortcode:` in the HTML (tag type Emoji). */
  emoji: string[]
  /** `![alt](url)` and image URLs alone on their line, unless the context keeps them: not in the HTML. */
  images: MarkupImage[]
}

type Rendering = { context: MarkupContext; found: Markup }

const parser = createParser()

/** Handles mentioned in `source`, in lower case, each once: `user@host`, or `user` where no host was written. */
export function findMentions(source: string): string[] {
  const handles = new Set<string>()
  for (const token of inlineTokens(parse(source))) {
    if (token.type === 'mention') handles.add(token.content.toLowerCase())
  }
  return [...handles]
}

/** Renders `source` (at most MAX_SOURCE_CHARS, else RangeError). The HTML is one line, its size linear in the source. */
export function renderMarkdown(source: string, context: MarkupContext): Markup {
  const { tokens, images } = takeImages(parse(source), !context.imagesAsLinks)
  const found: Markup = { html: '', mentions: [], hashtags: [], emoji: [], images }
  const env: Env & Rendering = { context, found }
  found.html = parser.renderer.render(tokens, parser.options, env)
  found.mentions = [...new Set(found.mentions)]
  found.hashtags = [...new Set(found.hashtags)]
  found.emoji = [...new Set(found.emoji)]
  return found
}

function parse(source: string): Token[] {
  if (source.length > MAX_SOURCE_CHARS) throw new RangeError('markup: source too long')
  const tokens = parser.parse(source, {})
  for (const token of tokens) {
    token.block = false // no newlines between blocks: some clients show them
    if (token.type.startsWith('heading_')) token.tag = token.markup.length < 3 ? 'h2' : 'h3'
  }
  for (const token of inlineTokens(tokens)) {
    if (token.type === 'text') token.content = replaceEmoticons(token.content)
  }
  return tokens
}

function createParser(): InstanceType<typeof MarkdownIt> {
  const md = new MarkdownIt({ html: false, breaks: true, maxNesting: 32 })
  md.disable(['code', 'lheading', 'reference', 'table', 'html_block', 'html_inline', 'linkify'])
  addDialect(md)
  addRenderers(md.renderer, md.utils.escapeHtml)
  return md
}

function addRenderers(renderer: Renderer, escapeHtml: (text: string) => string): void {
  const content = (tokens: Token[], index: number) => tokens[index]?.content ?? ''
  const isUnderline = (tokens: Token[], index: number) => tokens[index]?.markup === '__'
  Object.assign(renderer.rules, {
    softbreak: () => '<br>',
    hardbreak: () => '<br>',
    hr: () => '<hr>',
    strong_open: (tokens, index) => (isUnderline(tokens, index) ? '<u>' : '<strong>'),
    strong_close: (tokens, index) => (isUnderline(tokens, index) ? '</u>' : '</strong>'),
    fence: (tokens, index) => `<pre><code>${escapeHtml(content(tokens, index))}</code></pre>`,
    link_open: (tokens, index) => {
      const href = String(tokens[index]?.attrGet('href') ?? '')
      return `<a href="${escapeHtml(href)}" rel="nofollow noopener noreferrer">`
    },
    mention: (tokens, index, _options, env) => {
      const handle = content(tokens, index)
      const { context, found } = env as unknown as Rendering
      const actor = context.mentions.get(handle.toLowerCase())
      if (!actor) return escapeHtml(`@${handle}`)
      found.mentions.push(handle.toLowerCase())
      const name = escapeHtml(handle.split('@')[0] ?? '')
      return `<span class="h-card"><a href="${escapeHtml(actor.url)}" class="u-url mention">@<span>${name}</span></a></span>`
    },
    hashtag: (tokens, index, _options, env) => {
      const name = content(tokens, index)
      const tag = name.normalize('NFKC').toLowerCase()
      const { context, found } = env as unknown as Rendering
      found.hashtags.push(tag)
      return `<a href="${escapeHtml(context.tagUrl(tag))}" class="mention hashtag" rel="tag">#<span>${escapeHtml(name)}</span></a>`
    },
    shortcode: (tokens, index, _options, env) => {
      const code = content(tokens, index)
      const { context, found } = env as unknown as Rendering
      if (!context.emoji.has(code)) return escapeHtml(replaceEmoticons(`:${code}:`))
      found.emoji.push(code)
      return `:${code}:`
    },
  } satisfies Renderer['rules'])
}
