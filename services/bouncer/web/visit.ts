// What every handler of this folder is given, and how it learns who is there. Whose a network is, is decided here and
// nowhere else: handlers are given networks of the person who asks.

import type {
  Identity,
  OidcOptions,
  PendingLogin,
  RelyingParty,
} from '@fuchsbau/shared/login/oidc.ts'
import type { PendingLogins } from '@fuchsbau/shared/login/pending.ts'
import { admitForm, toLogin } from '@fuchsbau/shared/page/admit.ts'
import { numberOf } from '@fuchsbau/shared/page/form.ts'
import type { PageSite } from '@fuchsbau/shared/page/site.ts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Bouncer } from '../bouncer.ts'
import type { Network } from '../network.ts'
import type { User } from '../user.ts'
import { sendError } from './send.ts'
import type { Session, Sessions } from './sessions.ts'

/** How clients reach the bouncer. */
export interface Connection {
  host: string
  port: number
  /** SHA-256 of the listener's certificate, hex, where clients have to be told to trust it. */
  fingerprint: string | undefined
}

export interface WebDeps {
  bouncer: Bouncer
  /** Public base of the pages, no slash at its end. */
  url: string
  software: { name: string; version: string }
  oidc?: Omit<OidcOptions, 'redirectUri' | 'clock' | 'log'> | undefined
  /** Whether an identity may be linked by its user name: only where people cannot choose it. */
  linkByUserName: boolean
  connection(): Connection
  /** How long lines are kept, ms. */
  retentionMs: number
  /** How long uploads are kept, ms; 0: for ever. */
  uploadRetentionMs: number
}

/** First she is sent to the provider; then, when nobody here is linked to who she is there, she says who she is here. */
export type Pending = { next: string } & (
  | { step: 'provider'; login: PendingLogin }
  | { step: 'link'; identity: Identity }
)

export interface Web extends WebDeps {
  site: PageSite
  sessions: Sessions
  party: RelyingParty | undefined
  pendingLogins: PendingLogins<Pending>
}

export type RouteParams = { Params: { id?: string } }
export type Request = FastifyRequest<RouteParams>

/** A person who is logged in, at a page or with a form. */
export interface Visit {
  web: Web
  request: Request
  reply: FastifyReply
  user: User
  session: Session
  /** Token of the forms. */
  csrf: string
  /** Of the form; empty for a page. */
  fields: URLSearchParams
}

/** At a page or with a form of one of her networks. */
export interface NetworkVisit extends Visit {
  network: Network
}

type Answer = FastifyReply | Promise<FastifyReply>
export type Handler = (visit: Visit) => Answer
export type NetworkHandler = (visit: NetworkVisit) => Answer
export type RouteHandler = (request: Request, reply: FastifyReply) => Answer

/** A page: for who is logged in, else the way to the login. */
export function page(web: Web, show: Handler): RouteHandler {
  return (request, reply) => {
    const session = web.sessions.find(request)
    if (!session) return toLogin(request, reply, web.site)
    const { person: user, csrf } = session
    return show({ web, request, reply, user, session, csrf, fields: new URLSearchParams() })
  }
}

/** A form: its origin, session and token are checked before anything is done. */
export function form(web: Web, take: Handler): RouteHandler {
  return (request, reply) => {
    const exchange = { web, request, reply }
    const admitted = admitForm(request, web)
    if (!admitted.ok) return sendError(exchange, 403, admitted.why)
    const { session, fields } = admitted
    const { person: user, csrf } = session
    return take({ ...exchange, user, session, csrf, fields })
  }
}

/** For one of her networks, `:id`; for all others, and for those of others, there is nothing. */
export function ofNetwork(handle: NetworkHandler): Handler {
  return (visit) => {
    const network = ownNetwork(visit.user, visit.request.params.id)
    return network ? handle({ ...visit, network }) : sendError(visit, 404)
  }
}

/** For administrators; for everybody else there is nothing. */
export function forAdmins(handle: Handler): Handler {
  return (visit) => (visit.user.record.isAdmin ? handle(visit) : sendError(visit, 404))
}

/** The network of this person with the id that stands in an address. */
export function ownNetwork({ networks }: User, id: string | undefined): Network | undefined {
  return networks.get(numberOf(id))
}
