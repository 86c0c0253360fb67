// Asks a provider whether somebody is still there, by the refresh token of her login.
// https://openid.net/specs/openid-connect-core-1_0.html#RefreshTokens
import { ResponseBodyError, refreshTokenGrant, WWWAuthenticateChallengeError } from 'openid-client'
import type { ClaimNames } from './claims.ts'
import { type Provider, reasonOf } from './provider.ts'
import { named } from './said.ts'

export type Renewal = {
  refreshToken: string
  /** Whose it has to be. */
  subject: string
  /**
   * Called with the token to use from now on, before anything else is done with the answer: the one before may be worth
   * nothing any more, whatever becomes of the rest.
   */
  keep(refreshToken: string): void
}

/**
 * - `here`: she is; `groups` are those of now, undefined when the provider says nothing about them.
 * - `gone`: the provider refuses her.
 * - `failed`: nobody knows. `isAway`: the provider did not answer, or not with sense; else it has refused us, not her.
 */
export type Renewed =
  | { outcome: 'here'; groups: string[] | undefined }
  | { outcome: 'gone'; reason: string }
  | { outcome: 'failed'; reason: string; isAway: boolean }

/** Never rejects. Takes 20 s at most. */
export async function renew(
  provider: Provider,
  claims: ClaimNames,
  { refreshToken, subject, keep }: Renewal,
): Promise<Renewed> {
  const client = await provider.find()
  if (!client) return { outcome: 'failed', reason: 'unreachable', isAway: true }
  const see = (text: string) => {
    const next = refreshTokenIn(text)
    if (next !== undefined && next !== refreshToken) keep(next)
  }
  let hasTokens = false
  try {
    return await provider.watching(client, see, async (watched): Promise<Renewed> => {
      const tokens = await refreshTokenGrant(watched, refreshToken)
      const idClaims = tokens.claims()
      // Core 12.2: the same person, or it is somebody else's answer.
      if (idClaims && idClaims.sub !== subject) {
        return { outcome: 'failed', reason: 'another subject', isAway: false }
      }
      hasTokens = true
      const { groups } = await named(watched, { claims, tokens, subject })
      return { outcome: 'here', groups }
    })
  } catch (error) {
    const isGone = hasTokens ? isNoUserinfo(error) : isNoGrant(error)
    if (isGone) return { outcome: 'gone', reason: reasonOf(error) }
    const isAway = !(error instanceof ResponseBodyError)
    return { outcome: 'failed', reason: reasonOf(error), isAway }
  }
}

/** What is no JSON is refused by who reads it next. */
function refreshTokenIn(text: string): string | undefined {
  try {
    const { refresh_token: token } = JSON.parse(text) as { refresh_token?: unknown }
    return typeof token === 'string' && token !== '' ? token : undefined
  } catch {
    return
  }
}

/** How Pocket ID 2.9 refuses a person, in words instead of a code: a disabled one, and one who may not use this client. */
const POCKET_ID =
  /^refresh token is invalid or expired$|^you're not allowed to access this service$/i

/**
 * Whether the token endpoint refuses her, and not us: a wrong secret, or a client that it does not know, must not send
 * everybody away. https://www.rfc-editor.org/rfc/rfc6749#section-5.2
 */
function isNoGrant(error: unknown): boolean {
  if (!(error instanceof ResponseBodyError)) return false
  const { error: code } = error
  return code === 'invalid_grant' || code === 'access_denied' || POCKET_ID.test(code)
}

/** Whether the userinfo endpoint refuses a token that was made a moment ago. https://www.rfc-editor.org/rfc/rfc6750#section-3.1 */
function isNoUserinfo(error: unknown): boolean {
  if (error instanceof WWWAuthenticateChallengeError) {
    // We may not ask for so much: she is there all the same.
    return !error.cause.some(({ parameters }) => parameters['error'] === 'insufficient_scope')
  }
  const { cause } = error instanceof Error ? error : {}
  return cause instanceof Response && (cause.status === 401 || cause.status === 403)
}
