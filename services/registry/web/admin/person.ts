// The page of one person, as administrators see it: who she is, her sessions and her access tokens.
import { type Html, html } from '@fuchsbau/shared/html.ts'
import { buttonForm } from '@fuchsbau/shared/page/button.ts'
import { count, time } from '@fuchsbau/shared/page/layout.ts'
import { isLivePerson } from '../../account/caller.ts'
import { isLiving } from '../../manage/access-tokens.ts'
import { explain } from '../../manage/explain.ts'
import type { PersonRecord } from '../../store/records.ts'
import type { Visit } from '../visit.ts'
import { accountButtons, auditLink, row, table } from './frame.ts'
import { tokenTable } from './token-table.ts'

export function stateOf({ isEnabled, isGone }: PersonRecord): string {
  if (!isEnabled) return 'disabled'
  return isGone ? 'gone at the provider' : 'enabled'
}

export function personPage(visit: Visit, person: PersonRecord): { title: string; body: Html } {
  const { registry } = visit.web
  const { id, name } = person
  const tokens = registry.store.accessTokens.ofPerson(id)
  const living = tokens.filter((token) => isLiving(token, registry.clock.now()))
  const body = html`<h1>${name}</h1>
${facts(visit, person)}
${auditLink(visit, 'person', name)}
${sessionList(visit, person)}
<h2>Access tokens</h2>
${tokenTable(visit, { tokens, caption: `Access tokens of ${name}`, back: `people/${id}` })}
${accountForms(visit, person, living.length)}`
  return { title: name, body }
}

function facts({ web: { registry, site } }: Visit, person: PersonRecord): Html {
  const { name, issuer, groups, createdAt, checkedAt, lastLoginAt, isOwner } = person
  const admin = explain(registry, { who: name, right: 'admin', repository: undefined })
  const line = admin.ok ? admin.value.rule?.line : undefined
  const state = isLivePerson(person) ? '' : 'state'
  return html`<dl class="facts">
<dt>State</dt><dd class="${state}">${stateOf(person)}</dd>
<dt>Logs in by</dt><dd>${issuer ? new URL(issuer).host : 'password of this service'}${isOwner && ', as the owner'}</dd>
<dt>Groups</dt><dd>${groups.length > 0 ? groups.join(', ') : 'none'}</dd>
<dt>Administrator</dt><dd>${admin.ok && admin.value.isAllowed ? 'yes' : 'no'}${line && html`, by the <a href="${site.path('admin/policy')}#line-${line}">rule in line ${line}</a>`}</dd>
<dt>Here since</dt><dd>${time(createdAt)}</dd>
<dt>Last login</dt><dd>${lastLoginAt === undefined ? 'never' : time(lastLoginAt)}</dd>
${issuer && html`<dt>Provider asked</dt><dd>${time(checkedAt)}</dd>`}
</dl>`
}

function sessionList(visit: Visit, { id, name }: PersonRecord): Html {
  const sessions = visit.web.registry.store.sessions.ofPerson(id)
  if (sessions.length === 0)
    return html`<h2>Sessions</h2><p class="small">None: ${name} is not logged in.</p>`
  const path = `admin/people/${id}/sessions`
  return html`<h2>Sessions</h2>
${table({
  caption: `Browsers in which ${name} is logged in`,
  isNamedAbove: true,
  heads: ['Last seen', 'Where', ''],
  rows: sessions.map((session) =>
    row(
      time(session.usedAt),
      html`${session.id === visit.session.record.id && 'This browser, '}${session.address}<br><span class="small">since ${time(session.createdAt)}</span>`,
      buttonForm(visit, path, 'End', {
        fields: { session: session.id },
        about: `the session from ${session.address}`,
      }),
    ),
  ),
})}
${sessions.length > 1 && html`<div class="buttons">${buttonForm(visit, path, 'End all sessions', { about: `of ${name}` })}</div>`}`
}

/** What follows is said before it happens. */
function accountForms(visit: Visit, person: PersonRecord, tokens: number): Html {
  const { id, name, isEnabled } = person
  const open = visit.web.registry.store.sessions.ofPerson(id).length
  return html`<h2>Account</h2>
${
  isEnabled
    ? html`<p>Disabled, ${name} cannot log in: ${count(open, 'session')} will end for good, and ${count(tokens, 'access token')} will be refused until the account is enabled again. Images stay.</p>`
    : html`<p>Enabled, ${name} can log in again, and ${count(tokens, 'access token')} will be good again. Revoke those that should not be.</p>`
}
${accountButtons(visit, `admin/people/${id}`, person)}`
}
