// What every handler of this folder is given, and how it learns who is there, and what she may.
import type { PendingLogin, RelyingParty } from '@fuchsbau/shared/login/oidc.ts'
import type { PendingLogins } from '@fuchsbau/shared/login/pending.ts'
import { admitForm, toLogin } from '@fuchsbau/shared/page/admit.ts'
import type { PageSite } from '@fuchsbau/shared/page/site.ts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Caller } from '../account/caller.ts'
import { checked } from '../account/checked.ts'
import { verdict, whatNext } from '../account/rights.ts'
import type { DocumentOpener } from '../images/document-opener.ts'
import type { Images } from '../images/reader.ts'
import type { Repository } from '../name.ts'
import type { Right } from '../policy/policy.ts'
import type { Registry } from '../registry.ts'
import { sendError } from './send.ts'
import { callerOf, type Session, type Sessions } from './sessions.ts'

export interface Web {
  registry: Registry
  images: Images
  documents: DocumentOpener
  site: PageSite
  sessions: Sessions
  party: RelyingParty | undefined
  pendingLogins: PendingLogins<{ login: PendingLogin; next: string }>
}

export type RouteParams = { Params: { id?: string; '*'?: string } }
export type Request = FastifyRequest<RouteParams>

/** A person who is logged in, at a page or with a form. */
export interface Visit {
  web: Web
  request: Request
  reply: FastifyReply
  session: Session
  caller: Caller
  /** Token of the forms. */
  csrf: string
  /** Of the form; empty for a page. */
  fields: URLSearchParams
}

type Answer = FastifyReply | Promise<FastifyReply>
export type Handler = (visit: Visit) => Answer
export type RouteHandler = (request: Request, reply: FastifyReply) => Answer

/** A page: for who is logged in, else the way to the login. */
export function page(web: Web, show: Handler, isFor: IsFor = () => true): RouteHandler {
  return async (request, reply) => {
    const find = () => web.sessions.find(request)
    const session = await checked(web.registry, find, (found) => found?.person)
    if (!session) return toLogin(request, reply, web.site)
    const visit = visitOf({ web, request, reply }, session)
    return isFor(visit) ? show(visit) : sendError(visit, 404)
  }
}

/** Whom a page or a form is for. For others it is not there. */
export type IsFor = (visit: Visit) => boolean

/** A form: its origin, session and token are checked before anything is done. */
export function form(web: Web, take: Handler, isFor: IsFor = () => true): RouteHandler {
  return async (request, reply) => {
    const exchange = { web, request, reply }
    const find = () => web.sessions.find(request)
    const known = await checked(web.registry, find, (found) => found?.person)
    // Whom it is not for learns nothing of it, not even what is wrong with her form.
    if (known && !isFor(visitOf(exchange, known))) return sendError(exchange, 404)
    const admitted = admitForm(request, web)
    if (!admitted.ok) return sendError(exchange, 403, admitted.why)
    return take(visitOf(exchange, admitted.session, admitted.fields))
  }
}

function visitOf(
  exchange: Pick<Visit, 'web' | 'request' | 'reply'>,
  session: Session,
  fields = new URLSearchParams(),
): Visit {
  const { person, csrf } = session
  return { ...exchange, session, caller: callerOf(person), csrf, fields }
}

/** Whether she may; else why not, and what she can do. */
export function mayNot(
  { web, caller }: Visit,
  right: Right,
  repository?: Repository,
): string | undefined {
  const found = verdict(web.registry.policy.current, caller, right, repository)
  return found.isAllowed ? undefined : `${found.why} ${whatNext(web.registry, caller, found)}`
}
