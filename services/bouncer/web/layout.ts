// The frame of every page, with the navigation of who is logged in.
import { type Html, html } from '@fuchsbau/shared/html.ts'
import { logOutForm } from '@fuchsbau/shared/page/button.ts'
import { navigationLink, type PageContent, renderPrivate } from '@fuchsbau/shared/page/layout.ts'
import type { Visit, Web } from './visit.ts'

export type Page = PageContent<'' | 'history' | 'clients' | 'connect' | 'settings' | 'users'>

/** The whole document. */
export function renderPage({ site }: Web, page: Page, visit: Visit | undefined): string {
  return renderPrivate(page, {
    site,
    navigation: visit && navigation(visit, page.section),
    footer: visit && logOutForm(visit, `Log out ${visit.user.record.name}`),
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
