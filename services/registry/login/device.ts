// Logging in from a terminal: what the terminal asks for, and asks again until a person has decided at /device.
// https://www.rfc-editor.org/rfc/rfc8628 Any program may be the client: it gets nothing that no person has approved.
import { fieldsOf } from '@fuchsbau/shared/page/form.ts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { callerByToken } from '../account/caller.ts'
import { limitOf, type ReadToken, readToken } from '../manage/access-tokens.ts'
import {
  askDeviceLogin,
  DEVICE_LOGIN_MS,
  fetchDeviceLogin,
  forgetDeviceLogin,
} from '../manage/device-logins.ts'
import { done, type Outcome, refused } from '../manage/outcome.ts'
import { addressOf, audit, type Registry } from '../registry.ts'
import type { Limit } from '../store/records.ts'
import { hashSecret } from '../token/secret.ts'
import { formatUserCode } from './device-codes.ts'
import { INTERVAL_SECONDS } from './device-polls.ts'
import { refuseOAuth, sendSecret } from './oauth.ts'

const MAX_SCOPES = 50
const DEFAULT_LIFETIME_MS = 90 * 86_400_000

/**
 * A new login: `scope` says what the token is to be good for (`repository:PATTERN:ACTIONS`, each with the same actions),
 * `label` what it is called, `lifetime` how many seconds it lasts.
 */
export function beginDevice(
  registry: Registry,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const fields = fieldsOf(request)
  if (!fields.get('client_id')) {
    return refuseOAuth(reply, 'invalid_request', 'client_id is missing: it stands in a form.')
  }
  const wanted = readWanted(fields, registry.maxTokenAgeMs)
  if (!wanted.ok) return refuseOAuth(reply, wanted.error, wanted.reason)
  const asked = askDeviceLogin(registry, wanted.value, addressOf(request))
  if (!asked.ok) return refuseOAuth(reply, 'temporarily_unavailable', asked.reason, 429)
  const userCode = formatUserCode(asked.value.userCode)
  const page = `${registry.url}/device`
  return reply.headers({ 'cache-control': 'no-store' }).send({
    device_code: asked.value.deviceCode,
    user_code: userCode,
    verification_uri: page,
    verification_uri_complete: `${page}?user_code=${userCode}`,
    expires_in: DEVICE_LOGIN_MS / 1000,
    interval: INTERVAL_SECONDS,
  })
}

type Wanted =
  | { ok: true; value: ReadToken }
  | { ok: false; error: 'invalid_request' | 'invalid_scope'; reason: string }

function readWanted(fields: URLSearchParams, maxAgeMs: number): Wanted {
  const limits = readScope(fields.get('scope') ?? '')
  if (!limits.ok) return { ...limits, error: 'invalid_scope' }
  const seconds = fields.get('lifetime')
  const usual = Math.min(DEFAULT_LIFETIME_MS, maxAgeMs)
  const lifetimeMs = seconds === null ? usual : Math.round(Number(seconds)) * 1000
  const label = fields.get('label') ?? 'terminal'
  const wanted = readToken({ label, limits: limits.value, lifetimeMs }, maxAgeMs)
  return wanted.ok ? wanted : { ...wanted, error: 'invalid_request' }
}

/** Without a scope: to pull whatever she may pull. */
function readScope(scope: string): Outcome<Limit[]> {
  const words = (scope || 'repository:**:pull').split(' ').filter((word) => word !== '')
  if (words.length > MAX_SCOPES) return refused(`A scope has ${MAX_SCOPES} words at most.`)
  const limits: Limit[] = []
  for (const word of words) {
    const [, pattern = '', actions = ''] = /^repository:([^:]+):([a-z,]+)$/.exec(word) ?? []
    if (pattern === '') return refused(`${word} is no scope: repository:PATTERN:ACTIONS.`)
    const limit = limitOf([pattern], actions.split(','))
    if (!limit.ok) return limit
    limits.push(limit.value)
  }
  return done(limits)
}

/** Whether a person has decided; the token if she has approved. */
export function answerDevice(
  registry: Registry,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const fetched = fetchDeviceLogin(registry, fieldsOf(request).get('device_code') ?? '')
  switch (fetched.state) {
    case 'waiting':
      return refuseOAuth(reply, 'authorization_pending', 'Nobody has approved it yet.')
    case 'early':
      return refuseOAuth(reply, 'slow_down', 'Wait five seconds more between two questions.')
    case 'expired':
      return refuseOAuth(reply, 'expired_token', 'The code has expired. Begin again.')
    case 'denied':
      return refuseOAuth(reply, 'access_denied', 'The login was denied.')
    case 'refused':
      return refuseOAuth(reply, 'access_denied', fetched.reason)
    case 'unknown':
      return refuseOAuth(reply, 'invalid_grant', 'There is no such login, or no longer.')
  }
  const { person, made } = fetched
  const caller = callerByToken(registry, made.record, registry.clock.now())
  if (caller) {
    const { label: reference } = made.record
    audit(registry, { event: 'token made', caller, address: addressOf(request), reference })
  }
  return sendSecret(reply, {
    secret: made.secret,
    name: person.name,
    limits: made.record.limits,
    expires_in: Math.floor((made.record.expiresAt - made.record.createdAt) / 1000),
  })
}

/**
 * Ends what whoever knows it has no use for any more: an access token, a refresh token, a login that nobody waits for. What is not
 * known is over, too. https://www.rfc-editor.org/rfc/rfc7009
 */
export function revoke(
  registry: Registry,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const { store, clock } = registry
  const secret = fieldsOf(request).get('token') ?? ''
  if (secret === '') return refuseOAuth(reply, 'invalid_request', 'The token is missing.')
  const now = clock.now()
  const token = store.accessTokens.byHash(hashSecret(secret))
  const caller = callerByToken(registry, token, now)
  if (token && caller && store.accessTokens.revoke(token.id, now)) {
    const address = addressOf(request)
    audit(registry, { event: 'token revoked', caller, address, reference: token.label })
  }
  const refresh = store.refreshTokens.byHash(hashSecret(secret))
  if (refresh) store.refreshTokens.remove(refresh.id)
  forgetDeviceLogin(registry, secret)
  return reply.header('cache-control', 'no-store').send({})
}
