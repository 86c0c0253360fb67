// What somebody is told who may not do what she asked for: which rule says so, and whom to ask.
import { html } from '@fuchsbau/shared/html.ts'
import type { FastifyReply } from 'fastify'
import { verdict, whatNext } from '../account/rights.ts'
import type { Repository } from '../name.ts'
import type { Right } from '../policy/policy.ts'
import { audit } from '../registry.ts'
import { sendOwn } from './send.ts'
import type { Visit } from './visit.ts'

/** The policy alone is asked: nobody looks whether there is such a repository, and the page is the same if not. */
export function sendDenied(visit: Visit, right: Right, repository?: Repository): FastifyReply {
  const { web, caller, session, request } = visit
  const found = verdict(web.registry.policy.current, caller, right, repository)
  const why = found.isAllowed ? 'It was allowed meanwhile: try again.' : found.why
  const next = found.isAllowed ? '' : whatNext(web.registry, caller, found)
  audit(web.registry, {
    event: 'denied',
    caller,
    address: request.ip,
    repository,
    outcome: `${right}: ${why}`,
  })
  const { name, groups, issuer } = session.person
  const body = html`<section class="narrow">
<p class="status">403</p>
<h1>You may not do that</h1>
<p>${why}</p>
<p>${next} Whoever decides that needs to know:</p>
<dl class="facts">
<dt>You</dt><dd>${name}</dd>
${issuer && html`<dt>Your groups</dt><dd>${groups.length > 0 ? groups.join(', ') : 'none'}</dd>`}
<dt>The right</dt><dd>${right}</dd>
${repository && html`<dt>Repository</dt><dd>${repository}</dd>`}
</dl>
${issuer && html`<p class="small">The groups are those that the identity provider named last; logging out and in again asks it anew.</p>`}
${repository && html`<p class="small">This page does not say whether there is such a repository.</p>`}
<p><a href="${web.site.path('')}">To the repositories</a></p>
</section>`
  return sendOwn(visit, { title: 'You may not do that', body, section: '' }, 403)
}
