// Checks the short tokens. Each is verified once and remembered by itself: a client brings the same one for minutes.
import { jwtVerify } from 'jose'
import type { Access } from '../scope.ts'
import { ALGORITHM, type KeyRing } from './key-ring.ts'

export interface TokenClaims {
  access: readonly Access[]
  /** See account/caller.ts. */
  caller: string
  /** Seconds. */
  expiresAt: number
}

/** The longest that we make: fifty repositories with long names. */
const MAX_CHARACTERS = 24_576
/** All that are remembered together; a usual one has 700. */
const MAX_REMEMBERED = 4 * 1024 * 1024

export class TokenVerifier {
  readonly #keys: KeyRing
  readonly #issuer: string
  readonly #service: string
  readonly #known = new Map<string, TokenClaims>()
  #characters = 0

  constructor(keys: KeyRing, issuer: string, service: string) {
    this.#keys = keys
    this.#issuer = issuer
    this.#service = service
  }

  /** Undefined when the token is not ours, or over. `now` in ms. */
  async verify(token: string, now: number): Promise<TokenClaims | undefined> {
    const known = this.#known.get(token)
    if (known) {
      if (known.expiresAt * 1000 > now) return known
      this.#forget(token)
      return
    }
    if (token.length > MAX_CHARACTERS) return
    const claims = await this.#check(token, now)
    if (claims) this.#remember(token, claims)
    return claims
  }

  async #check(token: string, now: number): Promise<TokenClaims | undefined> {
    try {
      const { payload } = await jwtVerify(
        token,
        ({ kid = '' }) => {
          const key = this.#keys.find(kid)
          if (!key) throw new Error('unknown key')
          return key.publicKey
        },
        {
          algorithms: [ALGORITHM],
          issuer: this.#issuer,
          audience: this.#service,
          currentDate: new Date(now),
          requiredClaims: ['exp', 'sub'],
        },
      )
      const { exp = 0, access, caller } = payload
      if (!Array.isArray(access) || typeof caller !== 'string') return
      return { access: access as Access[], caller, expiresAt: exp }
    } catch {
      return
    }
  }

  #remember(token: string, claims: TokenClaims): void {
    if (!this.#known.has(token)) this.#characters += token.length
    this.#known.set(token, claims)
    for (const oldest of this.#known.keys()) {
      if (this.#characters <= MAX_REMEMBERED) return
      this.#forget(oldest)
    }
  }

  #forget(token: string): void {
    if (this.#known.delete(token)) this.#characters -= token.length
  }
}

/** Whether a token grants an action in a repository. */
export function grants(
  { access }: Pick<TokenClaims, 'access'>,
  repository: string,
  action: string,
): boolean {
  return access.some(
    ({ type, name, actions }) =>
      type === 'repository' && name === repository && actions.includes(action),
  )
}
