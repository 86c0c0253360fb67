// What a provider posts when somebody's session there has ended: a logout token.
// https://openid.net/specs/openid-connect-backchannel-1_0.html
import { createHash } from 'node:crypto'
import type { JWTPayload, JWTVerifyGetKey } from 'jose'
import type { Configuration } from 'openid-client'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import { KEY_PAIR_ALGORITHMS } from './algorithms.ts'
import { cappedFetch, type Provider, reasonOf } from './provider.ts'

/** Whose session has ended: one of hers, or without `sid` all of them. At least one of `subject` and `sid` is there. */
export type LoggedOut =
  | { ok: true; issuer: string; subject: string | undefined; sid: string | undefined }
  /** `reason`: a sentence for the provider. */
  | { ok: false; reason: string }

type Options = { clientId: string; issuer: string; clock: Clock; log: Log }

const MAX_TOKEN = 16 * 1024
const MAX_NAME = 255
const EVENT = 'http://schemas.openid.net/event/backchannel-logout'
/** Clocks go a little wrong. */
const TOLERANCE_SECONDS = 30
/** Providers are to let it end within two minutes (2.4); an older one is refused, whenever it ends. */
const MAX_AGE_SECONDS = 600
const KEYS_TIMEOUT_MS = 5_000
/** Unknown keys make us read the provider's again so often at most. */
const KEYS_PAUSE_MS = 60_000
const MAX_SEEN = 10_000

/** Reads logout tokens, and knows those that it has read. */
export class LogoutTokens {
  readonly #provider: Provider
  readonly #options: Options
  readonly #keys = new Map<string, JWTVerifyGetKey>()
  /** What was read, by a hash of its `jti`, until when it could be read again (ms). */
  readonly #seen = new Map<string, number>()

  constructor(provider: Provider, options: Options) {
    this.#provider = provider
    this.#options = options
  }

  /** Each is good once. Never rejects. */
  async read(token: string): Promise<LoggedOut> {
    const { log, issuer } = this.#options
    if (token === '' || token.length > MAX_TOKEN) return no('There is no logout token.')
    const client = await this.#provider.find()
    if (!client) return no('The keys of the provider cannot be read now.')
    try {
      const claims = await this.#verify(client, token)
      return typeof claims === 'string' ? no(claims) : this.#once(claims)
    } catch (error) {
      log.warn({ issuer, reason: reasonOf(error) }, 'a logout token was not accepted')
      return no('The logout token is not good.')
    }
  }

  /** Its claims, or what is wrong with them (2.6). Throws for a signature, time, issuer or audience that is wrong. */
  async #verify(client: Configuration, token: string): Promise<JWTPayload | string> {
    const { jwtVerify } = await import('jose')
    const { issuer, id_token_signing_alg_values_supported: supported = ['RS256'] } =
      client.serverMetadata()
    const { payload, protectedHeader } = await jwtVerify(token, await this.#keysOf(client), {
      issuer,
      audience: this.#options.clientId,
      algorithms: KEY_PAIR_ALGORITHMS.filter((name) => supported.includes(name)),
      requiredClaims: ['iat', 'exp', 'jti'],
      maxTokenAge: MAX_AGE_SECONDS,
      clockTolerance: TOLERANCE_SECONDS,
      currentDate: new Date(this.#options.clock.now()),
    })
    const { typ = 'JWT' } = protectedHeader
    // Recommended (2.4); some providers say just that it is a JWT. An access token or a DPoP proof says that it is one.
    if (!/^(?:application\/)?(?:logout\+jwt|jwt)$/i.test(typ)) return 'This is no logout token.'
    const { events, nonce, sub, sid } = payload
    const event = isObject(events) && Object.hasOwn(events, EVENT) ? events[EVENT] : undefined
    if (!isObject(event)) return 'The logout token tells of no logout.'
    if (nonce !== undefined) return 'A logout token has no nonce.'
    if (sub === undefined && sid === undefined) return 'The logout token names nobody.'
    if (![sub, sid, payload.jti].every((name) => name === undefined || isName(name))) {
      return 'The logout token has a name that is none.'
    }
    return payload
  }

  /** Lets each through once (2.6, 8). Nothing is awaited in between: two at the same time are one. */
  #once({ iss = '', sub, sid, jti = '' }: JWTPayload): LoggedOut {
    const now = this.#options.clock.now()
    const mark = createHash('sha256').update(jti).digest('base64url')
    if ((this.#seen.get(mark) ?? 0) > now) return no('This logout token was used before.')
    for (const [old, until] of this.#seen) {
      if (until > now && this.#seen.size < MAX_SEEN) break
      this.#seen.delete(old)
    }
    this.#seen.set(mark, now + (MAX_AGE_SECONDS + 2 * TOLERANCE_SECONDS) * 1000)
    return { ok: true, issuer: iss, subject: sub, sid: sid as string | undefined }
  }

  async #keysOf(client: Configuration): Promise<JWTVerifyGetKey> {
    const { jwks_uri: address = '' } = client.serverMetadata()
    // Plain HTTP only where the operator has written `http://`.
    if (this.#options.issuer.startsWith('https:') && !address.startsWith('https:')) {
      throw Object.assign(new Error('keys without TLS'), { code: 'KEYS_WITHOUT_TLS' })
    }
    const known = this.#keys.get(address)
    if (known) return known
    const { createRemoteJWKSet, customFetch } = await import('jose')
    const keys = createRemoteJWKSet(new URL(address), {
      timeoutDuration: KEYS_TIMEOUT_MS,
      cooldownDuration: KEYS_PAUSE_MS,
      [customFetch]: cappedFetch,
    })
    this.#keys.clear()
    this.#keys.set(address, keys)
    return keys
  }
}

const no = (reason: string): LoggedOut => ({ ok: false, reason })

const isName = (value: unknown) =>
  typeof value === 'string' && value !== '' && value.length <= MAX_NAME

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
