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
  const named = name || `token of ${attempt.address}`
  const check = async () => {
    const owner = await bouncer.tokens?.ownerOf(token)
    const user = owner && linkedUser(bouncer, owner)
    const isMeant = name === '' || user?.name.toLowerCase() === name.toLowerCase()
    return user && isMeant ? ({ user, by: 'token' } as const) : undefined
  }
  return await admit(bouncer, { ...attempt, name: named }, check, 'tokens')
}
