// The public page of a hashtag: what was written here under it.
import { html } from '@fuchsbau/shared/html.ts'
import { NO_INDEX } from '@fuchsbau/shared/page/layout.ts'
import { renderArticle } from './article.ts'
import { count, paging, renderPage } from './layout.ts'
import type { Site } from './site.ts'
import type { TagView } from './views.ts'

/** Pure: the same view gives the same bytes. */
export function renderTag({ tag, id, count: total, posts }: TagView, site: Site): string {
  const body = html`<h1 dir="auto">#${tag}</h1>
<p class="small">${count(total, 'public post')} from ${site.host}</p>
<div class="h-feed">
${posts.items.map((post) => renderArticle(post, { site }))}
</div>
${paging(site.tag(tag), posts)}`
  const head = html`<link rel="canonical" href="${id}">
<link rel="alternate" type="application/activity+json" href="${id}">
<meta property="og:type" content="website">
<meta property="og:site_name" content="${site.host}">
<meta property="og:title" content="#${tag}">
<meta property="og:url" content="${id}">
${posts.isFirst ? '' : NO_INDEX}`
  return renderPage({ site, title: `#${tag}`, body, head })
}
