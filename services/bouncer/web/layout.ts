// The frame of every page, with the navigation of who is logged in.
import { type Html, html } from '@fuchsbau/shared/html.ts'
import { csrfField, navigationLink, notice, renderFrame } from '@fuchsbau/shared/page/layout.ts'
import type { Visit, Web } from './visit.ts'

export interface Page {
  title: string
  body: Html
  /** What was done; what went wrong. */
  message?: string | undefined
  problem?: string | undefined
  /** Which link of the navigation is this page, or leads to it. */
  section?: '' | 'history' | 'clients' | 'connect' | 'settings' | 'users'
}

const NO_INDEX = html`<meta name="robots" content="noindex">\n`

/** The whole document. */
export function renderPage(web: Web, page: Page, visit: Visit | undefined): string {
  const { title, message, problem } = page
  const body = html`${notice(message)}${notice(problem, 'bad')}
${page.body}`
  return renderFrame({
    site: web.site,
    title: problem ? `Error: ${title}` : title,
    body,
    head: NO_INDEX,
    navigation: visit && navigation(visit, page.section),
    footer: visit && logOutForm(visit),
  })
}

function navigation({ web: { site }, user }: Visit, section: Page['section']): Html {
  const link = (path: NonNullable<Page['section']>, label: string) =>
    navigationLink(site.path(path), label, { isCurrent: path === section })
  return html`<nav aria-label="Main"><ul>
${link('', 'Networks')}
${link('history', 'History')}
${link('clients', 'Clients')}
${link('connect', 'Connect')}
${link('settings', 'Settings')}
${user.record.isAdmin ? link('users', 'Server') : ''}
</ul></nav>`
}

function logOutForm({ web: { site }, csrf, user }: Visit): Html {
  return html`<form method="post" action="${site.path('logout')}">${csrfField({ csrf })}<button class="link">Log out ${user.record.name}</button></form>`
}

/** A form that is one button. Hidden fields go with it. */
export function buttonForm(
  { web: { site }, csrf }: Visit,
  path: string,
  label: string,
  { fields = {}, about = '', className = '' }: ButtonOptions = {},
): Html {
  const more = about && html`<span class="hidden"> ${about}</span>`
  return html`<form method="post" action="${site.path(path)}">${csrfField({ csrf })}${Object.entries(
    fields,
  ).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  )}<button class="${className || 'small-button'}">${label}${more}</button></form>`
}

interface ButtonOptions {
  fields?: Record<string, string | number>
  /** What the button is about, where only the eye can tell. */
  about?: string
  className?: string
}

/** A link that looks like those buttons. */
export function buttonLink(href: string, label: string, about = ''): Html {
  return html`<a class="small-button" href="${href}">${label}${about && html`<span class="hidden"> ${about}</span>`}</a>`
}
