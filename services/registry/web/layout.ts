// The frame of every page, with the navigation of who is logged in; and pieces that several pages share.
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
  section?: '' | 'tokens' | 'account'
}

const NO_INDEX = html`<meta name="robots" content="noindex">\n`

/** The whole document. */
export function renderPage(web: Web, page: Page, visit: Visit | undefined): string {
  const { title, message, problem } = page
  const evaluation =
    web.registry.isEvaluation &&
    html`<p class="notice">Evaluation storage: images are kept by this service itself. Set <code>registry.upstream</code> to a registry such as Zot before you rely on it.</p>`
  const body = html`${evaluation}${notice(message)}${notice(problem, 'bad')}
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

function navigation({ web: { site } }: Visit, section: Page['section']): Html {
  const link = (path: NonNullable<Page['section']>, label: string) =>
    navigationLink(site.path(path), label, { isCurrent: path === section })
  return html`<nav aria-label="Main"><ul>
${link('', 'Repositories')}
${link('tokens', 'Access tokens')}
${link('account', 'Account')}
</ul></nav>`
}

function logOutForm({ web: { site }, csrf, session }: Visit): Html {
  return html`<form method="post" action="${site.path('logout')}">${csrfField({ csrf })}<button class="link">Log out ${session.person.name}</button></form>`
}

/** A form that is one button. */
export function buttonForm(
  { web: { site }, csrf }: Visit,
  path: string,
  label: string,
  about: string,
): Html {
  return html`<form method="post" action="${site.path(path)}">${csrfField({ csrf })}<button class="small-button">${label}<span class="hidden"> ${about}</span></button></form>`
}

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB']

/** `1.2 MiB`. */
export function sizeInWords(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10))
  const number = bytes / 1024 ** power
  return `${power === 0 ? number : number.toFixed(number < 10 ? 1 : 0)} ${UNITS[power]}`
}

/** `sha256:0123456789ab…`, whole for who hovers or copies. */
export function shortDigest(digest: string): Html {
  return html`<code title="${digest}">${digest.slice(0, digest.indexOf(':') + 13)}…</code>`
}
