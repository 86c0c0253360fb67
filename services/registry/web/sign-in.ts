// Logging in and out: with the identity provider, or by the password of the local owner.
import { type Html, html } from '@fuchsbau/shared/html.ts'
import type { Identity } from '@fuchsbau/shared/login/oidc.ts'
import { foreignOrigin, isOwnOrigin } from '@fuchsbau/shared/page/cookie.ts'
import { fieldsOf, queryOf, queryTextOf } from '@fuchsbau/shared/page/form.ts'
import { messageOf } from '@fuchsbau/shared/page/message.ts'
import { seeOther } from '@fuchsbau/shared/page/send.ts'
import { isOwnPath } from '@fuchsbau/shared/page/site.ts'
import type { FastifyReply } from 'fastify'
import { authenticate } from '../account/authenticate.ts'
import { ANONYMOUS, isLivePerson } from '../account/caller.ts'
import { welcome } from '../manage/welcome.ts'
import { audit } from '../registry.ts'
import type { PersonRecord } from '../store/records.ts'
import type { Page } from './layout.ts'
import { messages } from './message.ts'
import { type Exchange, sendError, sendPublic } from './send.ts'
import { callerOf } from './sessions.ts'
import type { Request, Visit, Web } from './visit.ts'

export function showLogin(web: Web, request: Request, reply: FastifyReply): FastifyReply {
  if (web.sessions.find(request)) return seeOther(reply, web.site.path(''))
  const next = queryOf(request, 'next') ?? ''
  const message = messageOf(messages, request.query)
  return sendPublic({ web, request, reply }, loginPage(web, { next, message }))
}

/** By password: the local owner, and nobody else. */
export async function logIn(web: Web, request: Request, reply: FastifyReply) {
  const exchange = { web, request, reply }
  if (!isOwnOrigin(request, web.site)) return sendError(exchange, 403, foreignOrigin(web.site))
  const fields = fieldsOf(request)
  const name = fields.get('user') ?? ''
  const next = fields.get('next') ?? ''
  const secret = fields.get('password') ?? ''
  const result = await authenticate(web.registry, { name, secret, address: request.ip })
  // An access token is for programs: it opens no pages.
  if (result.ok && result.caller.credential.kind === 'password') {
    const { account } = result.caller
    if (account.kind === 'person') return enter(exchange, account.person, next)
  }
  const problem = result.ok ? 'Access tokens are for programs. Use your password.' : result.why
  return sendPublic(
    exchange,
    loginPage(web, { name, next, problem }),
    result.ok ? 401 : result.status,
  )
}

/** Sends the browser to the provider. */
export async function beginOidc(web: Web, request: Request, reply: FastifyReply) {
  const exchange = { web, request, reply }
  if (!web.party) return sendError(exchange, 404)
  const next = queryOf(request, 'next') ?? ''
  const begun = await web.party.begin()
  if (!begun.ok) return sendPublic(exchange, loginPage(web, { next, problem: begun.message }), 503)
  web.pendingLogins.begin(reply, { login: begun.pending, next })
  return seeOther(reply, begun.url)
}

/** The browser is back from there. Who comes for the first time becomes somebody here. */
export async function finishOidc(web: Web, request: Request, reply: FastifyReply) {
  const exchange = { web, request, reply }
  const { party, pendingLogins, registry } = web
  const pending = pendingLogins.find(request)
  pendingLogins.end(request, reply)
  const again = (problem: string) => sendPublic(exchange, loginPage(web, { problem }), 401)
  if (!party || !pending) {
    return again('This login has begun too long ago, or in another browser. Begin again.')
  }
  const finished = await party.finish(queryTextOf(request), pending.login)
  if (!finished.ok) return again(finished.message)
  const { identity } = finished
  const welcomed = welcome(registry, identityOf(identity))
  const refuse = (problem: string) => {
    registry.counts.login('session', 'over')
    const reference = (identity.preferredUsername ?? '').slice(0, 100)
    const entry = { event: 'login', caller: ANONYMOUS, address: request.ip, reference }
    audit(registry, { ...entry, outcome: problem })
    return again(problem)
  }
  if (!welcomed.ok) return refuse(welcomed.reason)
  if (!isLivePerson(welcomed.value)) return refuse('This account is disabled.')
  // The first refresh token goes with the ID token of the login: Pocket ID revokes it when that is shown at the logout.
  registry.recheck.demand(welcomed.value)
  return enter(exchange, welcomed.value, pending.next, identity)
}

const identityOf = ({ issuer, subject, preferredUsername, groups, refreshToken }: Identity) => ({
  issuer,
  sub: subject,
  username: preferredUsername ?? '',
  groups,
  refreshToken,
})

/** Here, and at the provider if the login was there. */
export async function logOut({ web, reply, session, request, caller }: Visit) {
  const idToken = web.sessions.end(session, reply)
  audit(web.registry, { event: 'logout', caller, address: request.ip })
  const back = `${web.registry.url}${web.site.path('login')}?m=out`
  const there = idToken && (await web.party?.logoutUrl(idToken, back))
  return seeOther(reply, there || `${web.site.path('login')}?m=out`)
}

function enter(
  { web, request, reply }: Exchange,
  person: PersonRecord,
  next: string,
  identity?: Identity,
): FastifyReply {
  web.sessions.begin(request, reply, person, identity)
  web.registry.counts.login('session', 'ok')
  web.registry.store.people.noteLogin(person.id, web.registry.clock.now())
  audit(web.registry, { event: 'login', caller: callerOf(person), address: request.ip })
  return seeOther(reply, isOwnPath(web.site, next) ? next : web.site.path(''))
}

interface LoginState {
  name?: string
  /** Path of ours where to go on. */
  next?: string
  problem?: string | undefined
  message?: string | undefined
}

function loginPage({ site, party }: Web, { problem, message, name = '', next }: LoginState): Page {
  const provider: Html | undefined =
    party &&
    html`<p><a class="provider" href="${site.path('login/oidc')}${
      next ? `?next=${encodeURIComponent(next)}` : ''
    }">Log in with ${new URL(party.issuer).host}</a></p>
<p class="or">or as the owner, by password</p>`
  const body = html`<section class="narrow">
<h1>Log in</h1>
<p class="lead">A registry of container images.</p>
${provider}
<form method="post" action="${site.path('login')}">
${next && html`<input type="hidden" name="next" value="${next}">`}
<label for="user">User name</label>
<input id="user" name="user" value="${name}" required maxlength="100" autocomplete="username" autocapitalize="none" spellcheck="false">
<label for="password">Password</label>
<input id="password" name="password" type="password" required maxlength="1024" autocomplete="current-password">
<button${!party && html` class="primary"`}>Log in</button>
</form>
<p class="small">The owner's first password was printed where the service was started.</p>
</section>`
  return { title: 'Log in', body, problem, message }
}
