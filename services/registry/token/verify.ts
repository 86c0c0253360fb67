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

const MAX_CHARACTERS = 16_384
const MAX_REMEMBERED = 5_000

export class TokenVerifier {
  readonly #keys: KeyRing
  readonly #issuer: string
  readonly #service: string
  readonly #known = new Map<string, TokenClaims>()

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
      this.#known.delete(token)
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
    this.#known.set(token, claims)
    const oldest = this.#known.size > MAX_REMEMBERED ? this.#known.keys().next().value : undefined
    if (oldest !== undefined) this.#known.delete(oldest)
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
