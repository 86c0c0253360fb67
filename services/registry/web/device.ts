// A login from a terminal, as its person sees it: types the code, sees who asks for what, approves or denies.
// https://www.rfc-editor.org/rfc/rfc8628#section-3.3
import { type Html, html } from '@fuchsbau/shared/html.ts'
import { queryOf } from '@fuchsbau/shared/page/form.ts'
import { csrfField, time, waitInWords } from '@fuchsbau/shared/page/layout.ts'
import type { FastifyReply } from 'fastify'
import { formatUserCode, readUserCode } from '../login/device-codes.ts'
import { decideDeviceLogin, undecidedLogin } from '../manage/device-logins.ts'
import { addressOf, audit } from '../registry.ts'
import type { DeviceLoginRecord } from '../store/records.ts'
import type { Page } from './layout.ts'
import { done, sendOwn } from './send.ts'
import type { Visit } from './visit.ts'

/** With a code, what it is for; else where to type one. */
export function showDevice(visit: Visit): FastifyReply {
  if (queryOf(visit.request, 'm') !== undefined) return sendOwn(visit, decidedPage(visit))
  const typed = queryOf(visit.request, 'user_code')
  if (typed === undefined) return sendOwn(visit, codePage(visit, ''))
  const found = find(visit, typed)
  if (!found.ok) {
    return sendOwn(visit, { ...codePage(visit, typed), problem: found.problem }, found.status)
  }
  return sendOwn(visit, requestPage(visit, found.login, found.code))
}

export function decideDevice(visit: Visit): FastifyReply {
  const { web, fields, session, caller, request } = visit
  const typed = fields.get('user_code') ?? ''
  const found = find(visit, typed)
  if (!found.ok) {
    return sendOwn(visit, { ...codePage(visit, typed), problem: found.problem }, found.status)
  }
  const isApproved = fields.get('decision') === 'approve'
  decideDeviceLogin(web.registry, found.login, session.person, isApproved)
  audit(web.registry, {
    event: 'device login',
    caller,
    address: addressOf(request),
    reference: found.login.label,
    outcome: isApproved ? 'ok' : 'denied',
  })
  return done(visit, 'device', isApproved ? 'approved' : 'denied')
}

type Found =
  | { ok: true; login: DeviceLoginRecord; code: string }
  | { ok: false; status: number; problem: string }

/** Slows down who guesses: a right code costs nothing, and takes nothing back. */
function find({ web: { registry }, request, session }: Visit, typed: string): Found {
  const account = `device ${session.person.name}`
  const attempt = registry.throttle.begin(addressOf(request), account)
  if (!attempt.ok) {
    const wait = waitInWords(Math.ceil(attempt.waitMs / 1000))
    return { ok: false, status: 429, problem: `Too many wrong codes. Wait ${wait}.` }
  }
  attempt.done()
  const code = readUserCode(typed)
  const login = code === undefined ? undefined : undecidedLogin(registry, code)
  if (code === undefined || !login) {
    const problem =
      'No login waits for this code. Look at it again, or begin anew in the terminal: a code is good for ten minutes, and for once.'
    return { ok: false, status: 404, problem }
  }
  attempt.forget()
  return { ok: true, login, code }
}

function codePage({ web: { site } }: Visit, typed: string): Page {
  const body = html`<section class="narrow">
<h1>Log in a terminal</h1>
<p class="lead">Type the code that <code>fuchsbau registry login</code> shows you.</p>
<form method="get" action="${site.path('device')}">
<label for="user_code">Code</label>
<input id="user_code" name="user_code" class="code" value="${typed}" required maxlength="20" placeholder="BCDF-GHJK" autocomplete="off" autocapitalize="characters" spellcheck="false">
<button class="primary">Go on</button>
</form>
</section>`
  return { title: 'Log in a terminal', body }
}

/** What was decided stands above, as a message. */
function decidedPage({ web: { site } }: Visit): Page {
  const body = html`<section class="narrow">
<h1>That is all</h1>
<p>You can close this page.</p>
<p><a href="${site.path('tokens')}">Your access tokens</a></p>
<p><a href="${site.path('device')}">Another terminal</a></p>
</section>`
  return { title: 'Log in a terminal', body }
}

function requestPage(visit: Visit, login: DeviceLoginRecord, code: string): Page {
  const { web, csrf, session, request } = visit
  const { registry, site } = web
  const own = addressOf(request)
  const userCode = formatUserCode(code)
  const body = html`<h1>Log in this terminal?</h1>
<p class="notice bad"><strong>Approve it only if you began it yourself, a moment ago, and your terminal shows the same code.</strong> If somebody sent you the code or the link, deny: they would get a token of yours.</p>
<section class="panel">
<p class="code">${userCode}</p>
<dl class="facts">
<dt>Called</dt><dd>${login.label}</dd>
<dt>Asked from</dt><dd>${login.address} <span class="small">${login.address === own ? 'the same address as yours' : `not your address, which is ${own}`}</span></dd>
<dt>Asked at</dt><dd>${time(login.createdAt)}</dd>
<dt>You are</dt><dd>${session.person.name}</dd>
<dt>It may</dt><dd>${rights(login)}</dd>
<dt>Until</dt><dd>${time(registry.clock.now() + login.lifetimeMs, '', true)}</dd>
</dl>
<form method="post" action="${site.path('device')}" class="decide">${csrfField({ csrf })}
<input type="hidden" name="user_code" value="${userCode}">
<button name="decision" value="deny">Deny</button>
<button name="decision" value="approve" class="primary">Approve</button>
</form>
</section>
<p class="small">The terminal gets an access token, which does no more than you may yourself. You can revoke it at any time among your <a href="${site.path('tokens')}">access tokens</a>.</p>`
  return { title: 'Log in this terminal?', body }
}

function rights({ limits }: DeviceLoginRecord): Html {
  return html`<ul class="plain">${limits.map(
    ({ actions, repositories }) =>
      html`<li>${actions.join(', ')} in ${repositories.map(
        (pattern, index) =>
          html`${index > 0 && ', '}${pattern === '**' ? 'all repositories' : html`<code>${pattern}</code>`}`,
      )}</li>`,
  )}</ul>`
}
