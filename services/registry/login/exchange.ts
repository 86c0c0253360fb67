// An ID token of a CI job for a token of a robot that dies soon: its own secret, or the ID token itself as a password. What it may
// do is what the policy allows the robot, within the limits of the policy's entry.
import { addressGroup } from '@fuchsbau/shared/throttle.ts'
import { ANONYMOUS, type Caller, callerByToken } from '../account/caller.ts'
import type { ExchangeEntry } from '../policy/exchange.ts'
import { audit, type Registry } from '../registry.ts'
import type { AccessTokenRecord, RobotRecord } from '../store/records.ts'
import { hashSecret, makeSecret } from '../token/secret.ts'
import { jobOf, type Matched, matchIdToken, type Refusal } from './id-tokens.ts'

export interface Shown {
  idToken: string
  /** The only robot that it may be for. */
  robot: string | undefined
  address: string
  /** The ID token itself becomes the password. */
  isPassword: boolean
}

export type Exchanged =
  | { ok: true; secret: string; record: AccessTokenRecord; robot: RobotRecord; caller: Caller }
  | (Refusal & { status: 400 | 429 | 503 })

/** A job logs in several times with one ID token; a thief could, too, and each of its tokens outlives it. */
const MAX_USES = 20
/** Of one robot, living at the same time. */
const MAX_LIVING = 1_000
/** Kept so long after its end: longer than any ID token lives, so that a revoked one stays revoked. */
const KEPT_MS = 25 * 3_600_000

/** Good ones are never slowed down, others are, and every refusal that is not slowed down is in the audit. */
export async function exchange(registry: Registry, shown: Shown): Promise<Exchanged> {
  const made = await make(registry, shown)
  if (made.ok) {
    const { address } = shown
    audit(registry, { event: 'exchange', caller: made.caller, address, reference: made.about })
    return made
  }
  const group = addressGroup(shown.address)
  const attempt = registry.idTokens.refusals.begin(group, `${group} exchange`)
  if (!attempt.ok) {
    const seconds = Math.ceil(attempt.waitMs / 1000)
    const why = `${made.why} Too many of this address were refused: wait ${seconds} s.`
    return { ...made, why, status: 429 }
  }
  attempt.done()
  const { address } = shown
  const outcome = made.reason
  const reference = made.about ?? shown.robot?.slice(0, 100)
  audit(registry, { event: 'exchange', caller: ANONYMOUS, address, reference, outcome })
  return { ...made, status: made.isAway ? 503 : 400 }
}

type Made = (Extract<Exchanged, { ok: true }> & { about: string }) | Refusal

async function make(registry: Registry, shown: Shown): Promise<Made> {
  if (registry.store.failure !== undefined) {
    return no('Nothing can be stored here now. Try again later.', 'nothing can be stored', true)
  }
  const matched = await matchIdToken(registry, shown.idToken, shown.robot)
  if (!matched.ok) return matched
  const given = give(registry, shown, matched)
  return { ...given, about: jobOf(matched.claims) }
}

/** The token of a job that was found good. */
function give(
  registry: Registry,
  { idToken, isPassword }: Shown,
  { claims, entry }: Extract<Matched, { ok: true }>,
): Extract<Exchanged, { ok: true }> | Refusal {
  const { store, clock } = registry
  const robot = store.robots.named(entry.robot)
  if (!robot?.isEnabled) {
    const state = robot ? 'disabled' : 'missing'
    return no('The robot that this job is for is not here.', `robot ${entry.robot} is ${state}`)
  }
  const now = clock.now()
  store.accessTokens.expireExchanged(now - KEPT_MS)
  const hash = hashSecret(idToken)
  const before = store.accessTokens.ofIdToken(hash)
  if (before.some(({ revokedAt }) => revokedAt !== undefined)) {
    return no('The ID token was revoked here.', 'revoked')
  }
  if (before.length >= MAX_USES) {
    return no(`The ID token was used ${MAX_USES} times: ask the CI for a new one.`, 'used up')
  }
  if (store.accessTokens.countExchanged(robot.id, now) >= MAX_LIVING) {
    return no('There are too many jobs of this robot.', `${MAX_LIVING} tokens live`, true)
  }
  const secret = isPassword ? idToken : makeSecret('fbr')
  const endsAt = isPassword ? (claims.exp ?? 0) * 1000 : Number.POSITIVE_INFINITY
  const wanted = {
    robotId: robot.id,
    label: labelOf(claims.sub),
    hash: hashSecret(secret),
    limits: [limitOf(entry)],
    createdAt: now,
    expiresAt: Math.min(now + entry.lifetimeMs, endsAt),
    exchangeEntry: entry.fingerprint,
    idToken: hash,
  }
  // An ID token that is a password is looked into again when it was good for `lifetime`, or its entry changed.
  const known = before.find((token) => token.hash === wanted.hash)
  const record = known ? { ...known, ...wanted } : store.accessTokens.add(wanted)
  if (known) store.accessTokens.put(record)
  const caller = callerByToken(registry, record, now)
  if (!caller) return no('The ID token has expired: ask the CI for a new one.', 'expired')
  return { ok: true, secret, record, robot, caller }
}

const limitOf = ({ repositories, actions }: ExchangeEntry) => ({
  repositories: repositories.map(({ text }) => text),
  actions: [...actions],
})

/** It is shown in terminals, too. */
const labelOf = (sub = '') => `job ${sub.replaceAll(/\p{C}/gu, '?')}`.slice(0, 100)

function no(why: string, reason: string, isAway = false): Refusal {
  return { ok: false, isAway, why, reason }
}
