// Who sends a request, and whether a form of ours sent it: cookie, CSRF token, Origin.
import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { Sessions } from './deps.ts'
import type { Site } from './site.ts'

const MAX_AGE_SECONDS = 30 * 24 * 3600

export type SignedIn = { user: string; token: string; csrf: string }

/** The session that the request's cookie names. */
export function signedIn(
  request: FastifyRequest,
  site: Site,
  sessions: Sessions,
): SignedIn | undefined {
  const token = cookieValue(request.headers.cookie, cookieName(site))
  const session = token && sessions.find(token)
  return session ? { user: session.user, token, csrf: csrfToken(token) } : undefined
}

/** Set-Cookie of a new session. `__Host-`: https://www.rfc-editor.org/rfc/rfc6265bis, section 4.1.3.2. */
export function sessionCookie(site: Site, token: string): string {
  return `${cookieName(site)}=${token}; Path=/; Max-Age=${MAX_AGE_SECONDS}; HttpOnly; SameSite=Lax${site.isHttps ? '; Secure' : ''}`
}

/** Set-Cookie that forgets it. */
export function endedCookie(site: Site): string {
  return `${cookieName(site)}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax${site.isHttps ? '; Secure' : ''}`
}

/** Whether a form's token is that of the session. Takes as long for each wrong one. */
export function isCsrfRight(session: SignedIn, given: string | null | undefined): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(session.csrf), digest(given ?? ''))
}

/**
 * Whether a page of ours sent the form, as far as the browser tells: every browser sends Origin with a POST
 * (https://fetch.spec.whatwg.org/#origin-header); programs that send neither header have no cookies to abuse.
 */
export function isOwnOrigin({ headers }: FastifyRequest, site: Site): boolean {
  const { origin } = headers
  if (origin !== undefined) return origin === site.origin
  const fetchSite = headers['sec-fetch-site']
  return fetchSite === undefined || fetchSite === 'same-origin' || fetchSite === 'none'
}

/** Bound to the session, so that nothing else has to be stored. */
function csrfToken(token: string): string {
  return createHash('sha256').update(`csrf ${token}`).digest('base64url')
}

function cookieName({ isHttps }: Site): string {
  return isHttps ? '__Host-fuchsbau' : 'fuchsbau'
}

function cookieValue(header: string | undefined, name: string): string | undefined {
  for (const pair of (header ?? '').slice(0, 8_192).split(';')) {
    const [key, value] = pair.trim().split('=', 2)
    if (key === name && value && /^[\w-]{16,200}$/.test(value)) return value
  }
  return
}
