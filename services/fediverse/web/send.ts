// How a page is sent: privately, from kept bytes, or as an error.
import { securePage, sendPrivatePage } from '@fuchsbau/shared/page/send.ts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { prefersActivity } from '../activitypub/negotiate.ts'
import { hasTag } from '../byte-cache.ts'
import { renderError } from './error.ts'
import type { Site } from './site.ts'

/** Pictures and films may come from other servers, as avatars and attachments do. */
const policy = ({ isHttps }: Site) => ({ media: isHttps ? 'https:' : 'https: http:' })

/** A page that is for one person, or for one moment. */
export function sendPage(
  reply: FastifyReply,
  site: Site,
  page: string,
  status = 200,
): FastifyReply {
  return sendPrivatePage(reply, page, { ...policy(site), status })
}

/** A public page (or feed) from kept bytes: 304 where the browser has it. */
export function sendKept(
  request: FastifyRequest,
  reply: FastifyReply,
  site: Site,
  kept: { bytes: Buffer; etag: string },
  type = 'text/html; charset=utf-8',
): FastifyReply {
  securePage(reply, policy(site)).headers({ etag: kept.etag, 'cache-control': 'no-cache' })
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
