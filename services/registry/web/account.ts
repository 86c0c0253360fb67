// Who a person is here, and where she is logged in.
import { html } from '@fuchsbau/shared/html.ts'
import { csrfField, time } from '@fuchsbau/shared/page/layout.ts'
import type { FastifyReply } from 'fastify'
import { audit } from '../registry.ts'
import { done, sendOwn } from './send.ts'
import type { Visit } from './visit.ts'

export function showAccount(visit: Visit): FastifyReply {
  const { web, session, csrf } = visit
  const { person, record } = session
  const sessions = web.registry.store.sessions.ofPerson(person.id)
  const body = html`<h1>Account</h1>
<dl class="facts">
<dt>Name</dt><dd>${person.name}</dd>
<dt>Login</dt><dd>${person.issuer ? new URL(person.issuer).host : 'password of this service'}</dd>
<dt>Groups</dt><dd>${person.groups.length > 0 ? person.groups.join(', ') : 'none'}</dd>
</dl>
<h2>Logged in</h2>
<ul class="rows">${sessions.map(
    (each) =>
      html`<li><div>${each.id === record.id ? html`<strong>This browser</strong>` : 'Another browser'} <span class="small">from ${each.address}, since ${time(each.createdAt)}, last seen ${time(each.usedAt)}</span></div></li>`,
  )}</ul>
${sessions.length > 1 && html`<form method="post" action="${web.site.path('account/sessions')}">${csrfField({ csrf })}<button>End the other sessions</button></form>`}`
  return sendOwn(visit, { title: 'Account', body, section: 'account' })
}

export function endOthers(visit: Visit): FastifyReply {
  const { web, session, caller, request } = visit
  const { store } = web.registry
  for (const { id } of store.sessions.ofPerson(session.person.id)) {
    if (id !== session.record.id) store.sessions.remove(id)
  }
  const reference = session.person.name
  audit(web.registry, { event: 'sessions ended', caller, address: request.ip, reference })
  return done(visit, 'account', 'ended')
}
