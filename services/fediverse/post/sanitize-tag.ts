// The list of what may stand in HTML of other servers, and how its attributes are written.
import { escapeHtml } from '@fuchsbau/shared/html.ts'
import { isSafeLink } from './link.ts'

export type Emoji = ReadonlyMap<string, string>

/** `as`: the tag that is written, undefined when it is left out. */
type Tag = { as: string | undefined; isBlock: boolean }

const inline = [
  ...[
    'a',
    'abbr',
    'b',
    'bdi',
    'br',
    'cite',
    'code',
    'del',
    'em',
    'i',
    'ins',
    'kbd',
    'q',
    'rp',
    'rt',
  ],
  ...['ruby', 's', 'small', 'span', 'strong', 'sub', 'sup', 'u', 'wbr'],
]
const block = ['blockquote', 'hr', 'li', 'ol', 'p', 'pre', 'ul']
const blockLeftOut = [
  ...['address', 'article', 'aside', 'center', 'dd', 'details', 'div', 'dl', 'dt', 'fieldset'],
  ...['figcaption', 'figure', 'footer', 'form', 'header', 'legend', 'main', 'nav', 'section'],
  ...['summary', 'table', 'tr'],
]

/** Headings go two levels down: the page has its own above. */
const tags: ReadonlyMap<string, Tag> = new Map<string, Tag>([
  ...inline.map((name): [string, Tag] => [name, { as: name, isBlock: false }]),
  ...block.map((name): [string, Tag] => [name, { as: name, isBlock: true }]),
  ...blockLeftOut.map((name): [string, Tag] => [name, { as: undefined, isBlock: true }]),
  ...[1, 2, 3, 4, 5, 6].map(
    (level) => [`h${level}`, { as: `h${Math.min(level + 2, 6)}`, isBlock: true }] as const,
  ),
  ['strike', { as: 's', isBlock: false }],
  ['tt', { as: 'code', isBlock: false }],
])
const unknown: Tag = { as: undefined, isBlock: false }

export function tagOf(name: string): Tag {
  return tags.get(name) ?? unknown
}

/** Classes that Mastodon gives a meaning. */
const classes = new Set([
  'ellipsis',
  'h-card',
  'hashtag',
  'invisible',
  'mention',
  'quote-inline',
  'u-url',
])

/** The attributes as written, each with a space before it; undefined when the tag is pointless without them. */
export function attributesOf(
  name: string,
  given: Record<string, string>,
  isOwnProfile: boolean,
): string | undefined {
  switch (name) {
    case 'a':
      return linkAttributes(given, isOwnProfile)
    case 'span':
      return classAttribute(given.class) || undefined
    case 'p':
      return classAttribute(given.class)
    case 'ol':
      return `${number('start', given.start)}${given.reversed === undefined ? '' : ' reversed'}`
    case 'li':
      return number('value', given.value)
    default:
      return ''
  }
}

function linkAttributes(given: Record<string, string>, isOwnProfile: boolean): string | undefined {
  const href = given.href?.trim() ?? ''
  if (!isSafeLink(href)) return
  const rel = [
    ...(isOwnProfile ? ['me'] : []),
    ...(/(?:^|\s)tag(?:\s|$)/.test(given.rel ?? '') ? ['tag'] : []),
    'nofollow noopener noreferrer',
  ]
  return ` href="${escapeHtml(href)}"${classAttribute(given.class)} rel="${rel.join(' ')}"`
}

function classAttribute(value = ''): string {
  const kept = value.split(/\s+/, 20).filter((name) => classes.has(name))
  return kept.length > 0 ? ` class="${kept.join(' ')}"` : ''
}

function number(name: string, value = ''): string {
  return /^-?\d{1,9}$/.test(value) ? ` ${name}="${value}"` : ''
}

/** Puts images in place of the shortcodes in escaped text. */
export function customEmoji(escaped: string, emoji: Emoji): string {
  if (emoji.size === 0 || !escaped.includes(':')) return escaped
  return escaped.replace(/:([\w-]{1,64}):/g, (text, code: string) => {
    const url = emoji.get(code)
    if (!url || !/^https?:/i.test(url) || !isSafeLink(url)) return text
    return `<img class="emoji" src="${escapeHtml(url)}" alt="${text}" title="${text}" width="20" height="20" loading="lazy">`
  })
}
