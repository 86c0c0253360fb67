// The session of a request: its cookie, and the CSRF token of its forms.
import { csrfToken, endCookie, readCookie, setCookie } from '@fuchsbau/shared/page/cookie.ts'
import type { FastifyRequest } from 'fastify'
import type { Sessions } from './deps.ts'
import type { Site } from './site.ts'

const COOKIE = { name: 'fuchsbau', maxAgeSeconds: 30 * 24 * 3600 }

export type SignedIn = { user: string; token: string; csrf: string }

/** The session that the request's cookie names. */
export function signedIn(
  request: FastifyRequest,
  site: Site,
  sessions: Sessions,
): SignedIn | undefined {
  const token = readCookie(request, site, COOKIE)
  const session = token && sessions.find(token)
  return session ? { user: session.user, token, csrf: csrfToken(token) } : undefined
}

/** Set-Cookie of a new session. */
export function sessionCookie(site: Site, token: string): string {
  return setCookie(site, COOKIE, token)
}

/** Set-Cookie that forgets it. */
export function endedCookie(site: Site): string {
  return endCookie(site, COOKIE)
}
