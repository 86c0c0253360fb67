// Logging in with an access token of the identity provider.
import type { Bouncer } from '../bouncer.ts'
import { type Attempt, type Authenticated, admit } from './authenticate.ts'
import { linkedUser } from './linked.ts'

/** Whoever is linked to the token's owner; if the attempt names somebody, only her. */
export async function authenticateByToken(
  bouncer: Bouncer,
  { name, ...attempt }: Attempt,
  token: string,
): Promise<Authenticated> {
  const { tokens, logins } = bouncer
  // Asked first: a slow provider must not keep passwords waiting.
  const asking = logins.tokens.pass(async () => await tokens?.ownerOf(token))
  const [asked] = await Promise.allSettled([asking])
  const named = name || `token of ${attempt.address}`
  return await admit(bouncer, { ...attempt, name: named }, async () => {
    if (asked.status === 'rejected') throw asked.reason
    if (!asked.value) throw new Error('too many tokens are being checked')
    const { value: owner } = asked.value
    const user = owner && linkedUser(bouncer, owner)
    return name === '' || user?.name.toLowerCase() === name.toLowerCase() ? user : undefined
  })
}
