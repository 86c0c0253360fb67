// The first page of the site: who lives here.
import { type Html, html } from '@fuchsbau/shared/html.ts'
import { count, renderPage } from './layout.ts'
import { avatar, personName } from './person.ts'
import type { Site } from './site.ts'
import type { LandingView } from './views.ts'

/** Pure: the same view gives the same bytes. */
export function renderLanding({ about, people }: LandingView, site: Site): string {
  const body = html`<section class="welcome">
<img src="${site.logoPath}" alt="" width="112" height="112">
<h1>${site.host}</h1>
<p>${about || 'A small den in the fediverse.'}</p>
</section>
<section aria-labelledby="people"><h2 id="people">Who lives here</h2>
<ul class="residents">${people.map(resident)}</ul>
${people.length === 0 ? html`<p class="empty">Nobody yet.</p>` : ''}</section>`
  const head = html`<link rel="canonical" href="${site.base}/">
<meta property="og:type" content="website">
<meta property="og:title" content="${site.host}">
<meta property="og:description" content="${about || 'A small den in the fediverse.'}">
`
  return renderPage({ site, title: site.host, body, head })
}

function resident({ person, bio, posts }: LandingView['people'][number]): Html {
  return html`<li class="h-card"><a class="u-url" href="${person.url}">${avatar(person, 64)}<span class="who"><span class="p-name">${personName(person)}</span> <span class="handle">${person.handle}</span></span></a>
${bio ? html`<p class="p-note" dir="auto">${bio}</p>` : ''}<p class="small">${count(posts, 'post')}</p></li>`
}
