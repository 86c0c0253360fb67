// Sessions of the pages: kept in a service's store by a hash of what the browser holds, ended when unused for a week, and
// after a month in any case. They survive a restart.
import { createHash, randomBytes } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../clock.ts'
import {
  addCookie,
  type Cookie,
  csrfToken,
  endCookie,
  readCookie,
  setCookie,
} from '../page/cookie.ts'
import type { PageSite } from '../page/site.ts'
import type { Identity } from './oidc.ts'

const DAY_MS = 86_400_000
const IDLE_MS = 7 * DAY_MS
const ABSOLUTE_MS = 30 * DAY_MS
/** The use of a session is written down so often at most. */
const NOTE_EVERY_MS = 60_000
/** A person has so many at most; the oldest end. */
const MAX_SESSIONS = 50

/** What a store keeps of a session, at least. */
export type KeptSession = {
  /** SHA-256 of the token, hex. */
  hash: string
  createdAt: number
  usedAt: number
  /** From where it was used last. */
  address: string
}

/** The store of a service's sessions. `P`: its persons; `R`: what it keeps of a session. */
export type SessionKeeper<P, R extends KeptSession> = {
  /** Why nothing can be written now. */
  readonly failure: string | undefined
  /** The session, old as it may be, of a person who may be here. */
  find(hash: string): { record: R; person: P } | undefined
  /** Hers, last used first. */
  ofPerson(person: P): R[]
  /** `identity`: who she is at the provider, when she comes from there. */
  add(session: KeptSession, person: P, identity: Identity | undefined): void
  noteUse(record: R, at: number, address: string): void
  /** Gives the ID token back, if there was one and it is still known. */
  remove(record: R): string | undefined
  /** Ends those not used, and those made, before these times. */
  expire(usedBefore: number, createdBefore: number): void
}

/** A person who is logged in. */
export type Session<P, R extends KeptSession> = {
  person: P
  record: R
  /** Token of the forms. */
  csrf: string
}

export type WebSessionsOptions<P, R extends KeptSession> = {
  keeper: SessionKeeper<P, R>
  site: PageSite
  clock: Clock
  /** Name of the cookie. Browsers do not tell the ports of a host apart: each service has its own. */
  cookie: string
}

export class WebSessions<P, R extends KeptSession> {
  readonly #keeper: SessionKeeper<P, R>
  readonly #site: PageSite
  readonly #clock: Clock
  readonly #cookie: Cookie

  constructor({ keeper, site, clock, cookie }: WebSessionsOptions<P, R>) {
    this.#keeper = keeper
    this.#site = site
    this.#clock = clock
    this.#cookie = { name: cookie, maxAgeSeconds: ABSOLUTE_MS / 1000 }
  }

  /** The session that the request's cookie names, of a person who may be here. */
  find(request: FastifyRequest): Session<P, R> | undefined {
    const token = readCookie(request, this.#site, this.#cookie)
    const found = token === undefined ? undefined : this.#keeper.find(hashOf(token))
    if (token === undefined || !found) return
    const { record, person } = found
    const now = this.#clock.now()
    if (record.usedAt < now - IDLE_MS || record.createdAt < now - ABSOLUTE_MS) return
    if (record.usedAt < now - NOTE_EVERY_MS && this.#keeper.failure === undefined) {
      this.#keeper.noteUse(record, now, request.ip)
    }
    return { person, record, csrf: csrfToken(token) }
  }

  /** Begins a session with a new token, which is in the answer's cookie; one that the browser had before ends. */
  begin(request: FastifyRequest, reply: FastifyReply, person: P, identity?: Identity): void {
    const now = this.#clock.now()
    const before = this.find(request)
    if (before) this.#keeper.remove(before.record)
    this.#keeper.expire(now - IDLE_MS, now - ABSOLUTE_MS)
    for (const record of this.#keeper.ofPerson(person).slice(MAX_SESSIONS - 1)) {
      this.#keeper.remove(record)
    }
    const token = randomBytes(32).toString('base64url')
    const hash = hashOf(token)
    this.#keeper.add({ hash, createdAt: now, usedAt: now, address: request.ip }, person, identity)
    addCookie(reply, setCookie(this.#site, this.#cookie, token))
  }

  /** Ends a session, and makes the browser forget it. Returns its ID token, if it is known, for the logout at the provider. */
  end({ record }: Session<P, R>, reply: FastifyReply): string | undefined {
    addCookie(reply, endCookie(this.#site, this.#cookie))
    return this.#keeper.remove(record)
  }
}

/** SHA-256 is enough for 256 random bits. */
function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}
