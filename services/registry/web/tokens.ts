// A person's access tokens: made, shown once, revoked.
import { type Html, html } from '@fuchsbau/shared/html.ts'
import { buttonForm } from '@fuchsbau/shared/page/button.ts'
import { numberOf } from '@fuchsbau/shared/page/form.ts'
import { time } from '@fuchsbau/shared/page/layout.ts'
import type { FastifyReply } from 'fastify'
import {
  isLiving,
  type MadeToken,
  makeAccessToken,
  revokeAccessToken,
} from '../manage/access-tokens.ts'
import { audit } from '../registry.ts'
import type { AccessTokenRecord } from '../store/records.ts'
import { done, sendError, sendOwn } from './send.ts'
import { limitsInWords, shownToken, tokenForm, useInWords, wantedToken } from './token-form.ts'
import type { Visit } from './visit.ts'

export function showTokens(visit: Visit): FastifyReply {
  return sendOwn(visit, tokensPage(visit))
}

export function makeToken(visit: Visit): FastifyReply {
  const { web, session, fields, caller, request } = visit
  const { store, clock } = web.registry
  const made = makeAccessToken(
    { store, clock, maxAgeMs: web.registry.maxTokenAgeMs },
    { personId: session.person.id },
    wantedToken(fields),
  )
  if (!made.ok) return sendOwn(visit, { ...tokensPage(visit), problem: made.reason }, 422)
  const reference = made.value.record.label
  audit(web.registry, { event: 'token made', caller, address: request.ip, reference })
  return sendOwn(visit, tokensPage(visit, made.value))
}

/** One of hers; those of others are not there. */
export function revokeToken(visit: Visit): FastifyReply {
  const { web, session, caller, request } = visit
  const { store, clock } = web.registry
  const token = store.accessTokens.get(numberOf(request.params.id))
  if (token?.personId !== session.person.id) return sendError(visit, 404)
  revokeAccessToken({ store, clock }, token.id)
  const entry = { event: 'token revoked', caller, address: request.ip, reference: token.label }
  audit(web.registry, entry)
  return done(visit, 'tokens', 'revoked')
}

function tokensPage(visit: Visit, made?: MadeToken) {
  const { web, session } = visit
  const { registry } = web
  const now = registry.clock.now()
  const living = registry.store.accessTokens
    .ofPerson(session.person.id)
    .filter((token) => isLiving(token, now))
  const body = html`<h1>Access tokens</h1>
<p class="lead">For programs: docker, podman, skopeo, CI. A token does what you allow it, and no more than you may yourself; it ends when you are no longer here.</p>
${made && shownToken(visit, session.person.name, made)}
${tokenForm(visit, {
  path: 'tokens',
  repositories: `${session.person.name}/**`,
  placeholder: 'laptop',
  isDone: made !== undefined,
})}
<h2>Your tokens</h2>
${
  living.length === 0
    ? html`<p class="empty">You have none.</p>`
    : html`<ul class="rows">${living.map((token) => row(visit, token))}</ul>`
}`
  return { title: 'Access tokens', body, section: 'tokens' as const }
}

function row(visit: Visit, token: AccessTokenRecord): Html {
  return html`<li><div><strong>${token.label}</strong><p class="small">${limitsInWords(token)}; until ${time(token.expiresAt, '', true)}; ${useInWords(token)}</p></div>${buttonForm(visit, `tokens/${token.id}/revoke`, 'Revoke', { about: token.label })}</li>`
}
