// Logins with the identity provider that have begun: kept in memory under a secret that only the browser that began knows.
import { randomBytes } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../clock.ts'
import { addCookie, type Cookie, endCookie, readCookie, setCookie } from '../page/cookie.ts'
import type { PageSite } from '../page/site.ts'

const LIFETIME_MS = 10 * 60_000
const MAX_PENDING = 1_000

/** `T`: what has to be known when the browser comes back. */
export class PendingLogins<T> {
  readonly #site: PageSite
  readonly #clock: Clock
  readonly #cookie: Cookie
  readonly #pending = new Map<string, { at: number; what: T }>()

  /** `name`: of the cookie. Browsers do not tell the ports of a host apart: each service has its own. */
  constructor(site: PageSite, clock: Clock, name: string) {
    this.#site = site
    this.#clock = clock
    this.#cookie = { name, maxAgeSeconds: LIFETIME_MS / 1000 }
  }

  /** Sets the cookie. Of more than 1,000 the oldest is forgotten. */
  begin(reply: FastifyReply, what: T): void {
    const secret = randomBytes(32).toString('base64url')
    this.#pending.set(secret, { at: this.#clock.now(), what })
    const oldest = this.#pending.size > MAX_PENDING && this.#pending.keys().next().value
    if (oldest) this.#pending.delete(oldest)
    addCookie(reply, setCookie(this.#site, this.#cookie, secret))
  }

  /** Undefined for another browser, and after ten minutes. */
  find(request: FastifyRequest): T | undefined {
    const pending = this.#pending.get(readCookie(request, this.#site, this.#cookie) ?? '')
    return pending && pending.at > this.#clock.now() - LIFETIME_MS ? pending.what : undefined
  }

  /** Each is for once. */
  end(request: FastifyRequest, reply: FastifyReply): void {
    this.#pending.delete(readCookie(request, this.#site, this.#cookie) ?? '')
    addCookie(reply, endCookie(this.#site, this.#cookie))
  }
}
