// The token endpoint: a name and a secret, or nothing, for a short token.
// https://distribution.github.io/distribution/spec/auth/token/ and …/auth/oauth/
import { fieldsOf } from '@fuchsbau/shared/page/form.ts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { callerBySecret, type Shown } from '../account/authenticate.ts'
import { ANONYMOUS, type Caller } from '../account/caller.ts'
import { allowed } from '../account/rights.ts'
import { OciError } from '../errors.ts'
import { answerDevice } from '../login/device.ts'
import { exchangeToken } from '../login/exchange-route.ts'
import { DEVICE_GRANT, EXCHANGE_GRANT } from '../login/oauth.ts'
import type { Registry } from '../registry.ts'
import { accessOf, parseScopes } from '../scope.ts'
import { issueToken } from './issue.ts'
import { hashSecret, makeSecret } from './secret.ts'

/** Docker keeps them in its configuration until it logs out. */
const REFRESH_MS = 90 * 86_400_000
/** Of a person or robot; the oldest end. */
const MAX_REFRESH = 50

interface Asked {
  scopes: readonly string[]
  /** A refresh token is wanted, too. */
  isOffline: boolean
  client: string
}

/** By GET: with Basic, or for nobody. */
export async function getToken(registry: Registry, request: FastifyRequest, reply: FastifyReply) {
  const parameters = new URLSearchParams(request.url.split('?')[1] ?? '')
  const basic = basicOf(request)
  if (basic === 'malformed') throw unauthorized(registry, 'The Authorization header is malformed.')
  const caller = basic ? await login(registry, request, basic) : ANONYMOUS
  return await answer(registry, reply, caller, {
    scopes: parameters.getAll('scope'),
    isOffline: parameters.get('offline_token') === 'true',
    client: parameters.get('client_id') ?? '',
  })
}

/** By POST: the grants `password` and `refresh_token`; those of terminals and of CI jobs give access tokens. */
export async function postToken(registry: Registry, request: FastifyRequest, reply: FastifyReply) {
  const fields = fieldsOf(request)
  const grant = fields.get('grant_type')
  if (grant === DEVICE_GRANT) return answerDevice(registry, request, reply)
  if (grant === EXCHANGE_GRANT) return await exchangeToken(registry, request, reply)
  const asked: Asked = {
    scopes: fields.getAll('scope'),
    isOffline: fields.get('access_type') === 'offline',
    client: fields.get('client_id') ?? '',
  }
  if (grant === 'refresh_token') {
    const secret = fields.get('refresh_token') ?? ''
    const caller = await login(registry, request, { name: '', secret, isRefresh: true })
    return await answer(registry, reply, caller, { ...asked, isOffline: false }, secret)
  }
  if (grant !== 'password') {
    throw new OciError('UNSUPPORTED', 'The grant is either password or refresh_token.', {
      status: 400,
    })
  }
  const caller = await login(registry, request, {
    name: fields.get('username') ?? '',
    secret: fields.get('password') ?? '',
  })
  return await answer(registry, reply, caller, asked)
}

async function login(
  registry: Registry,
  request: FastifyRequest,
  shown: Omit<Shown, 'address'>,
): Promise<Caller> {
  return await callerBySecret(registry, request, shown, (why) => unauthorized(registry, why))
}

/** https://www.rfc-editor.org/rfc/rfc9110#section-15.5.2 */
function unauthorized({ host }: Registry, why: string): OciError {
  return new OciError('UNAUTHORIZED', why, {
    headers: { 'www-authenticate': `Basic realm="${host}", charset="UTF-8"` },
  })
}

async function answer(
  registry: Registry,
  reply: FastifyReply,
  caller: Caller,
  asked: Asked,
  refreshToken?: string,
) {
  const now = registry.clock.now()
  registry.counts.issued(caller.account.kind)
  const scopes = allowed(registry.policy.current, caller, parseScopes(asked.scopes))
  const { token, issuedAt, expiresInSeconds } = await issueToken(
    registry.issue,
    caller,
    accessOf(scopes),
    now,
  )
  const refresh =
    refreshToken ?? (asked.isOffline ? makeRefresh(registry, caller, asked) : undefined)
  return reply.header('cache-control', 'no-store').send({
    token,
    access_token: token,
    expires_in: expiresInSeconds,
    issued_at: new Date(issuedAt * 1000).toISOString(),
    ...(refresh !== undefined && { refresh_token: refresh }),
  })
}

/** Stands for the credential that it is made from, and ends with it. Nobody in particular gets none. */
function makeRefresh(
  { store, clock }: Registry,
  { account, credential, expiresAt }: Caller,
  { client }: Asked,
): string | undefined {
  if (account.kind === 'anonymous' || credential.kind === 'refresh-token') return
  const now = clock.now()
  const secret = makeSecret('fbrr')
  store.refreshTokens.expire(now)
  const before =
    account.kind === 'person'
      ? store.refreshTokens.ofPerson(account.person.id)
      : store.refreshTokens.ofRobot(account.robot.id)
  for (const { id } of before.slice(MAX_REFRESH - 1)) store.refreshTokens.remove(id)
  store.refreshTokens.add({
    hash: hashSecret(secret),
    ...(account.kind === 'person'
      ? { personId: account.person.id }
      : { robotId: account.robot.id }),
    ...(credential.kind === 'access-token' && { accessTokenId: credential.id }),
    client: client.slice(0, 100),
    createdAt: now,
    expiresAt: Math.min(now + REFRESH_MS, expiresAt ?? Number.POSITIVE_INFINITY),
  })
  return secret
}

/** Name and secret of an Authorization header; undefined when there is none. */
export function basicOf({
  headers,
}: FastifyRequest): { name: string; secret: string } | 'malformed' | undefined {
  const { authorization } = headers
  if (authorization === undefined) return
  const [, encoded] = /^Basic +([A-Za-z0-9+/=]{1,8192})$/i.exec(authorization) ?? []
  const text = Buffer.from(encoded ?? '', 'base64').toString('utf8')
  const colon = text.indexOf(':')
  if (colon < 0) return 'malformed'
  return { name: text.slice(0, colon), secret: text.slice(colon + 1) }
}
