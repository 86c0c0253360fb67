// Sessions of the pages: kept in the store by a hash of what the browser holds, ended when unused for a week, and after a
// month in any case. They survive a restart.
import { createHash, randomBytes } from 'node:crypto'
import {
  addCookie,
  csrfToken,
  endCookie,
  readCookie,
  setCookie,
} from '@fuchsbau/shared/page/cookie.ts'
import type { PageSite } from '@fuchsbau/shared/page/site.ts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Bouncer } from '../bouncer.ts'
import type { User } from '../user.ts'

const DAY_MS = 86_400_000
const IDLE_MS = 7 * DAY_MS
const ABSOLUTE_MS = 30 * DAY_MS
/** The use of a session is written down so often at most. */
const NOTE_EVERY_MS = 60_000
/** Browsers do not tell the ports of a host apart: other services have other names. */
const COOKIE = { name: 'fuchsbau-bouncer', maxAgeSeconds: ABSOLUTE_MS / 1000 }
/** A person has so many at most; the oldest end. */
const MAX_SESSIONS = 50
/** ID tokens are kept in memory only: after a restart the logout is one here alone. */
const MAX_ID_TOKENS = 1_000

export interface Session {
  user: User
  hash: string
  /** Token of the forms. */
  csrf: string
}

export class WebSessions {
  readonly #bouncer: Bouncer
  readonly #site: PageSite
  readonly #idTokens = new Map<string, string>()

  constructor(bouncer: Bouncer, site: PageSite) {
    this.#bouncer = bouncer
    this.#site = site
  }

  /** The session that the request's cookie names, of a person who may be here. */
  find(request: FastifyRequest): Session | undefined {
    const token = readCookie(request, this.#site, COOKIE)
    if (token === undefined) return
    const { store, users, clock } = this.#bouncer
    const hash = hashOf(token)
    const session = store.sessions.get(hash)
    const user = session && users.get(session.userId)
    if (!session || !user?.record.isEnabled) return
    const now = clock.now()
    if (session.usedAt < now - IDLE_MS || session.createdAt < now - ABSOLUTE_MS) return
    if (session.usedAt < now - NOTE_EVERY_MS && store.failure === undefined) {
      store.sessions.noteUse(hash, now, request.ip)
    }
    return { user, hash, csrf: csrfToken(token) }
  }

  /** Begins a session with a new token, which is in the answer's cookie; one that the browser had before ends. */
  begin(request: FastifyRequest, reply: FastifyReply, user: User, idToken?: string): void {
    const { store, clock } = this.#bouncer
    const now = clock.now()
    const before = this.find(request)
    if (before) this.end(before)
    store.sessions.expire(now - IDLE_MS, now - ABSOLUTE_MS)
    const userId = user.record.id
    for (const { hash } of store.sessions.list(userId).slice(MAX_SESSIONS - 1)) {
      store.sessions.remove(userId, hash)
    }
    const token = randomBytes(32).toString('base64url')
    const hash = hashOf(token)
    store.sessions.add({ hash, userId, createdAt: now, usedAt: now, address: request.ip })
    if (idToken !== undefined) this.#keep(hash, idToken)
    addCookie(reply, setCookie(this.#site, COOKIE, token))
  }

  /** Ends a session; its ID token, if the provider gave one and it is still known. */
  end({ user, hash }: Session): string | undefined {
    this.#bouncer.store.sessions.remove(user.record.id, hash)
    const idToken = this.#idTokens.get(hash)
    this.#idTokens.delete(hash)
    return idToken
  }

  forgetCookie(reply: FastifyReply): void {
    addCookie(reply, endCookie(this.#site, COOKIE))
  }

  #keep(hash: string, idToken: string): void {
    this.#idTokens.set(hash, idToken)
    const oldest = this.#idTokens.size > MAX_ID_TOKENS && this.#idTokens.keys().next().value
    if (oldest) this.#idTokens.delete(oldest)
  }
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}
