// Access tokens of the identity provider, as clients show them by OAUTHBEARER: a JWT that says that it is one is checked with
// the provider's keys, any other token by asking the provider (introspection). Pocket ID's ID and refresh tokens are JWTs with
// the same issuer, subject and audience.
// https://www.rfc-editor.org/rfc/rfc9068#section-4 https://www.rfc-editor.org/rfc/rfc7662
import type { Clock } from '@fuchsbau/shared/clock.ts'
import type { Log } from '@fuchsbau/shared/log.ts'
import { KEY_PAIR_ALGORITHMS } from '@fuchsbau/shared/login/algorithms.ts'
import { claimAt } from '@fuchsbau/shared/login/claims.ts'
import { readJson } from '@fuchsbau/shared/read-json.ts'
import type { JWTVerifyGetKey } from 'jose'

export interface TokenOptions {
  issuer: string
  clientId: string
  clientSecret: string | undefined
  /** The claim whose user name counts; undefined where people can choose it, and none does. */
  usernameClaim: string | undefined
  clock: Clock
  log: Log
}

/** Nobody can say now whether a token is good. */
export class ProviderAway extends Error {
  constructor() {
    super('The identity provider cannot be reached now: try again later')
  }
}

/** Whose token it is. */
export interface TokenOwner {
  /** `ISS SUB`, as a user is linked. */
  subject: string
  /** Her name there, where that counts. */
  userName: string | undefined
}

export interface TokenCheck {
  /** Where a client finds out how to get a token (RFC 8414). */
  readonly configurationUrl: string
  /** Undefined when the token is not good for us. Rejects with `ProviderAway` when the provider can't be asked. */
  ownerOf(token: string): Promise<TokenOwner | undefined>
}

interface Provider {
  /** As it calls itself: what is configured, or that with a slash. */
  issuer: string
  keys: JWTVerifyGetKey
  introspection: string | undefined
  at: number
}

const MAX_TOKEN = 8 * 1024
const TIMEOUT_MS = 8_000
const ANSWER = { maxBytes: 256 * 1024, status: 200 }
/** The provider's addresses are read anew so often. */
const FRESH_MS = 6 * 3_600_000
/** A provider that was not there is not asked again before: who tries tokens is not slowed down then. */
const RETRY_MS = 3_000
/** Its log has a line so often at most. */
const TELL_MS = 60_000
/** A JWT may be of a clock that goes a little wrong. */
const TOLERANCE_SECONDS = 30
/**
 * How a token says that it is an access token: by its header (RFC 9068, 2.1), in `type` (Pocket ID), `typ` (Keycloak),
 * `token_use` (Hydra) or the `token_type` of an introspection.
 */
const ACCESS = /^(?:application\/)?at\+jwt$|^(?:oauth[-_])?access(?:[-_]token)?$|^bearer$/i

/** The provider is not contacted before the first token. */
export function createTokenCheck(options: TokenOptions): TokenCheck {
  const { issuer, usernameClaim, clock, log } = options
  const configurationUrl = `${issuer}/.well-known/openid-configuration`
  let known: Provider | undefined
  let asking: Promise<Provider> | undefined
  let failedAt = Number.NEGATIVE_INFINITY
  let toldAt = Number.NEGATIVE_INFINITY
  const provider = async (): Promise<Provider> => {
    if (known && clock.now() - known.at < FRESH_MS) return known
    if (clock.now() - failedAt < RETRY_MS) throw new ProviderAway()
    asking ??= discover(configurationUrl, options).finally(() => {
      asking = undefined
    })
    try {
      known = await asking
      return known
    } catch (error) {
      failedAt = clock.now()
      throw error
    }
  }
  const asked = async (token: string, kind: Kind) => {
    try {
      const found = await provider()
      const check = kind === 'access' ? verified : introspected
      return { found, claims: await check(token, found, options) }
    } catch (err) {
      if (!(err instanceof ProviderAway) && clock.now() - toldAt >= TELL_MS) {
        toldAt = clock.now()
        log.warn({ err, issuer }, 'the identity provider cannot be asked about access tokens')
      }
      throw new ProviderAway()
    }
  }
  return {
    configurationUrl,
    async ownerOf(token) {
      if (token.length > MAX_TOKEN || !/^[\x21-\x7e]+$/.test(token)) return
      const kind = kindOf(token)
      if (kind === 'other') return
      const { found, claims } = await asked(token, kind)
      if (!claims?.sub) {
        log.debug('an access token was not good for us')
        return
      }
      const userName = usernameClaim === undefined ? undefined : claimAt(claims, usernameClaim)
      return {
        subject: `${found.issuer} ${claims.sub}`,
        userName: typeof userName === 'string' ? userName : undefined,
      }
    },
  }
}

