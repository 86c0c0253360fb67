// How a page is sent: what the browser may do with it, and how long it may keep it.
import type { FastifyInstance, FastifyReply } from 'fastify'
import { logo } from './logo.ts'

/** What a page may use besides our own style, forms and pictures; no script at all. */
export type PagePolicy = {
  /** Further sources of pictures, and of films and sound. */
  media?: string
  /** Further places that a form may lead to. */
  forms?: string
}

/** Headers of every page. `same-origin`: with `no-referrer` browsers would send `Origin: null` with our forms. */
export function securePage(reply: FastifyReply, { media, forms }: PagePolicy = {}): FastifyReply {
  const and = (more: string | undefined) => (more ? ` ${more}` : '')
  return reply.headers({
    'content-security-policy': [
      "default-src 'none'",
      "style-src 'self'",
      `img-src 'self'${and(media)}`,
      ...(media ? [`media-src 'self' ${media}`] : []),
      `form-action 'self'${and(forms)}`,
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
  })
}

/** A page that is for one person, or for one moment. */
export function sendPrivatePage(
  reply: FastifyReply,
  page: string,
  { status = 200, ...policy }: PagePolicy & { status?: number } = {},
): FastifyReply {
  return securePage(reply, policy)
    .code(status)
    .header('cache-control', 'private, no-store')
    .type('text/html; charset=utf-8')
    .send(page)
}

/** After a form: https://www.rfc-editor.org/rfc/rfc9110#status.303 */
export function seeOther(reply: FastifyReply, path: string): FastifyReply {
  return reply.header('cache-control', 'private, no-store').redirect(path, 303)
}

/** Serves `/style.css` and `/logo.svg`, for ever: their addresses change with them. */
export function serveAssets(app: FastifyInstance, style: string): void {
  const asset = (path: string, type: string, content: string) =>
    app.get(path, (_request, reply) =>
      reply
        .headers({
          'cache-control': 'public, max-age=31536000, immutable',
          'x-content-type-options': 'nosniff',
        })
        .type(type)
        .send(content),
    )
  asset('/style.css', 'text/css; charset=utf-8', style)
  asset('/logo.svg', 'image/svg+xml', logo)
}
