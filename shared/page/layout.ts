// The frame of every page: head, site header, footer; and small pieces that many pages share.
import { type Html, type HtmlValue, html } from '../html.ts'
import type { PageSite } from './site.ts'

export type PageFrame = {
  site: PageSite
  /** Of the tab; the site's name is added. */
  title: string
  body: Html
  /** Further elements of the head. */
  head?: Html | undefined
  /** Beside the name of the site. */
  navigation?: Html | undefined
  /** At the end of the page, beside the name of the software. */
  footer?: Html | undefined
}

/** The whole document. */
export function renderFrame({ site, title, body, head, navigation, footer }: PageFrame): string {
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
${navigation}
</header>
<main id="main">
${body}
</main>
<footer class="site">
<p>${site.software.name} ${site.software.version}</p>
${footer}
</footer>
</body>
</html>
`.text
}

/** What a page for people says. `Section`: links of the navigation. */
export type PageContent<Section extends string = string> = {
  title: string
  body: Html
  /** What was done; what went wrong. */
  message?: string | undefined
  problem?: string | undefined
  /** Which link of the navigation is this page, or leads to it. */
  section?: Section
}

/** The whole document of a page with its messages, which no search engine keeps. `above`: before them, on every page. */
export function renderPrivate(
  { title, body, message, problem }: PageContent,
  { above, ...frame }: Pick<PageFrame, 'site' | 'navigation' | 'footer'> & { above?: HtmlValue },
): string {
  return renderFrame({
    ...frame,
    title: problem ? `Error: ${title}` : title,
    head: NO_INDEX,
    body: html`${above}${notice(message)}${notice(problem, 'bad')}
${body}`,
  })
}

export const NO_INDEX = html`<meta name="robots" content="noindex">\n`

/** A link of the navigation; `count` of new things, when there are. */
export function navigationLink(
  href: string,
  label: string,
  { isCurrent = false, count = 0 }: { isCurrent?: boolean; count?: number } = {},
): Html {
  return html`<li><a href="${href}"${
    isCurrent ? html` aria-current="page"` : ''
  }>${label}${count > 0 ? html` <span class="badge">${count}<span class="hidden"> new</span></span>` : ''}</a></li>`
}

export function csrfField({ csrf }: { csrf: string }): Html {
  return html`<input type="hidden" name="csrf" value="${csrf}">`
}

/** A message above the page; `role` makes screen readers say it. */
export function notice(text: string | undefined, kind: 'good' | 'bad' = 'good'): Html | '' {
  if (!text) return ''
  return html`<p class="notice ${kind}" role="${kind === 'bad' ? 'alert' : 'status'}">${text}</p>`
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

/** `1 second`, `5 minutes`. */
export function waitInWords(seconds: number): string {
  return seconds < 90 ? count(seconds, 'second') : count(Math.ceil(seconds / 60), 'minute')
}
