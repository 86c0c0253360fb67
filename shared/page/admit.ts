// What has to be right before a page is shown to somebody, or a form of hers is taken.
import type { FastifyReply, FastifyRequest } from 'fastify'
import { foreignOrigin, isCsrfRight, isOwnOrigin, STALE_FORM } from './cookie.ts'
import { fieldsOf } from './form.ts'
import { seeOther } from './send.ts'
import type { PageSite } from './site.ts'

type Place<S> = {
  site: PageSite
  sessions: { find(request: FastifyRequest): S | undefined }
}

/** Sends who is not logged in to the login, which leads back to where she wanted to go. */
export function toLogin(
  request: FastifyRequest,
  reply: FastifyReply,
  site: PageSite,
): FastifyReply {
  return seeOther(reply, `${site.path('login')}?next=${encodeURIComponent(request.url)}`)
}

/** A form of a session: origin, session and token are looked at, in this order. Else why not, in a sentence, for a 403. */
export function admitForm<S extends { csrf: string }>(
  request: FastifyRequest,
  { site, sessions }: Place<S>,
): { ok: true; session: S; fields: URLSearchParams } | { ok: false; why: string } {
  if (!isOwnOrigin(request, site)) return { ok: false, why: foreignOrigin(site) }
  const session = sessions.find(request)
  if (!session) {
    return { ok: false, why: 'You are logged out. Log in, go back, and send it again.' }
  }
  const fields = fieldsOf(request)
  if (!isCsrfRight(session.csrf, fields.get('csrf'))) return { ok: false, why: STALE_FORM }
  return { ok: true, session, fields }
}
