// Access tokens of the identity provider, as clients show them by OAUTHBEARER: a JWT is checked with the provider's keys,
// any other token by asking the provider (introspection).
// https://www.rfc-editor.org/rfc/rfc9068#section-4 https://www.rfc-editor.org/rfc/rfc7662
import type { Clock } from '@fuchsbau/shared/clock.ts'
import type { Log } from '@fuchsbau/shared/log.ts'
import type { JWTVerifyGetKey } from 'jose'

export interface TokenOptions {
  issuer: string
  clientId: string
  clientSecret: string | undefined
  /** Whether the user name there counts: only where people can't choose it. */
  namesUser: boolean
  clock: Clock
  log: Log
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
  /** Undefined when the token is not good for us. Rejects when the provider can't be asked. */
  ownerOf(token: string): Promise<TokenOwner | undefined>
}

interface Provider {
  keys: JWTVerifyGetKey
  introspection: string | undefined
  at: number
}

const MAX_TOKEN = 8 * 1024
const TIMEOUT_MS = 8_000
const MAX_ANSWER_BYTES = 256 * 1024
/** The provider's addresses are read anew so often. */
const FRESH_MS = 6 * 3_600_000
/** A JWT may be of a clock that goes a little wrong. */
const TOLERANCE_SECONDS = 30

/** The provider is not contacted before the first token. */
export function createTokenCheck(options: TokenOptions): TokenCheck {
  const { issuer, namesUser, clock, log } = options
  const configurationUrl = `${issuer}/.well-known/openid-configuration`
  let known: Promise<Provider> | undefined
  const provider = async (): Promise<Provider> => {
    const asked = known
    if (asked && clock.now() - (await asked).at < FRESH_MS) return await asked
    const finding = discover(configurationUrl, options)
    known = finding
    finding.catch(() => {
      if (known === finding) known = undefined
    })
    return await finding
  }
  return {
    configurationUrl,
    async ownerOf(token) {
      if (token.length > MAX_TOKEN || !/^[\x21-\x7e]+$/.test(token)) return
      const found = await provider()
      const claims = isJwt(token)
        ? await verified(token, found, options)
        : await introspected(token, found, options)
      if (!claims?.sub) {
        log.debug('an access token was not good for us')
        return
      }
      const { sub, preferred_username: userName } = claims
      return {
        subject: `${issuer} ${sub}`,
        userName: namesUser && typeof userName === 'string' ? userName : undefined,
      }
    },
  }
}

interface Claims {
  sub?: string
  preferred_username?: unknown
}

async function discover(url: string, { issuer, clock }: TokenOptions): Promise<Provider> {
  const { createRemoteJWKSet } = await import('jose')
  const metadata = await readJson(await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) }))
  const { issuer: named, jwks_uri: keys, introspection_endpoint: introspection } = metadata
  if (named !== issuer) throw new Error(`${url} names another issuer: ${String(named)}`)
  if (typeof keys !== 'string') throw new Error(`${url} names no keys`)
  return {
    keys: createRemoteJWKSet(new URL(keys), { timeoutDuration: TIMEOUT_MS }),
    introspection: typeof introspection === 'string' ? introspection : undefined,
    at: clock.now(),
  }
}

const isJwt = (token: string) => /^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)

async function verified(
  token: string,
  { keys }: Provider,
  { issuer, clientId, clock }: TokenOptions,
): Promise<Claims | undefined> {
  const { jwtVerify, errors } = await import('jose')
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      audience: clientId,
      requiredClaims: ['exp', 'sub'],
      clockTolerance: TOLERANCE_SECONDS,
      currentDate: new Date(clock.now()),
    })
    // An ID token has our audience too, and is handed around more freely: it is no access token.
    return 'nonce' in payload || 'at_hash' in payload ? undefined : payload
  } catch (error) {
    const isOurs = error instanceof errors.JWKSTimeout || !(error instanceof errors.JOSEError)
    if (isOurs) throw error
    return
  }
}

async function introspected(
  token: string,
  { introspection }: Provider,
  { issuer, clientId, clientSecret, clock }: TokenOptions,
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
  const { active, iss, aud, client_id: client, exp, sub, ...rest } = await readJson(response)
  const isForUs = client === clientId || [aud].flat().includes(clientId)
  const isFresh = typeof exp === 'number' && exp * 1000 > clock.now()
  if (active !== true || !isForUs || !isFresh || typeof sub !== 'string') return
  if (iss !== undefined && iss !== issuer) return
  return { ...rest, sub }
}

/** The object that a provider answers. Rejects what is not 200, too long, or no object. */
async function readJson(response: Response): Promise<Record<string, unknown>> {
  const { url, status } = response
  let text = ''
  const decoder = new TextDecoder()
  for await (const part of response.body ?? []) {
    text += decoder.decode(part, { stream: true })
    if (text.length > MAX_ANSWER_BYTES) throw new Error(`${url} answered too much`)
  }
  if (status !== 200) throw new Error(`${url} answered ${status}`)
  const value: unknown = JSON.parse(text)
  if (typeof value !== 'object' || value === null) throw new Error(`${url} answered no object`)
  return { ...value }
}
