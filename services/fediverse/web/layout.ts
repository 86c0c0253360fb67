// The frame of every page, with the navigation of who is signed in; and small pieces that many pages share.
import { type Html, html } from '@fuchsbau/shared/html.ts'
import { logOutForm } from '@fuchsbau/shared/page/button.ts'
import { navigationLink, renderFrame } from '@fuchsbau/shared/page/layout.ts'
import type { Site } from './site.ts'
import type { PageOf, ViewerView } from './views.ts'

export { count, csrfField, formatDate, notice, time } from '@fuchsbau/shared/page/layout.ts'

export type Page = {
  site: Site
  /** Of the tab; the site's name is added. */
  title: string
  body: Html
  /** Further elements of the head. */
  head?: Html
  /** The signed-in reader, with the token of her forms. */
  reader?: Reader
  /** Path of the page, where the navigation marks it as the current one. */
  current?: string
}

/** Who reads a private page, and the CSRF token that her forms carry. */
export type Reader = ViewerView & { csrf: string }

/** The whole document. */
export function renderPage({ site, title, body, head, reader, current }: Page): string {
  return renderFrame({
    site,
    title,
    body,
    head,
    navigation: reader && navigation(site, reader, current),
    footer: reader
      ? logOutForm({ web: { site }, csrf: reader.csrf }, `Sign out ${reader.person.handle}`)
      : html`<p><a href="${site.path('login')}">Sign in</a></p>`,
  })
}

function navigation(site: Site, reader: Reader, current: string | undefined): Html {
  const link = (href: string, label: string, count = 0) =>
    navigationLink(href, label, { isCurrent: href === current, count })
  const { user } = reader
  return html`<nav aria-label="Main"><ul>
${link(site.own(user), 'Home')}
${link(site.own(user, 'notifications'), 'Notifications', reader.unread)}
${link(site.own(user, 'people'), 'People', reader.requests)}
${link(site.own(user, 'profile'), 'Profile')}
</ul></nav>`
}

/** Links to older posts and back to the newest. `path` is that of the page, perhaps with a query. */
export function paging(path: string, page: PageOf<unknown>): Html | '' {
  const { next, isFirst } = page
  if (!next && isFirst) return ''
  const join = path.includes('?') ? '&' : '?'
  return html`<nav class="paging" aria-label="Pages">
${isFirst ? '' : html`<a href="${path}">Newest</a>`}
${next ? html`<a rel="next" href="${path}${join}before=${encodeURIComponent(next)}">Older</a>` : ''}
</nav>`
}
