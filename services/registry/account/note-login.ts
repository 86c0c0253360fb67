// Tells of logins by programs: each that fails, and of those that succeed no more than somebody reads. A program shows its
// secret with every request, so that only the first of an hour from one address is a line of the audit.
import { addressGroup } from '@fuchsbau/shared/throttle.ts'
import { audit, type Registry } from '../registry.ts'
import { hashSecret, isSecret } from '../token/secret.ts'
import { type Caller, credentialName, liveOwner, nameOf } from './caller.ts'

/** A use is told again after so long. */
const AGAIN_MS = 3_600_000
const MAX_KNOWN = 10_000

/** Which uses were told, and when; the oldest are forgotten. */
export class ToldUses {
  readonly #told = new Map<string, number>()

  /** Whether it is time to tell of this one. */
  isNew(use: string, now: number): boolean {
    const before = this.#told.get(use)
    if (before !== undefined && before > now - AGAIN_MS) return false
    this.#told.delete(use)
    this.#told.set(use, now)
    const oldest = this.#told.size > MAX_KNOWN ? this.#told.keys().next().value : undefined
    if (oldest !== undefined) this.#told.delete(oldest)
    return true
  }
}

/** A program came by a secret that is good. */
export function noteLogin(registry: Registry, caller: Caller, address: string): void {
  const { counts, toldUses, store, clock } = registry
  const { kind } = caller.credential
  if (kind === 'none') return
  counts.login(kind, 'ok')
  const use = `${nameOf(caller)} ${credentialName(caller, store)} ${addressGroup(address)}`
  if (!toldUses.isNew(use, clock.now())) return
  const event = kind === 'password' ? 'password used' : 'token used'
  audit(registry, { event, caller, address })
}

/** A secret was shown that is not good; says why in the metrics, for whoever keeps watch. */
export function noteRefused(
  { counts, store, clock }: Registry,
  { name, secret }: { name: string; secret: string },
  outcome: string,
): void {
  const now = clock.now()
  const isRefresh = isSecret('fbrr', secret)
  const isAccess = isSecret('fbr', secret)
  const by = isRefresh ? 'refresh-token' : isAccess ? 'access-token' : 'unknown'
  counts.login(
    name !== '' && by === 'unknown' ? 'password' : by,
    outcome === 'wrong' ? 'wrong' : 'over',
  )
  const refresh = isRefresh ? store.refreshTokens.byHash(hashSecret(secret)) : undefined
  const access = isAccess
    ? store.accessTokens.byHash(hashSecret(secret))
    : store.accessTokens.get(refresh?.accessTokenId ?? 0)
  const token = refresh ?? access
  if (!token) return
  if (access?.revokedAt !== undefined) counts.misused('revoked')
  else if (token.expiresAt <= now || (access && access.expiresAt <= now)) counts.misused('expired')
  else if (!liveOwner(store, token)) counts.misused('owner')
  else counts.misused('name')
}
