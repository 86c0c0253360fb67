// Signing in with the identity provider, and linking an account to who somebody is there.
import type { Identity } from '@fuchsbau/shared/login/oidc.ts'
import { foreignOrigin, isOwnOrigin } from '@fuchsbau/shared/page/cookie.ts'
import { queryOf, queryTextOf } from '@fuchsbau/shared/page/form.ts'
import { seeOther } from '@fuchsbau/shared/page/send.ts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Web } from './context.ts'
import { renderLink, renderLogin } from './login.ts'
import { sendError, sendPage } from './send.ts'
import { byPassword, enter } from './sign-in.ts'

/** Sends the browser to the provider. */
export async function beginOidc(
  web: Web,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { site, party, pendingLogins } = web
  if (!party) return sendError(request, reply, site, 404)
  const next = queryOf(request, 'next') ?? ''
  const begun = await party.begin()
  if (!begun.ok) return again(web, reply, { status: 503, problem: begun.message, next })
  pendingLogins.begin(reply, { step: 'provider', login: begun.pending, next })
  return seeOther(reply, begun.url)
}

/**
 * The browser is back. Who is linked is in; anybody else has to sign in by password once: a name at the provider proves
 * nothing, where people may choose it.
 */
export async function finishOidc(
  web: Web,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { site, party, pendingLogins, links } = web
  const pending = pendingLogins.find(request)
  pendingLogins.end(request, reply)
  if (!party || pending?.step !== 'provider') {
    const problem = 'This login has begun too long ago, or in another browser. Begin again.'
    return again(web, reply, { status: 401, problem })
  }
  const finished = await party.finish(queryTextOf(request), pending.login)
  if (!finished.ok) return again(web, reply, { status: 401, problem: finished.message })
  const { identity } = finished
  const user = links.find(subjectOf(identity)) ?? (await linkedByName(web, identity))
  if (user !== undefined) return enter(web, reply, user, pending.next)
  pendingLogins.begin(reply, { step: 'link', identity, next: pending.next })
  return seeOther(reply, site.path('login/link'))
}

export function showLink(web: Web, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { site, pendingLogins } = web
  const pending = pendingLogins.find(request)
  if (pending?.step !== 'link') return seeOther(reply, site.path('login'))
  return sendPage(reply, site, renderLink(pending.identity, { site }))
}

/** The password proves whose account it is: from now on the identity does. */
export async function link(
  web: Web,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { site, pendingLogins, links } = web
  if (!isOwnOrigin(request, site)) return sendError(request, reply, site, 403, foreignOrigin(site))
  const pending = pendingLogins.find(request)
  if (pending?.step !== 'link') return seeOther(reply, site.path('login'))
  const { identity, next } = pending
  const { user, refused } = await byPassword(web, request, reply)
  const page = (problem: string) => renderLink(identity, { site, user, problem })
  if (refused) return sendPage(reply, site, page(refused.problem), refused.status)
  const linked = await links.link(user, subjectOf(identity))
  if (!linked.ok) return sendPage(reply, site, page(linked.message), 409)
  pendingLogins.end(request, reply)
  return enter(web, reply, user, next)
}

/** The user of that name, where the operator trusts the provider's names, and she is linked to nobody yet. */
async function linkedByName(
  { linkByUserName, links, views }: Web,
  identity: Identity,
): Promise<string | undefined> {
  const name = identity.preferredUsername?.toLowerCase()
  if (!linkByUserName || name === undefined || !views.viewer(name)) return
  const { ok } = await links.link(name, subjectOf(identity))
  return ok ? name : undefined
}

function again(
  { site, provider }: Web,
  reply: FastifyReply,
  { status, problem, next }: { status: number; problem: string; next?: string },
): FastifyReply {
  const options = { site, issuer: provider?.issuer, problem, ...(next ? { next } : {}) }
  return sendPage(reply, site, renderLogin(options), status)
}

function subjectOf({ issuer, subject }: Identity): string {
  return `${issuer} ${subject}`
}
