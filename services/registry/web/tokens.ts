// A person's access tokens: made, shown once, revoked.
import { type Html, html } from '@fuchsbau/shared/html.ts'
import { buttonForm } from '@fuchsbau/shared/page/button.ts'
import { numberOf } from '@fuchsbau/shared/page/form.ts'
import { csrfField, time } from '@fuchsbau/shared/page/layout.ts'
import type { FastifyReply } from 'fastify'
import {
  isLiving,
  type MadeToken,
  makeAccessToken,
  revokeAccessToken,
} from '../manage/access-tokens.ts'
import { audit } from '../registry.ts'
import { ACTIONS } from '../scope.ts'
import type { AccessTokenRecord } from '../store/records.ts'
import { done, sendError, sendOwn } from './send.ts'
import type { Visit } from './visit.ts'

const DAY_MS = 86_400_000
const LIFETIMES = [7, 30, 90, 365]

export function showTokens(visit: Visit): FastifyReply {
  return sendOwn(visit, tokensPage(visit))
}

export function makeToken(visit: Visit): FastifyReply {
  const { web, session, fields, caller, request } = visit
  const { store, clock } = web.registry
  const made = makeAccessToken(
    { store, clock, maxAgeMs: web.maxAgeMs },
    { personId: session.person.id },
    {
      label: fields.get('label') ?? '',
      repositories: (fields.get('repositories') ?? '').split(/[\s,]+/),
      actions: fields.getAll('action'),
      lifetimeMs: Number(fields.get('days')) * DAY_MS,
    },
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
  const { web, session, csrf, fields } = visit
  const { registry, site } = web
  const now = registry.clock.now()
  const living = registry.store.accessTokens
    .ofPerson(session.person.id)
    .filter((token) => isLiving(token, now))
  const days = LIFETIMES.filter((each) => each * DAY_MS <= web.maxAgeMs)
  const chosen = made ? [] : fields.getAll('action')
  const body = html`<h1>Access tokens</h1>
<p class="lead">For programs: docker, podman, skopeo, CI. A token does what you allow it, and no more than you may yourself; it ends when you are no longer here.</p>
${made && shown(visit, made)}
<section class="panel">
<h2>Make a token</h2>
<form method="post" action="${site.path('tokens')}">${csrfField({ csrf })}
<label for="label">What for</label>
<input id="label" name="label" required maxlength="60" placeholder="laptop" value="${(made ? undefined : fields.get('label')) ?? ''}">
<label for="repositories">Repositories</label>
<input id="repositories" name="repositories" required maxlength="2000" autocapitalize="none" spellcheck="false" value="${(made ? undefined : fields.get('repositories')) ?? `${session.person.name}/**`}">
<p class="hint small">Names or patterns, separated by spaces: <code>*</code> is anything in one part of a name, <code>**</code> anything.</p>
<fieldset><legend>May</legend><div class="checks">${ACTIONS.map(
    (action) =>
      html`<label><input type="checkbox" name="action" value="${action}"${
        (chosen.length === 0 ? action === 'pull' : chosen.includes(action)) && html` checked`
      }>${action}</label>`,
  )}</div></fieldset>
<label for="days">Lasts</label>
<select id="days" name="days">${days.map((each) => html`<option value="${each}"${each === 90 && html` selected`}>${each} days</option>`)}</select>
<button class="primary">Make the token</button>
</form>
</section>
<h2>Your tokens</h2>
${
  living.length === 0
    ? html`<p class="empty">You have none.</p>`
    : html`<ul class="rows">${living.map((token) => row(visit, token))}</ul>`
}`
  return { title: 'Access tokens', body, section: 'tokens' as const }
}

function shown({ web, session }: Visit, { secret }: MadeToken): Html {
  return html`<section class="panel" role="status">
<h2>Your new token</h2>
<p>It is shown this once. Who has it can use it.</p>
<pre><code class="secret">${secret}</code></pre>
<pre><code>docker login ${web.registry.host} -u ${session.person.name}</code></pre>
</section>`
}

function row(visit: Visit, token: AccessTokenRecord): Html {
  const limits = token.limits
    .map(({ repositories, actions }) => `${actions.join(', ')} in ${repositories.join(' ')}`)
    .join('; ')
  const used =
    token.lastUsedAt === undefined
      ? 'never used'
      : html`used ${time(token.lastUsedAt)} from ${token.lastUsedFrom ?? ''}`
  return html`<li><div><strong>${token.label}</strong><p class="small">${limits}; until ${time(token.expiresAt, '', true)}; ${used}</p></div>${buttonForm(visit, `tokens/${token.id}/revoke`, 'Revoke', { about: token.label })}</li>`
}
