// A user's public posts as RSS 2.0. https://www.rssboard.org/rss-specification
import { type Html, html, raw } from '@fuchsbau/shared/html.ts'
import { plainText } from '../post/sanitize.ts'
import { nameText } from './person.ts'
import type { Site } from './site.ts'
import type { EnclosureView, FeedView } from './views.ts'

export const RSS = 'application/rss+xml; charset=utf-8'

/** The whole document. Pure: the same view gives the same bytes. */
export function renderFeed({ person, about, language, posts }: FeedView, site: Site): string {
  const name = `${nameText(person)} (${person.handle})`
  const page = `${site.base}/${person.handle.split('@')[1] ?? ''}`
  const changedAt = Math.max(
    0,
    ...posts.map(({ post: { publishedAt, editedAt = 0 } }) => Math.max(publishedAt, editedAt)),
  )
  const feed = html`${raw('<?xml version="1.0" encoding="UTF-8"?>')}
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/">
<channel>
<title>${name}</title>
<link>${page}</link>
<description>${about || `Public posts of ${name}`}</description>
<language>${language}</language>
<atom:link rel="self" type="application/rss+xml" href="${page}.rss"/>
${changedAt > 0 ? html`<lastBuildDate>${date(changedAt)}</lastBuildDate>\n` : ''}<generator>${site.software.name} ${site.software.version}</generator>
${person.avatarUrl ? html`<image><url>${person.avatarUrl}</url><title>${name}</title><link>${page}</link></image>\n` : ''}${posts.map(item)}</channel>
</rss>
`
  return feed.text.replace(NOT_XML, '\ufffd')
}

function item({ post, enclosures }: FeedView['posts'][number]): Html {
  const { id, url, title, warning, content, publishedAt } = post
  const text = title ?? warning ?? plainText(content.text, 80)
  const [first] = enclosures
  const description = warning
    ? html`<p><strong>Content warning:</strong> ${warning}</p><hr>${content}`
    : content
  // Content is text here: the HTML of the post, escaped once more.
  return html`<item>
<guid isPermaLink="${id === url}">${id}</guid>
<link>${url}</link>
<pubDate>${date(publishedAt)}</pubDate>
<title>${text || 'Post'}</title>
<description>${description.text}</description>
${first ? html`<enclosure url="${first.url}" length="${first.bytes}" type="${first.mediaType}"/>\n` : ''}${enclosures.map(media)}</item>
`
}

/** RSS has one enclosure an item; this has them all, with their descriptions. https://www.rssboard.org/media-rss */
function media({ url, mediaType, bytes, name }: EnclosureView): Html {
  const size = bytes > 0 ? html` fileSize="${bytes}"` : ''
  return html`<media:content url="${url}" type="${mediaType}"${size}>${
    name ? html`<media:description type="plain">${name}</media:description>` : ''
  }</media:content>
`
}

/** As RFC 822 has it, with four digits for the year. */
const date = (at: number) => new Date(at).toUTCString()

/** What no XML 1.0 document may hold, not even escaped. https://www.w3.org/TR/xml/#charsets */
const NOT_XML =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g
