// Who makes a request, and by what: found anew for every request, so that what was revoked or disabled ends at once.
import type { Identity } from '../policy/decide.ts'
import type { Policy } from '../policy/policy.ts'
import type { AccessTokenRecord, Limit, PersonRecord, RobotRecord } from '../store/records.ts'
import type { Store } from '../store/store.ts'

export type Account =
  | { kind: 'anonymous' }
  | { kind: 'person'; person: PersonRecord }
  | { kind: 'robot'; robot: RobotRecord }

/** By what somebody is who she is. `id` is that of an access token or refresh token. */
export type Credential =
  | { kind: 'none' | 'password' | 'session' }
  | { kind: 'access-token'; id: number; label: string }
  | { kind: 'refresh-token'; id: number }

export interface Caller {
  account: Account
  credential: Credential
  /** What the credential may be used for at most; undefined: whatever the account may. */
  limits: readonly Limit[] | undefined
  /** When the credential ends by itself. */
  expiresAt: number | undefined
}

/** Somebody by something that has no limits and no end of its own. */
export function unlimited(account: Account, kind: 'none' | 'password' | 'session'): Caller {
  return { account, credential: { kind }, limits: undefined, expiresAt: undefined }
}

export const ANONYMOUS: Caller = unlimited({ kind: 'anonymous' }, 'none')

/** As the policy sees her. */
export function identityOf({ account }: Caller): Identity {
  if (account.kind === 'anonymous') return { kind: 'anonymous' }
  if (account.kind === 'robot') return { kind: 'robot', name: account.robot.name }
  const { name, groups, isOwner } = account.person
  return { kind: 'person', name, groups, isOwner }
}

/** `person:you`, `robot:ci`, `anonymous`: for the audit and the `sub` of tokens. */
export function nameOf({ account }: Caller): string {
  if (account.kind === 'anonymous') return 'anonymous'
  if (account.kind === 'robot') return `robot:${account.robot.name}`
  return `person:${account.person.name}`
}

/** For the audit: `token:7 laptop`, `refresh-token:3 of token:7 laptop`, `session`. */
export function credentialName({ credential }: Caller, store: Store): string {
  if (credential.kind === 'access-token') return tokenName(credential)
  if (credential.kind !== 'refresh-token') return credential.kind
  const { accessTokenId } = store.refreshTokens.get(credential.id) ?? {}
  const made = accessTokenId === undefined ? undefined : store.accessTokens.get(accessTokenId)
  const origin = made ? ` of ${tokenName(made)}` : ''
  return `refresh-token:${credential.id}${origin}`
}

const tokenName = ({ id, label }: { id: number; label: string }) => `token:${id} ${label}`.trimEnd()

export const isLivePerson = ({ isEnabled, isGone }: PersonRecord) => isEnabled && !isGone

/** The person of this row, if she may be here. */
export function livePerson(store: Store, id: number): Account | undefined {
  const person = store.people.get(id)
  return person && isLivePerson(person) ? { kind: 'person', person } : undefined
}

/** The robot of this row, if it may be here. */
export function liveRobot(store: Store, id: number): Account | undefined {
  const robot = store.robots.get(id)
  return robot?.isEnabled ? { kind: 'robot', robot } : undefined
}

/** Whose a row is. */
export function liveOwner(
  store: Store,
  { personId, robotId }: { personId?: number; robotId?: number },
): Account | undefined {
  if (personId !== undefined) return livePerson(store, personId)
  return robotId === undefined ? undefined : liveRobot(store, robotId)
}

/** What decides whether a credential is good now. */
export interface InForce {
  store: Store
  policy: { readonly current: Policy }
}

/**
 * Who comes by this access token; undefined when it is over, its owner may not be here, or the policy's entry that it was
 * given by is not there any more.
 */
export function callerByToken(
  { store, policy }: InForce,
  token: AccessTokenRecord | undefined,
  now: number,
): Caller | undefined {
  if (!token || token.revokedAt !== undefined || token.expiresAt <= now) return
  const { exchangeEntry } = token
  const isEntry = (entry: { fingerprint: string }) => entry.fingerprint === exchangeEntry
  if (exchangeEntry !== undefined && !policy.current.exchange.some(isEntry)) return
  const account = liveOwner(store, token)
  if (!account) return
  return {
    account,
    credential: { kind: 'access-token', id: token.id, label: token.label },
    limits: token.limits,
    expiresAt: token.expiresAt,
  }
}

/** How a token of ours names the caller, so that she is found again. */
export function writeCaller({ account, credential }: Caller): string {
  const id =
    account.kind === 'person' ? account.person.id : account.kind === 'robot' ? account.robot.id : 0
  const by = 'id' in credential ? credential.id : 0
  return JSON.stringify([account.kind, id, credential.kind, by])
}

/** The caller that a token of ours names, as she is now; undefined when that is over. */
export function readCaller(inForce: InForce, text: string, now: number): Caller | undefined {
  const { store } = inForce
  const [kind, id, credential, by] = JSON.parse(text) as [
    Account['kind'],
    number,
    Credential['kind'],
    number,
  ]
  if (kind === 'anonymous') return ANONYMOUS
  if (credential === 'access-token') {
    return callerByToken(inForce, store.accessTokens.get(by), now)
  }
  if (credential === 'refresh-token') return callerByRefresh(inForce, by, now)
  const account = kind === 'person' ? livePerson(store, id) : liveRobot(store, id)
  return account && unlimited(account, credential)
}

/** Who comes by the refresh token of this row: it is worth what it was made from. */
export function callerByRefresh(inForce: InForce, id: number, now: number): Caller | undefined {
  const { store } = inForce
  const token = store.refreshTokens.get(id)
  if (!token || token.expiresAt <= now) return
  const credential: Credential = { kind: 'refresh-token', id }
  if (token.accessTokenId !== undefined) {
    const made = callerByToken(inForce, store.accessTokens.get(token.accessTokenId), now)
    return made && { ...made, credential }
  }
  const account = liveOwner(store, token)
  return account && { account, credential, limits: undefined, expiresAt: token.expiresAt }
}
