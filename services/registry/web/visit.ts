// What every handler of this folder is given, and how it learns who is there, and what she may.
import type { PendingLogin, RelyingParty } from '@fuchsbau/shared/login/oidc.ts'
import type { PendingLogins } from '@fuchsbau/shared/login/pending.ts'
import {
  foreignOrigin,
  isCsrfRight,
  isOwnOrigin,
  STALE_FORM,
} from '@fuchsbau/shared/page/cookie.ts'
import { fieldsOf } from '@fuchsbau/shared/page/form.ts'
import { seeOther } from '@fuchsbau/shared/page/send.ts'
import type { PageSite } from '@fuchsbau/shared/page/site.ts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Caller } from '../account/caller.ts'
import { verdict } from '../account/rights.ts'
import type { ImageReader } from '../images/reader.ts'
import type { Repository } from '../name.ts'
import type { Right } from '../policy/policy.ts'
import type { Registry } from '../registry.ts'
import { sendError } from './send.ts'
import { callerOf, type Session, type WebSessions } from './sessions.ts'

export interface Web {
  registry: Registry
  images: ImageReader
  site: PageSite
  sessions: WebSessions
  party: RelyingParty | undefined
  pendingLogins: PendingLogins<{ login: PendingLogin; next: string }>
  /** The longest lifetime of access tokens. */
  maxAgeMs: number
}

export type Request = FastifyRequest<{ Params: { id?: string; '*'?: string } }>

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
export function page(web: Web, show: Handler): RouteHandler {
  return (request, reply) => {
    const session = web.sessions.find(request)
    if (!session) {
      const next = encodeURIComponent(request.url)
      return seeOther(reply, `${web.site.path('login')}?next=${next}`)
    }
    const { csrf } = session
    const caller = callerOf(session.person)
    return show({ web, request, reply, session, caller, csrf, fields: new URLSearchParams() })
  }
}

/** A form: its origin, session and token are checked before anything is done. */
export function form(web: Web, take: Handler): RouteHandler {
  return (request, reply) => {
    const { site, sessions } = web
    const exchange = { web, request, reply }
    if (!isOwnOrigin(request, site)) return sendError(exchange, 403, foreignOrigin(site))
    const session = sessions.find(request)
    if (!session) {
      return sendError(exchange, 403, 'You are logged out. Log in, go back, and send it again.')
    }
    const { csrf } = session
    const fields = fieldsOf(request)
    if (!isCsrfRight(csrf, fields.get('csrf'))) return sendError(exchange, 403, STALE_FORM)
    return take({ ...exchange, session, caller: callerOf(session.person), csrf, fields })
  }
}

/** Whether she may; else why not, in a sentence. */
export function mayNot(
  { web, caller }: Visit,
  right: Right,
  repository?: Repository,
): string | undefined {
  const found = verdict(web.registry.policy.current, caller, right, repository)
  return found.isAllowed ? undefined : found.why
}

/** A row's number as it stands in an address; 0 is none. */
export function numberOf(text: string | null | undefined): number {
  return /^[1-9]\d{0,14}$/.test(text ?? '') ? Number(text) : 0
}
