// The frame of the administrators' pages, for whom they are, and pieces that several of them share.
import { type Html, html } from '@fuchsbau/shared/html.ts'
import { buttonForm, buttonLink } from '@fuchsbau/shared/page/button.ts'
import { numberOf } from '@fuchsbau/shared/page/form.ts'
import { navigationLink } from '@fuchsbau/shared/page/layout.ts'
import type { FastifyReply } from 'fastify'
import type { Administrator } from '../../manage/administer.ts'
import { audit } from '../../registry.ts'
import type { Store } from '../../store/store.ts'
import type { Page } from '../layout.ts'
import { addressOf } from '../paging.ts'
import { sendError, sendOwn } from '../send.ts'
import { type Handler, mayNot, type Visit } from '../visit.ts'

const TABS = {
  people: 'People',
  robots: 'Robots',
  tokens: 'Tokens',
  audit: 'Audit',
  policy: 'Policy',
} as const
export type Tab = keyof typeof TABS

/** Others do not learn that these pages are there. That they have tried is in the audit. */
export function isAdministrator(visit: Visit): boolean {
  const why = mayNot(visit, 'admin')
  if (why === undefined) return true
  const { web, caller, request } = visit
  const outcome = 'admin: The pages of administrators.'
  audit(web.registry, { event: 'denied', caller, address: request.ip, outcome })
  return false
}

/** She who changes something, for the audit. */
export function administratorOf({ web, caller, request }: Visit): Administrator {
  return { on: web.registry, by: caller, address: request.ip }
}

export function sendAdmin(
  visit: Visit,
  tab: Tab,
  page: Omit<Page, 'section'>,
  status = 200,
): FastifyReply {
  const { site } = visit.web
  const links = Object.entries(TABS).map(([path, label]) =>
    navigationLink(site.path(`admin/${path}`), label, { isCurrent: path === tab }),
  )
  const body = html`<nav class="tabs" aria-label="Administration"><ul>${links}</ul></nav>
${page.body}`
  return sendOwn(visit, { ...page, body, section: 'admin' }, status)
}

export interface Table {
  caption: string
  /** The heading above says the same to who sees it. */
  isNamedAbove?: boolean
  /** An empty one stands above buttons. */
  heads: readonly string[]
  rows: readonly Html[]
}

/** Cells of a row: the first is its head. */
export function row(head: Html, ...cells: (Html | string)[]): Html {
  return html`<tr><th scope="row">${head}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`
}

export function table({ caption, heads, rows, isNamedAbove = false }: Table): Html {
  return html`<div class="table"><table><caption${isNamedAbove && html` class="hidden"`}>${caption}</caption><thead><tr>${heads.map(
    (head) =>
      html`<th scope="col">${head || html`<span class="hidden">What can be done</span>`}</th>`,
  )}</tr></thead><tbody>${rows}</tbody></table></div>`
}

/** The next page of a list that was cut, with the same filters. */
export function moreLink(
  { web: { site } }: Visit,
  path: string,
  parameters: Readonly<Record<string, string | undefined>>,
  label: string,
): Html {
  return html`<p class="paging"><a href="${addressOf(site.path(path), parameters)}">${label}</a></p>`
}

/** For the person or the robot with the id of the address; nobody else is there. */
export function ofId<T>(
  find: (store: Store, id: number) => T | undefined,
  handle: (visit: Visit, found: T) => FastifyReply,
): Handler {
  return (visit) => {
    const found = find(visit.web.registry.store, numberOf(visit.request.params.id))
    return found === undefined ? sendError(visit, 404) : handle(visit, found)
  }
}

/** To the lines of the audit of `person:NAME` or `robot:NAME`. */
export function auditLink({ web: { site } }: Visit, kind: 'person' | 'robot', name: string): Html {
  const address = addressOf(site.path('admin/audit'), { who: `${kind}:${name}` })
  return html`<div class="buttons">${buttonLink(address, `What ${name} did`)}</div>`
}

/** To disable an account, or enable it again, and to delete it. `path`: its page. */
export function accountButtons(
  visit: Visit,
  path: string,
  { name, isEnabled, isOwner = false }: { name: string; isEnabled: boolean; isOwner?: boolean },
): Html {
  return html`<div class="buttons">${
    isEnabled
      ? buttonForm(visit, `${path}/disable`, 'Disable', { about: name })
      : buttonForm(visit, `${path}/enable`, 'Enable', { about: name })
  }${!isOwner && buttonLink(visit.web.site.path(`${path}/delete`), 'Delete …')}</div>`
}
