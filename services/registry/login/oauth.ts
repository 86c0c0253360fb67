// Answers of the endpoints that OAuth defines, in its form, and where they are.
// https://www.rfc-editor.org/rfc/rfc6749#section-5.2 https://www.rfc-editor.org/rfc/rfc8414
import type { FastifyReply } from 'fastify'
import type { Registry } from '../registry.ts'
import type { Limit } from '../store/records.ts'

export const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'
export const EXCHANGE_GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange'

/** The codes that we use, of RFC 6749, RFC 8628 and RFC 8693. */
type OAuthCode =
  | 'invalid_request'
  | 'invalid_grant'
  | 'invalid_scope'
  | 'access_denied'
  | 'authorization_pending'
  | 'slow_down'
  | 'expired_token'
  | 'temporarily_unavailable'

export function refuseOAuth(
  reply: FastifyReply,
  error: OAuthCode,
  description: string,
  status = 400,
): FastifyReply {
  if (status === 503 || status === 429) reply.header('retry-after', '30')
  return reply
    .code(status)
    .headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
    .send({ error, error_description: plain(description) })
}

/** A secret of ours, which is also good as a password with the user's name. */
export function sendSecret(
  reply: FastifyReply,
  {
    secret,
    name,
    limits,
    ...more
  }: { secret: string; name: string; limits: readonly Limit[] } & {
    expires_in: number
    issued_token_type?: string
  },
): FastifyReply {
  return reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }).send({
    access_token: secret,
    token_type: 'Bearer',
    ...more,
    scope: scopeOf(limits),
    username: name,
  })
}

/** `repository:PATTERN:ACTIONS`, separated by spaces. */
export function scopeOf(limits: readonly Limit[]): string {
  return limits
    .flatMap(({ repositories, actions }) =>
      repositories.map((pattern) => `repository:${pattern}:${actions.join(',')}`),
    )
    .join(' ')
}

/** What clients find us by. */
export function metadata({ url }: Pick<Registry, 'url'>): Record<string, unknown> {
  return {
    issuer: url,
    token_endpoint: `${url}/token`,
    device_authorization_endpoint: `${url}/token/device`,
    revocation_endpoint: `${url}/token/revoke`,
    jwks_uri: `${url}/.well-known/jwks.json`,
    response_types_supported: [],
    grant_types_supported: ['password', 'refresh_token', DEVICE_GRANT, EXCHANGE_GRANT],
    token_endpoint_auth_methods_supported: ['none'],
    revocation_endpoint_auth_methods_supported: ['none'],
  }
}

/** Of the characters that a description may have. */
function plain(text: string): string {
  return text.replaceAll('"', "'").replaceAll(/[^\x20-\x5b\x5d-\x7e]/g, '?')
}
