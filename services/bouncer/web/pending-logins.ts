// Logins with the identity provider that have begun: kept in memory under a secret that only the browser that began knows.
import { randomBytes } from 'node:crypto'
import type { Clock } from '@fuchsbau/shared/clock.ts'
import type { Identity, PendingLogin } from '@fuchsbau/shared/login/oidc.ts'
import { endCookie, readCookie, setCookie } from '@fuchsbau/shared/page/cookie.ts'
import type { PageSite } from '@fuchsbau/shared/page/site.ts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { addCookie } from './sessions.ts'

const LIFETIME_MS = 10 * 60_000
const MAX_PENDING = 1_000
const COOKIE = { name: 'fuchsbau-bouncer-login', maxAgeSeconds: LIFETIME_MS / 1000 }

/** First she is sent to the provider; then, when nobody here is linked to who she is there, she says who she is here. */
export type Pending = { next: string; at: number } & (
  | { step: 'provider'; login: PendingLogin }
  | { step: 'link'; identity: Identity }
)

export class PendingLogins {
  readonly #site: PageSite
  readonly #clock: Clock
  readonly #pending = new Map<string, Pending>()

  constructor(site: PageSite, clock: Clock) {
    this.#site = site
    this.#clock = clock
  }

  begin(reply: FastifyReply, pending: Pending): void {
    const secret = randomBytes(32).toString('base64url')
    this.#pending.set(secret, pending)
    const oldest = this.#pending.size > MAX_PENDING && this.#pending.keys().next().value
    if (oldest) this.#pending.delete(oldest)
    addCookie(reply, setCookie(this.#site, COOKIE, secret))
  }

  find(request: FastifyRequest): Pending | undefined {
    const pending = this.#pending.get(readCookie(request, this.#site, COOKIE) ?? '')
    return pending && pending.at > this.#clock.now() - LIFETIME_MS ? pending : undefined
  }

  /** Each is for once. */
  end(request: FastifyRequest, reply: FastifyReply): void {
    this.#pending.delete(readCookie(request, this.#site, COOKIE) ?? '')
    addCookie(reply, endCookie(this.#site, COOKIE))
  }
}
