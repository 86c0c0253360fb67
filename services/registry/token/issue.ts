// Makes the short tokens that clients bring with their requests.
// https://distribution.github.io/distribution/spec/auth/jwt/
import { randomBytes } from 'node:crypto'
import { SignJWT } from 'jose'
import { type Caller, nameOf, writeCaller } from '../account/caller.ts'
import type { Access } from '../scope.ts'
import { ALGORITHM, type KeyRing, type SigningKey } from './key-ring.ts'

export interface IssueOptions {
  keys: KeyRing
  /** Our address. */
  issuer: string
  /** Our host, as clients name it. */
  service: string
  lifetimeMs: number
}

export interface IssuedToken {
  token: string
  issuedAt: number
  expiresInSeconds: number
}

/** A token for a caller and what it is good for; it never outlives the credential that she came by. */
export async function issueToken(
  { keys, issuer, service, lifetimeMs }: IssueOptions,
  caller: Caller,
  access: readonly Access[],
  now: number,
  key: SigningKey = keys.active,
): Promise<IssuedToken> {
  const issuedAt = Math.floor(now / 1000)
  const endsAt = Math.min(now + lifetimeMs, caller.expiresAt ?? Number.POSITIVE_INFINITY)
  const expiresAt = Math.max(issuedAt + 1, Math.floor(endsAt / 1000))
  const claims = { access, caller: writeCaller(caller) }
  const token = await new SignJWT(claims)
    .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT', kid: key.kid })
    .setIssuer(issuer)
    .setSubject(nameOf(caller))
    .setAudience(service)
    .setIssuedAt(issuedAt)
    // Clocks of upstreams go a little wrong.
    .setNotBefore(issuedAt - 10)
    .setExpirationTime(expiresAt)
    .setJti(randomBytes(9).toString('base64url'))
    .sign(key.privateKey)
  return { token, issuedAt, expiresInSeconds: expiresAt - issuedAt }
}
