// Forms that are one button, and links that look like them.
import { type Html, html } from '../html.ts'
import { csrfField } from './layout.ts'
import type { PageSite } from './site.ts'

/** Where a button stands: the site, and the token of the session's forms. */
export type ButtonPlace = { web: { site: PageSite }; csrf: string }

export type ButtonOptions = {
  /** Hidden fields. */
  fields?: Readonly<Record<string, string | number>>
  /** What the button is about, where only the eye can tell. */
  about?: string
  className?: string
}

/** A form that is one button; it posts to `path`, below the site. */
export function buttonForm(
  { web: { site }, csrf }: ButtonPlace,
  path: string,
  label: string,
  { fields = {}, about = '', className = '' }: ButtonOptions = {},
): Html {
  return html`<form method="post" action="${site.path(path)}">${csrfField({ csrf })}${Object.entries(
    fields,
  ).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  )}<button class="${className || 'small-button'}">${label}${hidden(about)}</button></form>`
}

/** A link that looks like those buttons. */
export function buttonLink(href: string, label: string, about = ''): Html {
  return html`<a class="small-button" href="${href}">${label}${hidden(about)}</a>`
}

/** At the end of every page; `label` names who is logged in. */
export function logOutForm({ web: { site }, csrf }: ButtonPlace, label: string): Html {
  return html`<form method="post" action="${site.path('logout')}">${csrfField({ csrf })}<button class="link">${label}</button></form>`
}

const hidden = (about: string) => about && html`<span class="hidden"> ${about}</span>`
