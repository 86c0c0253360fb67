// What administrators change, each with its line in the audit: by the pages and by the command line alike.
import type { Caller } from '../account/caller.ts'
import { type Audited, audit } from '../registry.ts'
import type { AccessTokenRecord, PersonRecord, RobotRecord } from '../store/records.ts'
import type { Store } from '../store/store.ts'
import {
  type MadeToken,
  makeAccessToken,
  revokeAccessToken,
  type TokenOwner,
  type WantedToken,
} from './access-tokens.ts'
import { done, type Outcome } from './outcome.ts'
import { enablePerson, removePerson } from './people.ts'
import { enableRobot, makeRobot, removeRobot } from './robots.ts'

/** Who changes something, and where. */
export interface Administrator {
  on: Audited
  by: Caller | 'operator'
  address: string
}

export function setPersonEnabled(admin: Administrator, name: string, isEnabled: boolean): Outcome {
  const changed = enablePerson(admin.on.store, name, isEnabled)
  return told(admin, changed, isEnabled ? 'person enabled' : 'person disabled', name)
}

export function deletePerson(admin: Administrator, name: string): Outcome {
  return told(admin, removePerson(admin.on.store, name), 'person deleted', name)
}

/** One of her sessions, or all of them; returns how many have ended. */
export function endSessions(
  admin: Administrator,
  { id, name }: PersonRecord,
  only?: number,
): number {
  const { sessions } = admin.on.store
  const ended = sessions
    .ofPerson(id)
    .filter((session) => only === undefined || session.id === only)
    .filter((session) => sessions.remove(session.id)).length
  if (ended > 0) told(admin, done(undefined), 'sessions ended', name)
  return ended
}

export function addRobot(admin: Administrator, name: string, about: string): Outcome<RobotRecord> {
  const by = admin.by === 'operator' ? admin.by : whoOf(admin.by)
  return told(admin, makeRobot(admin.on, { name, about, by }), 'robot made', name)
}

export function setRobotEnabled(admin: Administrator, name: string, isEnabled: boolean): Outcome {
  const changed = enableRobot(admin.on.store, name, isEnabled)
  return told(admin, changed, isEnabled ? 'robot enabled' : 'robot disabled', name)
}

export function deleteRobot(admin: Administrator, name: string): Outcome {
  return told(admin, removeRobot(admin.on.store, name), 'robot deleted', name)
}

/** A token for somebody. */
export function giveToken(
  admin: Administrator,
  owner: TokenOwner,
  wanted: WantedToken,
  maxAgeMs: number,
): Outcome<MadeToken> {
  const made = makeAccessToken({ ...admin.on, maxAgeMs }, owner, wanted)
  return told(admin, made, 'token made', made.ok ? tokenInWords(admin, made.value.record) : '')
}

/** Anybody's. */
export function takeToken(admin: Administrator, id: number): Outcome {
  const token = admin.on.store.accessTokens.get(id)
  const revoked = revokeAccessToken(admin.on, id)
  return told(admin, revoked, 'token revoked', token ? tokenInWords(admin, token) : '')
}

/** `ann`, `robot:ci`. */
export function ownerOfToken(
  { people, robots }: Store,
  { personId, robotId }: Pick<AccessTokenRecord, 'personId' | 'robotId'>,
): string {
  if (personId !== undefined) return people.get(personId)?.name ?? ''
  return `robot:${robots.get(robotId ?? 0)?.name ?? ''}`
}

function tokenInWords({ on }: Administrator, token: AccessTokenRecord): string {
  return `${token.label} of ${ownerOfToken(on.store, token)}`
}

const whoOf = ({ account }: Caller) => (account.kind === 'person' ? account.person.name : '')

function told<T extends Outcome<unknown>>(
  { on, by, address }: Administrator,
  outcome: T,
  event: string,
  reference: string,
): T {
  if (outcome.ok) audit(on, { event, caller: by, address, reference })
  return outcome
}
