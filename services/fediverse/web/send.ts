// How a page is sent: what the browser may do with it, and how long it may keep it.
import type { FastifyReply, FastifyRequest } from 'fastify'
import { prefersActivity } from '../activitypub/negotiate.ts'
import { hasTag } from '../byte-cache.ts'
import { renderError } from './error.ts'
import type { Site } from './site.ts'

/** No script at all; pictures and films may come from other servers, as avatars and attachments do. */
function contentSecurityPolicy({ isHttps }: Site): string {
  const anywhere = isHttps ? 'https:' : 'https: http:'
  return [
    "default-src 'none'",
    "style-src 'self'",
    `img-src 'self' ${anywhere}`,
    `media-src 'self' ${anywhere}`,
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

/** Headers of every page. `same-origin`: with `no-referrer` browsers would send `Origin: null` with our forms. */
function secure(reply: FastifyReply, site: Site): FastifyReply {
  return reply.headers({
    'content-security-policy': contentSecurityPolicy(site),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
  })
}

/** A page that is for one person, or for one moment. */
export function sendPage(
  reply: FastifyReply,
  site: Site,
  page: string,
  status = 200,
): FastifyReply {
  return secure(reply, site)
    .code(status)
    .header('cache-control', 'private, no-store')
    .type('text/html; charset=utf-8')
    .send(page)
}

/** A public page (or feed) from kept bytes: 304 where the browser has it. */
export function sendKept(
  request: FastifyRequest,
  reply: FastifyReply,
  site: Site,
  kept: { bytes: Buffer; etag: string },
  type = 'text/html; charset=utf-8',
): FastifyReply {
  secure(reply, site).headers({ etag: kept.etag, 'cache-control': 'no-cache' })
  if (hasTag(request.headers['if-none-match'], kept.etag)) return reply.code(304).send()
  return reply.type(type).send(kept.bytes)
}

export function sendError(
  request: FastifyRequest,
  reply: FastifyReply,
  site: Site,
  status: number,
  detail?: string,
): FastifyReply {
  return sendPage(reply, site, renderError(site, status, detail, request.id), status)
}

/** Whether a person asks, with a browser: programs get less to read. */
export function wantsPage({ headers: { accept = '' } }: FastifyRequest): boolean {
  return /\btext\/html\b/i.test(accept.slice(0, 1_000)) && !prefersActivity(accept)
}

/** After a form: https://www.rfc-editor.org/rfc/rfc9110#status.303 */
export function seeOther(reply: FastifyReply, path: string): FastifyReply {
  return reply.header('cache-control', 'private, no-store').redirect(path, 303)
}
