// The frame of every page, with the navigation of who is logged in; and pieces that several pages share.
import { type Html, html } from '@fuchsbau/shared/html.ts'
import { logOutForm } from '@fuchsbau/shared/page/button.ts'
import { navigationLink, type PageContent, renderPrivate } from '@fuchsbau/shared/page/layout.ts'
import { verdict } from '../account/rights.ts'
import type { Visit, Web } from './visit.ts'

export type Page = PageContent<'' | 'tokens' | 'account' | 'admin'>

/** The whole document. */
export function renderPage({ site, registry }: Web, page: Page, visit: Visit | undefined): string {
  const above =
    registry.isEvaluation &&
    html`<p class="notice">Evaluation storage: images are kept by this service itself. Set <code>registry.upstream</code> to a registry such as Zot before you rely on it.</p>`
  return renderPrivate(page, {
    site,
    above,
    navigation: visit && navigation(visit, page.section),
    footer: visit && logOutForm(visit, `Log out ${visit.session.person.name}`),
  })
}

function navigation(visit: Visit, section: Page['section']): Html {
  const { site, registry } = visit.web
  const isAdmin = verdict(registry.policy.current, visit.caller, 'admin').isAllowed
  const link = (path: NonNullable<Page['section']>, label: string) =>
    navigationLink(site.path(path), label, { isCurrent: path === section })
  return html`<nav aria-label="Main"><ul>
${link('', 'Repositories')}
${link('tokens', 'Access tokens')}
${link('account', 'Account')}
${isAdmin && link('admin', 'Administration')}
</ul></nav>`
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
