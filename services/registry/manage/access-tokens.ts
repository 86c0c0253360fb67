// Making and revoking access tokens: by the pages and by the command line alike.
import type { Clock } from '@fuchsbau/shared/clock.ts'
import { parseGlob } from '../policy/glob.ts'
import { ACTIONS, type Action } from '../scope.ts'
import type { AccessTokenRecord, Limit } from '../store/records.ts'
import type { Store } from '../store/store.ts'
import { hashSecret, makeSecret } from '../token/secret.ts'
import { done, type Outcome, refused } from './outcome.ts'

/** Whose it becomes. */
export type TokenOwner = { personId: number } | { robotId: number }

export interface WantedToken {
  label: string
  repositories: readonly string[]
  actions: readonly string[]
  lifetimeMs: number
}

export interface ManageOptions {
  store: Store
  clock: Clock
  /** The longest lifetime that an administrator allows. */
  maxAgeMs: number
}

export interface MadeToken {
  /** Shown once. */
  secret: string
  record: AccessTokenRecord
}

const MAX_LABEL = 60
const MAX_PATTERNS = 50
/** Of one owner, those that are over not counted. */
const MAX_TOKENS = 100
const DAY_MS = 86_400_000

/** What a token is to be, as far as it is read. */
export interface ReadToken {
  label: string
  limits: Limit[]
  lifetimeMs: number
}

/** A new token, whose secret is in the answer and nowhere else. */
export function makeAccessToken(
  options: ManageOptions,
  owner: TokenOwner,
  { label, repositories, actions, lifetimeMs }: WantedToken,
): Outcome<MadeToken> {
  const limit = limitOf(repositories, actions)
  if (!limit.ok) return limit
  const wanted = readToken({ label, limits: [limit.value], lifetimeMs }, options.maxAgeMs)
  return wanted.ok ? addAccessToken(options, owner, wanted.value) : wanted
}

/** Whether there may be such a token, whosever it becomes. */
export function readToken(wanted: ReadToken, maxAgeMs: number): Outcome<ReadToken> {
  const label = wanted.label.trim()
  // It is shown in terminals, too.
  if (label === '' || label.length > MAX_LABEL || /\p{C}/u.test(label)) {
    return refused(`Give the token a name of at most ${MAX_LABEL} visible characters.`)
  }
  if (!(wanted.lifetimeMs > 0 && wanted.lifetimeMs <= maxAgeMs)) {
    return refused(`A token lasts ${Math.floor(maxAgeMs / DAY_MS)} days at most.`)
  }
  return done({ ...wanted, label })
}

/** The same for what `readToken` let pass. */
export function addAccessToken(
  { store, clock }: Pick<ManageOptions, 'store' | 'clock'>,
  owner: TokenOwner,
  { label, limits, lifetimeMs }: ReadToken,
): Outcome<MadeToken> {
  const now = clock.now()
  const living = tokensOf(store, owner).filter(
    (token) => isLiving(token, now) && token.idToken === undefined,
  )
  if (living.length >= MAX_TOKENS) {
    return refused(`There are ${MAX_TOKENS} tokens already: revoke one that is not needed.`)
  }
  const secret = makeSecret('fbr')
  const record = store.accessTokens.add({
    ...owner,
    label,
    hash: hashSecret(secret),
    limits,
    createdAt: now,
    expiresAt: now + lifetimeMs,
  })
  return done({ secret, record })
}

/** Ends a token at once, with every short token that was made from it. */
export function revokeAccessToken(
  { store, clock }: Pick<ManageOptions, 'store' | 'clock'>,
  id: number,
): Outcome {
  return store.accessTokens.revoke(id, clock.now())
    ? done(undefined)
    : refused('There is no such token, or it was revoked already.')
}

export function tokensOf(store: Store, owner: TokenOwner): AccessTokenRecord[] {
  return 'personId' in owner
    ? store.accessTokens.ofPerson(owner.personId)
    : store.accessTokens.ofRobot(owner.robotId)
}

export const isLiving = ({ revokedAt, expiresAt }: AccessTokenRecord, now: number) =>
  revokedAt === undefined && expiresAt > now

/** A limit as somebody typed it. */
export function limitOf(repositories: readonly string[], words: readonly string[]): Outcome<Limit> {
  const patterns = repositories.map((text) => text.trim()).filter((text) => text !== '')
  if (patterns.length === 0 || patterns.length > MAX_PATTERNS) {
    return refused('Say for which repositories the token is, such as team/** or **.')
  }
  for (const text of patterns) {
    const parsed = parseGlob(text)
    if (!parsed.ok) return refused(`"${text}" is no pattern for repositories: ${parsed.reason}.`)
    if (text.includes('$')) return refused('Placeholders are for the policy, not for tokens.')
  }
  const unknown = words.find((word) => !ACTIONS.includes(word as Action))
  if (unknown !== undefined) return refused(`"${unknown}" is none of ${ACTIONS.join(', ')}.`)
  const actions = ACTIONS.filter((action) => words.includes(action))
  if (actions.length === 0) return refused('Say what the token is for: pull, push …')
  return done({ repositories: patterns, actions })
}
