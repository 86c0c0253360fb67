// Who makes a request to the registry, and whether she may: by the token that she brings, by the policy, and by what her
// credential is good for, each of them now.
import type { FastifyRequest } from 'fastify'
import { callerBySecret } from '../account/authenticate.ts'
import { ANONYMOUS, type Caller, readCaller } from '../account/caller.ts'
import { checked, personOf } from '../account/checked.ts'
import { verdict, whatNext } from '../account/rights.ts'
import { OciError } from '../errors.ts'
import { addressOf, audit, type Registry } from '../registry.ts'
import type { Access } from '../scope.ts'
import { challenge } from '../token/challenge.ts'
import { issueToken } from '../token/issue.ts'
import { basicOf } from '../token/route.ts'
import { isSecret } from '../token/secret.ts'
import { grants, type TokenClaims } from '../token/verify.ts'
import { type Need, scopesOf } from './needs.ts'

export interface Identified {
  caller: Caller
  /** The token that she brought; undefined when she came by Basic, or with nothing. */
  token: string | undefined
  claims: TokenClaims | undefined
}

/** Throws a challenge when she is nobody and has to be somebody, or her token is not good. */
export async function identify(
  registry: Registry,
  request: FastifyRequest,
  need: Need | undefined,
): Promise<Identified> {
  const { authorization } = request.headers
  if (authorization === undefined) {
    if (!need) throw challenge(registry, [])
    return { caller: ANONYMOUS, token: undefined, claims: undefined }
  }
  const [, token] = /^Bearer +([\w.~+/=-]+)$/i.exec(authorization) ?? []
  if (token === undefined) {
    const basic = basicOf(request)
    if (!basic || basic === 'malformed') throw challenge(registry, scopesOf(need), 'invalid_token')
    const caller = await byBasic(registry, request, basic, need)
    return { caller, token: undefined, claims: undefined }
  }
  // An access token by itself, as clients send it that know no token endpoint.
  if (isSecret('fbr', token)) {
    const caller = await byBasic(registry, request, { name: '', secret: token }, need)
    return { caller, token: undefined, claims: undefined }
  }
  const now = registry.clock.now()
  const claims = await registry.verifier.verify(token, now)
  const find = () => claims && readCaller(registry, claims.caller, now)
  const caller = await checked(registry, find, personOf)
  if (claims && !caller) registry.counts.misused('ended')
  if (!caller) throw challenge(registry, scopesOf(need), 'invalid_token')
  return { caller, token, claims }
}

async function byBasic(
  registry: Registry,
  request: FastifyRequest,
  basic: { name: string; secret: string },
  need: Need | undefined,
): Promise<Caller> {
  const refuse = (why: string) => challenge(registry, scopesOf(need), undefined, why)
  return await callerBySecret(registry, request, basic, refuse)
}

/** Throws when she may not: a challenge for who could be somebody else, or ask for more; else why not. */
export function demand(
  registry: Registry,
  { caller, claims }: Identified,
  need: Need,
  request: FastifyRequest,
  reference?: string,
): void {
  const repository = 'repository' in need ? need.repository : undefined
  const found = verdict(registry.policy.current, caller, need.right, repository)
  if (!found.isAllowed) {
    if (caller.account.kind === 'anonymous') throw challenge(registry, scopesOf(need))
    registry.counts.denied(found.isByLimits ? 'token' : 'policy')
    audit(registry, {
      event: 'denied',
      caller,
      address: addressOf(request),
      repository,
      reference,
      digest: reference?.includes(':') ? reference : undefined,
      outcome: `${need.right}: ${found.why}`,
    })
    throw new OciError('DENIED', `${found.why} ${whatNext(registry, caller, found)}`, {
      detail: { right: need.right, repository, line: found.line },
    })
  }
  if (claims && !isGranted(claims, need)) {
    throw challenge(registry, scopesOf(need), 'insufficient_scope')
  }
}

/** Whether the token was made for this. Rights that no scope speaks of are the policy's alone. */
function isGranted(claims: TokenClaims, need: Need): boolean {
  if (need.right === 'admin') return true
  if (need.right === 'catalog') return grants(claims, '', 'pull')
  return grants(claims, need.repository, need.right)
}

/** What the upstream is sent to verify: her own token, or one that we make for just this. */
export async function upstreamAuthorization(
  registry: Registry,
  { caller, token }: Pick<Identified, 'caller' | 'token'>,
  access: readonly Access[],
): Promise<Record<string, string>> {
  const { upstreamTakesTokens, upstreamCredential } = registry
  if (!upstreamTakesTokens) {
    return upstreamCredential === undefined ? {} : { authorization: upstreamCredential }
  }
  if (token !== undefined) return { authorization: `Bearer ${token}` }
  const made = await issueToken(registry.issue, caller, access, registry.clock.now())
  return { authorization: `Bearer ${made.token}` }
}
