// Signing in with a password, and out.
import { foreignOrigin, isOwnOrigin, STALE_FORM } from '@fuchsbau/shared/page/cookie.ts'
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
  const { site, sessions, throttle, verifyPassword } = web
  if (!isOwnOrigin(request, site)) return sendError(request, reply, site, 403, foreignOrigin(site))
  const fields = fieldsOf(request)
  const user = (fields.get('user') ?? '').trim().replace(/^@/, '').toLowerCase()
  const next = fields.get('next') ?? ''
  const again = (status: number, problem: string) =>
    sendPage(reply, site, renderLogin({ site, user, next, problem }), status)

  const attempt = throttle.begin(request.ip, user)
  if (!attempt.ok) {
    const seconds = Math.ceil(attempt.waitMs / 1_000)
    reply.header('retry-after', String(seconds))
    return again(429, `Too many attempts. Try again in ${waitInWords(seconds)}.`)
  }
  try {
    if (!(await verifyPassword(user, fields.get('password') ?? ''))) {
      return again(401, 'User name and password do not fit. Look at both and try again.')
    }
    attempt.succeed()
  } finally {
    attempt.done()
  }
  const token = await sessions.create(user)
  reply.header('set-cookie', sessionCookie(site, token))
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
