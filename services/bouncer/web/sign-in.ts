// Logging in and out. A name is throttled and told in the audit as for IRC.

import type { Identity } from '@fuchsbau/shared/login/oidc.ts'
import { foreignOrigin, isOwnOrigin } from '@fuchsbau/shared/page/cookie.ts'
import { fieldsOf, queryOf, queryTextOf } from '@fuchsbau/shared/page/form.ts'
import { messageOf, withMessage } from '@fuchsbau/shared/page/message.ts'
import { seeOther } from '@fuchsbau/shared/page/send.ts'
import { isOwnPath } from '@fuchsbau/shared/page/site.ts'
import type { FastifyReply } from 'fastify'
import { admit } from '../account/authenticate.ts'
import { linkedUser } from '../account/linked.ts'
import { linkPage, loginPage } from './login.ts'
import { type MessageCode, messages } from './message.ts'
import { authenticateByOwn } from './own-password.ts'
import { type Exchange, sendError, sendPublic } from './send.ts'
import type { Request, Visit, Web } from './visit.ts'

export function showLogin(web: Web, request: Request, reply: FastifyReply): FastifyReply {
  if (web.sessions.find(request)) return seeOther(reply, web.site.path(''))
  const next = queryOf(request, 'next') ?? ''
  const message = messageOf(messages, request.query)
  return sendPublic({ web, request, reply }, loginPage(web, { next, message }))
}

/** By password. */
export async function logIn(
  web: Web,
  request: Request,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const exchange = { web, request, reply }
  if (!isOwnOrigin(request, web.site)) return sendError(exchange, 403, foreignOrigin(web.site))
  const { name, next, result } = await byPassword(web, request)
  if (!result.ok) {
    return sendPublic(exchange, loginPage(web, { name, next, problem: result.reason }), 401)
  }
  return enter(exchange, result.user.id, next)
}

/** Sends the browser to the provider. */
export async function beginOidc(web: Web, request: Request, reply: FastifyReply) {
  const exchange = { web, request, reply }
  if (!web.party) return sendError(exchange, 404)
  const next = queryOf(request, 'next') ?? ''
  const begun = await web.party.begin()
  if (!begun.ok) return sendPublic(exchange, loginPage(web, { next, problem: begun.message }), 503)
  web.pendingLogins.begin(reply, { step: 'provider', login: begun.pending, next })
  return seeOther(reply, begun.url)
}

/**
 * The browser is back. Who is linked is in. Who is not, and is logged in by password just now, is linked to that account;
 * anybody else has to log in by password once: a name at the provider proves nothing, where people may choose it.
 */
export async function finishOidc(web: Web, request: Request, reply: FastifyReply) {
  const exchange = { web, request, reply }
  const { party, pendingLogins, bouncer } = web
  const pending = pendingLogins.find(request)
  pendingLogins.end(request, reply)
  const again = (problem: string) => sendPublic(exchange, loginPage(web, { problem }), 401)
  if (!party || pending?.step !== 'provider') {
    return again('This login has begun too long ago, or in another browser. Begin again.')
  }
  const finished = await party.finish(queryTextOf(request), pending.login)
  if (!finished.ok) return again(finished.message)
  const { identity } = finished
  const subject = subjectOf(identity)
  const userName = web.linkByUserName ? identity.preferredUsername : undefined
  const isKnown = bouncer.store.users.bySubject(subject) !== undefined || userName !== undefined
  const result = isKnown
    ? await admit(
        bouncer,
        attemptOf(request, identity.preferredUsername ?? subject, 'web OIDC'),
        () => {
          const user = linkedUser(bouncer, { subject, userName })
          return Promise.resolve(user && { user, by: 'token' })
        },
      )
    : undefined
  if (result?.ok) return enter(exchange, result.user.id, pending.next, identity)
  if (result?.isForNow) return again(`${result.reason}.`)
  if (bouncer.store.users.bySubject(subject) !== undefined)
    return again('This account is disabled. Administrators of the bouncer can enable it.')
  pendingLogins.begin(reply, { step: 'link', identity, next: pending.next })
  return seeOther(reply, web.site.path('login/link'))
}

export function showLink(web: Web, request: Request, reply: FastifyReply): FastifyReply {
  const pending = web.pendingLogins.find(request)
  if (pending?.step !== 'link') return seeOther(reply, web.site.path('login'))
  return sendPublic({ web, request, reply }, linkPage(web, pending.identity, {}))
}

/** The password proves whose account it is: from now on the identity does. */
export async function link(web: Web, request: Request, reply: FastifyReply) {
  const exchange = { web, request, reply }
  if (!isOwnOrigin(request, web.site)) return sendError(exchange, 403, foreignOrigin(web.site))
  const pending = web.pendingLogins.find(request)
  if (pending?.step !== 'link') return seeOther(reply, web.site.path('login'))
  const { identity, next } = pending
  const { name, result } = await byPassword(web, request)
  const again = (problem: string) =>
    sendPublic(exchange, linkPage(web, identity, { name, problem }), 401)
  if (!result.ok) return again(result.reason)
  const user = web.bouncer.users.get(result.user.id)
  if (user?.record.subject) {
    return again('That account is linked to another identity. Unlink it first, in its settings.')
  }
  const record = user && { ...user.record, subject: subjectOf(identity) }
  if (!user || !record || !web.bouncer.store.users.put(record)) {
    return again('This identity is linked to an account already. Begin again from the login page.')
  }
  user.record = record
  web.pendingLogins.end(request, reply)
  return enter(exchange, record.id, next, identity, 'linked')
}

/** Here, and at the provider if the session came from there. */
export async function logOut({ web, reply, session }: Visit): Promise<FastifyReply> {
  const idToken = web.sessions.end(session, reply)
  const { url, site } = web
  const elsewhere = idToken && (await web.party?.logoutUrl(idToken, `${url}/login`))
  return seeOther(reply, elsewhere || `${site.path('login')}?m=out`)
}

function enter(
  { web, request, reply }: Exchange,
  userId: number,
  next: string,
  identity?: Identity,
  code?: MessageCode,
): FastifyReply {
  const user = web.bouncer.users.get(userId)
  if (!user) return sendError({ web, request, reply }, 404)
  web.sessions.begin(request, reply, user, identity)
  const to = isOwnPath(web.site, next) ? next : web.site.path('')
  return seeOther(reply, code ? withMessage(to, code) : to)
}

async function byPassword(web: Web, request: Request) {
  const fields = fieldsOf(request)
  const name = (fields.get('user') ?? '').trim().slice(0, 200)
  const password = fields.get('password') ?? ''
  const result = await authenticateByOwn(web.bouncer, {
    ...attemptOf(request, name, 'web'),
    password,
  })
  return { name, next: fields.get('next') ?? '', result }
}

function attemptOf(request: Request, name: string, method: string) {
  const client = (request.headers['user-agent'] ?? '').slice(0, 200)
  return { name, address: request.ip, method, client }
}

export function subjectOf({ issuer, subject }: Identity): string {
  return `${issuer} ${subject}`
}
