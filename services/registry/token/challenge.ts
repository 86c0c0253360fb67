// What a client is told to do first: get a token.
// https://distribution.github.io/distribution/spec/auth/token/#how-to-authenticate
import { OciError } from '../errors.ts'
import { formatScope, type Scope } from '../scope.ts'

export interface ChallengeOptions {
  url: string
  host: string
}

/** 401, with where the token is to be had and for what. `error`: what is wrong with the one that came. */
export function challenge(
  { url, host }: ChallengeOptions,
  scopes: readonly Scope[],
  error?: 'invalid_token' | 'insufficient_scope',
  why = 'Log in first: docker login, or an access token.',
): OciError {
  const scope = scopes.map(formatScope).join(' ')
  const parts = [
    `realm="${url}/token"`,
    `service="${host}"`,
    ...(scope === '' ? [] : [`scope="${scope}"`]),
    ...(error === undefined ? [] : [`error="${error}"`]),
  ]
  return new OciError('UNAUTHORIZED', why, {
    headers: { 'www-authenticate': `Bearer ${parts.join(',')}` },
  })
}
