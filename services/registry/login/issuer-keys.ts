// The keys of issuers that the policy trusts: found by their documents when a token of theirs comes, kept for an hour, and read
// anew when a token names a key that is not among them. https://openid.net/specs/openid-connect-discovery-1_0.html#section-4
import type { Clock } from '@fuchsbau/shared/clock.ts'
import type { Log } from '@fuchsbau/shared/log.ts'
import { readJson } from '@fuchsbau/shared/read-json.ts'
import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'

/** Nobody can say now whether a token is good. */
export class IssuerAway extends Error {
  override name = 'IssuerAway'
}

interface Known {
  keys: JWTVerifyGetKey
  at: number
}

interface Issuer {
  known: Known | undefined
  asking: Promise<Known> | undefined
  /** When it was asked last, whatever came of it. */
  askedAt: number
}

const FRESH_MS = 3_600_000
/** An issuer that was not there is not asked again before. */
const RETRY_MS = 10_000
/** Anybody can name a key that nobody knows. */
const UNKNOWN_KEY_MS = 60_000
const TIMEOUT_MS = 8_000
const ANSWER = { maxBytes: 256 * 1024, status: 200 }

export class IssuerKeys {
  readonly #clock: Clock
  readonly #log: Log
  readonly #issuers = new Map<string, Issuer>()

  constructor({ clock, log }: { clock: Clock; log: Log }) {
    this.#clock = clock
    this.#log = log
  }

  /** Only for issuers that the policy names. Rejects with IssuerAway. */
  async of(issuer: string): Promise<JWTVerifyGetKey> {
    const one = this.#one(issuer)
    const now = this.#clock.now()
    if (one.known && now - one.known.at < FRESH_MS) return one.known.keys
    if (!one.asking && now - one.askedAt < RETRY_MS) throw new IssuerAway()
    return await this.#ask(issuer, one)
  }

  /** For a token whose key is not among those known. Undefined when they were read a minute ago or less. */
  async newer(issuer: string): Promise<JWTVerifyGetKey | undefined> {
    const one = this.#one(issuer)
    if (!one.asking && this.#clock.now() - one.askedAt < UNKNOWN_KEY_MS) return
    return await this.#ask(issuer, one)
  }

  #one(issuer: string): Issuer {
    const known = this.#issuers.get(issuer)
    if (known) return known
    const fresh = { known: undefined, asking: undefined, askedAt: Number.NEGATIVE_INFINITY }
    this.#issuers.set(issuer, fresh)
    return fresh
  }

  /** Those who come meanwhile wait for the same answer. */
  async #ask(issuer: string, one: Issuer): Promise<JWTVerifyGetKey> {
    if (!one.asking) {
      one.askedAt = this.#clock.now()
      one.asking = this.#read(issuer).finally(() => {
        one.asking = undefined
      })
    }
    try {
      one.known = await one.asking
      return one.known.keys
    } catch (err) {
      this.#log.warn({ err, issuer }, 'the keys of a trusted issuer cannot be read')
      throw new IssuerAway()
    }
  }

  async #read(issuer: string): Promise<Known> {
    const at = this.#clock.now()
    // A redirect could lead anywhere.
    const init = { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'error' } as const
    const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
    const metadata = await readJson(await fetch(url, init), ANSWER)
    if (metadata['issuer'] !== issuer) throw new Error(`${url} names another issuer`)
    const address = URL.parse(String(metadata['jwks_uri']))
    // The keys may be elsewhere, also within our own network, but not on a way that is less safe.
    const isSafe = address?.protocol === 'https:' || address?.protocol === new URL(issuer).protocol
    if (!address || !isSafe) throw new Error(`${url} names no safe address of keys`)
    const set = await readJson(await fetch(address, init), ANSWER)
    return { keys: createLocalJWKSet(set as unknown as JSONWebKeySet), at }
  }
}
