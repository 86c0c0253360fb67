// The frame of every page: head, site header, navigation, footer; and small pieces that many pages share.
import { type Html, html } from '@fuchsbau/shared/html.ts'
import type { Site } from './site.ts'
import type { PageOf, ViewerView } from './views.ts'

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
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${title === site.host ? title : `${title} · ${site.host}`}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="stylesheet" href="${site.stylePath}">
<link rel="icon" href="${site.logoPath}" type="image/svg+xml">
${head}</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header class="site">
<a class="brand" href="${site.path('')}"><img src="${site.logoPath}" alt="" width="36" height="36"><span>${site.host}</span></a>
${reader ? navigation(site, reader, current) : ''}
</header>
<main id="main">
${body}
</main>
<footer class="site">
<p>${site.software.name} ${site.software.version}</p>
${reader ? signOutForm(site, reader) : html`<p><a href="${site.path('login')}">Sign in</a></p>`}
</footer>
</body>
</html>
`.text
}

function navigation(site: Site, reader: Reader, current: string | undefined): Html {
  const link = (href: string, label: string, count = 0) =>
    html`<li><a href="${href}"${
      href === current ? html` aria-current="page"` : ''
    }>${label}${count > 0 ? html` <span class="badge">${count}<span class="hidden"> new</span></span>` : ''}</a></li>`
  const { user } = reader
  return html`<nav aria-label="Main"><ul>
${link(site.own(user), 'Home')}
${link(site.own(user, 'notifications'), 'Notifications', reader.unread)}
${link(site.own(user, 'people'), 'People', reader.requests)}
${link(site.own(user, 'profile'), 'Profile')}
</ul></nav>`
}

function signOutForm(site: Site, reader: Reader): Html {
  return html`<form method="post" action="${site.path('logout')}">${csrfField(reader)}<button class="link">Sign out ${reader.person.handle}</button></form>`
}

export function csrfField(reader: Reader): Html {
  return html`<input type="hidden" name="csrf" value="${reader.csrf}">`
}

/** A message above the page; `role` makes screen readers say it. */
export function notice(text: string | undefined, kind: 'good' | 'bad' = 'good'): Html | '' {
  if (!text) return ''
  return html`<p class="notice ${kind}" role="${kind === 'bad' ? 'alert' : 'status'}">${text}</p>`
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

/** An instant, as `22 Nov 2026, 18:36 UTC`, or the day only. */
export function time(at: number, className = '', isShort = false): Html {
  const iso = new Date(at).toISOString()
  const classes = className && html` class="${className}"`
  return html`<time${classes} datetime="${iso}">${formatDate(at)}${isShort ? '' : `, ${iso.slice(11, 16)} UTC`}</time>`
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** As `22 Nov 2026`, in UTC. */
export function formatDate(at: number): string {
  const date = new Date(at)
  return `${date.getUTCDate()} ${months[date.getUTCMonth()]} ${date.getUTCFullYear()}`
}

/** `1 post`, `2 posts`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString('en')} ${number === 1 ? one : many}`
}
