// Signing in with a password, and out.
import { addCookie, foreignOrigin, isOwnOrigin, STALE_FORM } from '@fuchsbau/shared/page/cookie.ts'
import { fieldsOf, queryOf } from '@fuchsbau/shared/page/form.ts'
import { waitInWords } from '@fuchsbau/shared/page/layout.ts'
import { seeOther } from '@fuchsbau/shared/page/send.ts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { isOwnPath } from './back.ts'
import { isTokenRight, type Web } from './context.ts'
import { renderLogin } from './login.ts'
import { messageOf } from './message.ts'
import { sendError, sendPage } from './send.ts'
import { endedCookie, sessionCookie, signedIn } from './session.ts'

export function showLogin(web: Web, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { site, sessions, views } = web
  const session = signedIn(request, site, sessions)
  if (session && views.viewer(session.user)) return seeOther(reply, site.own(session.user))
  const people = views.landing().people
  const [only] = people.length === 1 ? people : []
  const user = only?.person.handle.split('@')[1]
  const next = queryOf(request, 'next')
  const options = {
    site,
    issuer: web.provider?.issuer,
    message: messageOf(request.query),
    ...(user ? { user } : {}),
    ...(next ? { next } : {}),
  }
  return sendPage(reply, site, renderLogin(options))
}

export async function signIn(
  web: Web,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { site } = web
  if (!isOwnOrigin(request, site)) return sendError(request, reply, site, 403, foreignOrigin(site))
  const { user, refused } = await byPassword(web, request, reply)
  const next = fieldsOf(request).get('next') ?? ''
  if (!refused) return enter(web, reply, user, next)
  const issuer = web.provider?.issuer
  const page = renderLogin({ site, issuer, user, next, problem: refused.problem })
  return sendPage(reply, site, page, refused.status)
}

/** Checks the name and password of a form; how often is limited. */
export async function byPassword(
  { throttle, verifyPassword }: Web,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<{ user: string; refused?: { status: number; problem: string } }> {
  const fields = fieldsOf(request)
  const user = (fields.get('user') ?? '').trim().replace(/^@/, '').toLowerCase()
  const attempt = throttle.begin(request.ip, user)
  if (!attempt.ok) {
    const seconds = Math.ceil(attempt.waitMs / 1_000)
    reply.header('retry-after', String(seconds))
    const problem = `Too many attempts. Try again in ${waitInWords(seconds)}.`
    return { user, refused: { status: 429, problem } }
  }
  try {
    if (!(await verifyPassword(user, fields.get('password') ?? ''))) {
      const problem = 'User name and password do not fit. Look at both and try again.'
      return { user, refused: { status: 401, problem } }
    }
    attempt.succeed()
    return { user }
  } finally {
    attempt.done()
  }
}

/** Begins a session and goes on to `next`, if that is hers. */
export async function enter(
  { site, sessions }: Web,
  reply: FastifyReply,
  user: string,
  next: string,
): Promise<FastifyReply> {
  const token = await sessions.create(user)
  addCookie(reply, sessionCookie(site, token))
  return seeOther(reply, isOwnPath(site, user, next) ? next : site.own(user))
}

export async function signOut(
  web: Web,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { site, sessions } = web
  if (!isOwnOrigin(request, site)) return sendError(request, reply, site, 403, foreignOrigin(site))
  const session = signedIn(request, site, sessions)
  if (session) {
    if (!isTokenRight(web, request, fieldsOf(request).get('csrf')))
      return sendError(request, reply, site, 403, STALE_FORM)
    await sessions.end(session.token)
  }
  reply.header('set-cookie', endedCookie(site))
  return seeOther(reply, `${site.path('login')}?m=out`)
}
