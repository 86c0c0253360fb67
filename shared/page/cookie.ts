// Who sends a request, and whether a form of ours sent it: cookie, CSRF token, Origin.
import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { PageSite } from './site.ts'

/** A cookie of ours: its name, and how long the browser keeps it. */
export type Cookie = { name: string; maxAgeSeconds: number }

/** Set-Cookie with a new value. `__Host-`: https://www.rfc-editor.org/rfc/rfc6265bis, section 4.1.3.2. */
export function setCookie(site: PageSite, { name, maxAgeSeconds }: Cookie, value: string): string {
  return `${nameOn(site, name)}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Lax${site.isHttps ? '; Secure' : ''}`
}

/** Set-Cookie that forgets it. */
export function endCookie(site: PageSite, { name }: Cookie): string {
  return setCookie(site, { name, maxAgeSeconds: 0 }, '')
}

/** The value that a request brings: 16 to 200 letters, digits, `-` and `_`. */
export function readCookie(
  { headers }: FastifyRequest,
  site: PageSite,
  { name }: Cookie,
): string | undefined {
  const wanted = nameOn(site, name)
  for (const pair of (headers.cookie ?? '').slice(0, 8_192).split(';')) {
    const [key, value] = pair.trim().split('=', 2)
    if (key === wanted && value && /^[\w-]{16,200}$/.test(value)) return value
  }
  return
}

/** Beside those that are set already. */
export function addCookie(reply: FastifyReply, cookie: string): void {
  const set = reply.getHeader('set-cookie') ?? []
  const before = Array.isArray(set) ? set : [String(set)]
  reply.removeHeader('set-cookie').header('set-cookie', [...before, cookie])
}

/** What the forms of a session carry. Bound to its token, so that nothing else has to be stored. */
export function csrfToken(token: string): string {
  return createHash('sha256').update(`csrf ${token}`).digest('base64url')
}

/** Whether a form's token is the right one. Takes as long for each wrong one. */
export function isCsrfRight(csrf: string, given: string | null | undefined): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(csrf), digest(given ?? ''))
}

/**
 * Whether a page of ours sent the form, as far as the browser tells: every browser sends Origin with a POST
 * (https://fetch.spec.whatwg.org/#origin-header); programs that send neither header have no cookies to abuse.
 */
export function isOwnOrigin({ headers }: FastifyRequest, site: PageSite): boolean {
  const { origin } = headers
  if (origin !== undefined) return origin === site.origin
  const fetchSite = headers['sec-fetch-site']
  return fetchSite === undefined || fetchSite === 'same-origin' || fetchSite === 'none'
}

/** What is shown to who sends a form from a page that is not at the public address. */
export function foreignOrigin({ origin }: PageSite): string {
  return `This form was not sent from ${origin}. Open the site under that address and try again.`
}

/** What is shown when the form's token is wrong. */
export const STALE_FORM =
  'The form is from another session. Go back, reload the page, and send it again.'

function nameOn({ isHttps }: PageSite, name: string): string {
  return isHttps ? `__Host-${name}` : name
}
