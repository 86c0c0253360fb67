// A person's public page: who she is, what she pinned, what she wrote.
import { type Html, html } from '@fuchsbau/shared/html.ts'
import { NO_INDEX } from '@fuchsbau/shared/page/layout.ts'
import { plainText } from '../post/sanitize.ts'
import { renderArticle } from './article.ts'
import { count, formatDate, paging, renderPage } from './layout.ts'
import { avatar, nameText, personName } from './person.ts'
import type { Site } from './site.ts'
import type { ProfileView } from './views.ts'

/** The page of a local user, for everyone. Pure: the same view gives the same bytes. */
export function renderProfile(view: ProfileView, site: Site): string {
  const { person, posts, pinned } = view
  const list = [...(posts.isFirst ? pinned : []), ...posts.items]
  const body = html`<article class="profile h-card">
${card(view, site)}
</article>
<section aria-labelledby="posts">
<h2 id="posts"${posts.isFirst ? html` class="hidden"` : ''}>${posts.isFirst ? 'Posts' : 'Older posts'}</h2>
<div class="h-feed">
${list.map((post) => renderArticle(post, { site }))}
${list.length === 0 ? html`<p class="empty">Nothing here yet.</p>` : ''}
</div>
${paging(site.path(localName(person.handle)), posts)}
</section>`
  return renderPage({
    site,
    title: `${nameText(person)} (${person.handle})`,
    head: head(view, site),
    body,
  })
}

function card(view: ProfileView, site: Site): Html {
  const { person, bio, fields, counts, movedTo, headerUrl } = view
  return html`${headerUrl ? html`<img class="banner" src="${headerUrl}" alt="">` : ''}
<div class="card">${person.avatarUrl ? html`<img class="avatar u-photo" src="${person.avatarUrl}" alt="" width="96" height="96">` : avatar(person, 96)}
<div><h1 class="p-name">${personName(person)}</h1>
<p class="handle"><a class="u-url u-uid" href="${person.url}">${person.handle}</a>${tags(view)}</p></div></div>
${movedTo ? html`<p class="notice">Moved to <a rel="me" href="${movedTo.url}">${movedTo.handle}</a>.</p>` : ''}
<div class="p-note content" dir="auto">${bio}</div>
${
  fields.length > 0
    ? html`<dl class="fields">${fields.map(({ name, value }) => html`<div><dt dir="auto">${name}</dt><dd dir="auto">${value}</dd></div>`)}</dl>`
    : ''
}
<p class="counts">${count(counts.posts, 'post')} · follows ${counts.following.toLocaleString('en')} · ${count(counts.followers, 'follower')} · since ${formatDate(view.createdAt)} · <a href="${site.path(`${localName(person.handle)}.rss`)}">Feed</a></p>
<details class="follow"><summary>How to follow</summary>
<p>Search for <strong>${person.handle}</strong> on the server where you have your account (Mastodon, GoToSocial, snac, …), then follow from there.</p></details>`
}

function tags({ isBot, isLocked }: ProfileView): Html {
  return html`${isBot ? html` <span class="tag">automated</span>` : ''}${isLocked ? html` <span class="tag">approves followers</span>` : ''}`
}

function head({ person, bio, isDiscoverable, posts }: ProfileView, site: Site): Html {
  const url = `${site.base}/${localName(person.handle)}`
  return html`<link rel="canonical" href="${url}">
<link rel="alternate" type="application/activity+json" href="${person.id}">
<link rel="alternate" type="application/rss+xml" href="${url}.rss" title="${nameText(person)}">
<meta property="og:type" content="profile">
<meta property="og:site_name" content="${site.host}">
<meta property="og:title" content="${nameText(person)} (${person.handle})">
<meta property="og:url" content="${url}">
<meta property="og:description" content="${plainText(bio.text, 200)}">
${person.avatarUrl ? html`<meta property="og:image" content="${person.avatarUrl}">\n` : ''}${
  isDiscoverable && posts.isFirst ? '' : NO_INDEX
}`
}

function localName(handle: string): string {
  return handle.split('@')[1] ?? ''
}