interface Claims {
  sub?: string
}

async function discover(url: string, { issuer, clock }: TokenOptions): Promise<Provider> {
  const { createRemoteJWKSet } = await import('jose')
  const signal = AbortSignal.timeout(TIMEOUT_MS)
  const metadata = await readJson(await fetch(url, { signal, redirect: 'error' }), ANSWER)
  const { issuer: named, jwks_uri: keys, introspection_endpoint: introspection } = metadata
  // A slash at the end of the setting is cut off.
  if (named !== issuer && named !== `${issuer}/`) throw new Error(`${url} names another issuer`)
  if (typeof keys !== 'string') throw new Error(`${url} names no keys`)
  // Neither keys nor our secret go unprotected where the operator has written `https://`.
  const isOpen =
    issuer.startsWith('https:') && [keys, introspection].some((one) => `${one}`.startsWith('http:'))
  if (isOpen) throw new Error(`${url} leads to places without TLS`)
  return {
    issuer: named,
    keys: createRemoteJWKSet(new URL(keys), { timeoutDuration: TIMEOUT_MS }),
    introspection: typeof introspection === 'string' ? introspection : undefined,
    at: clock.now(),
  }
}

/** The codes of jose for keys that it could not get. */
const UNKNOWN_KEYS = new Set(['ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID', 'ERR_JOSE_GENERIC'])

type Kind = 'access' | 'other' | 'unknown'

/** What a token says that it is. Nothing of it is believed yet. */
function kindOf(token: string): Kind {
  const [header, payload, signature, ...more] = token.split('.')
  if (!header || !payload || !signature || more.length > 0) return 'unknown'
  const { typ } = decoded(header)
  if (typ !== undefined && !/^jwt$/i.test(String(typ))) return kindIn([typ])
  return kindIn(kindsOf(decoded(payload)))
}

function decoded(part: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString())
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}

const kindsOf = ({ type, typ, token_use: use }: Record<string, unknown>) => [type, typ, use]

function kindIn(kinds: readonly unknown[]): Kind {
  const said = kinds.filter((kind) => kind !== undefined)
  if (said.length === 0) return 'unknown'
  return said.every((kind) => typeof kind === 'string' && ACCESS.test(kind)) ? 'access' : 'other'
}

async function verified(
  token: string,
  { keys, issuer }: Provider,
  { clientId, clock }: TokenOptions,
): Promise<Claims | undefined> {
  const { jwtVerify, errors } = await import('jose')
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      audience: clientId,
      algorithms: KEY_PAIR_ALGORITHMS,
      requiredClaims: ['exp', 'sub'],
      clockTolerance: TOLERANCE_SECONDS,
      currentDate: new Date(clock.now()),
    })
    return isBound(payload) ? undefined : payload
  } catch (error) {
    if (!(error instanceof errors.JOSEError) || UNKNOWN_KEYS.has(error.code)) throw error
    return
  }
}

/** Good only together with a key that we ask nobody for (RFC 7800, 3.1), or a part of an ID token. */
const isBound = (claims: object) => 'cnf' in claims || 'nonce' in claims || 'at_hash' in claims

async function introspected(
  token: string,
  { introspection, issuer }: Provider,
  { clientId, clientSecret, clock, log }: TokenOptions,
): Promise<Claims | undefined> {
  if (introspection === undefined || clientSecret === undefined) return
  const encode = (text: string) => encodeURIComponent(text).replaceAll('%20', '+')
  const basic = Buffer.from(`${encode(clientId)}:${encode(clientSecret)}`).toString('base64')
  const response = await fetch(introspection, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}`, accept: 'application/json' },
    body: new URLSearchParams({ token, token_type_hint: 'access_token' }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
    redirect: 'error',
  })
  // Pocket ID says so of a token of another client, and when our secret is wrong; others of what is no token to them.
  if (response.status === 400) {
    log.warn(
      { issuer },
      'the identity provider does not answer for an access token: is our secret right?',
    )
    await response.body?.cancel()
    return
  }
  const answer = await readJson(response, ANSWER)
  const { active, iss, aud, client_id: client, exp, sub, token_type: type } = answer
  if (kindIn([type, ...kindsOf(answer)]) === 'other') return
  const isForUs = client === clientId || [aud].flat().includes(clientId)
  const isFresh = typeof exp === 'number' && exp * 1000 > clock.now()
  if (active !== true || !isForUs || !isFresh || typeof sub !== 'string') return
  if ((iss !== undefined && iss !== issuer) || isBound(answer)) return
  return { ...answer, sub }
}
