// Persons: made, changed and removed, by administrators; what she may change of herself, by herself.

import { isIP } from 'node:net'
import { makePassword } from '@fuchsbau/shared/password.ts'
import type { Bouncer } from '../bouncer.ts'
import type { UserRecord } from '../store/records.ts'
import type { User } from '../user.ts'
import { type Authority, mayManage, NOT_ADMIN } from './authority.ts'
import { isNick } from './network-fields.ts'
import { type Outcome, type Refusal, refuse } from './outcome.ts'
import { passwordProblem, setPassword } from './passwords.ts'

/** What can be set of a person. `isAdmin`, `isEnabled` and `bindAddress` only by administrators. */
export type UserFields = Partial<
  Pick<UserRecord, 'nick' | 'realname' | 'isAdmin' | 'isEnabled' | 'bindAddress'>
>

/** A name that can stand in `user/network@client:password`. */
const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,29}$/
const MAX_REALNAME = 400

/** Makes a person. Without a password one is made; it is in the answer, and never shown again. */
export async function createUser(
  bouncer: Bouncer,
  by: Authority,
  {
    name,
    password: given,
    ...fields
  }: UserFields & { name: string; password?: string | undefined },
): Promise<Outcome<{ user: User; password: string }>> {
  if (!by.record.isAdmin) return refuse(NOT_ADMIN)
  const password = given ?? makePassword()
  const problem = nameProblem(name) ?? fieldsProblem(fields) ?? passwordProblem(password)
  if (problem) return problem
  if (bouncer.users.size >= bouncer.limits.users) {
    return refuse(`There are ${bouncer.limits.users} users, which is the most here.`)
  }
  if (bouncer.store.users.named(name)) return nameTaken(name)
  const record = bouncer.store.users.add({
    name,
    password: '',
    // Somebody has to be, and only the operator can be asking.
    isAdmin: bouncer.users.size === 0,
    isEnabled: true,
    nick: name,
    realname: name,
    bindAddress: '',
    createdAt: bouncer.clock.now(),
    subject: '',
    ...fields,
  })
  if (!record) return nameTaken(name)
  const user = bouncer.adopt(record)
  const set = await setPassword(user, password)
  return set.ok ? { ok: true, user, password } : set
}

/** Changes the fields that are given. A person who is disabled is disconnected from everything, and can't log in. */
export function updateUser(by: Authority, user: User, fields: UserFields): Outcome {
  if (!mayManage(by, user)) return refuse(NOT_ADMIN)
  const { isAdmin, isEnabled, bindAddress } = fields
  const isForAdmins = [isAdmin, isEnabled, bindAddress].some((field) => field !== undefined)
  if (isForAdmins && !by.record.isAdmin) return refuse(NOT_ADMIN)
  const problem = fieldsProblem(fields)
  if (problem) return problem
  if ((isAdmin === false || isEnabled === false) && isLastAdmin(user)) return lastAdmin()
  const { users } = user.bouncer.store
  const before = users.get(user.record.id) ?? user.record
  const given = Object.entries(fields).filter(([, value]) => value !== undefined)
  const record: UserRecord = { ...before, ...Object.fromEntries(given) }
  if (!users.put(record)) return refuse('This account is gone.')
  user.record = record
  if (before.isEnabled && !record.isEnabled) disconnect(user, 'this account was disabled')
  if (!before.isEnabled && record.isEnabled) user.start()
  return { ok: true }
}

/** Removes a person with everything that is hers. She may do so herself. */
export function removeUser(by: Authority, user: User): Outcome {
  if (!mayManage(by, user)) return refuse(NOT_ADMIN)
  if (isLastAdmin(user)) return lastAdmin()
  const { bouncer, record } = user
  disconnect(user, 'this account was removed')
  for (const network of [...user.networks.values()]) user.removeNetwork(network)
  bouncer.users.delete(record.id)
  bouncer.store.users.remove(record.id)
  return { ok: true }
}

function disconnect(user: User, reason: string): void {
  user.bouncer.store.sessions.removeAll(user.record.id)
  for (const downstream of [...user.downstreams]) downstream.close(reason)
  user.stop(reason)
}

function isLastAdmin(user: User): boolean {
  const { isAdmin, isEnabled } = user.record
  if (!isAdmin || !isEnabled) return false
  const others = [...user.bouncer.users.values()].filter((other) => other !== user)
  return !others.some(({ record }) => record.isAdmin && record.isEnabled)
}

const lastAdmin = () =>
  refuse('This is the only administrator: make somebody else one first.', 'isAdmin')

function nameTaken(name: string): Refusal {
  return refuse(`There is a user ${name} already.`, 'name')
}

function nameProblem(name: string): Refusal | undefined {
  return NAME.test(name)
    ? undefined
    : refuse("A user's name has 1 to 30 of A–Z, a–z, 0–9, _ . and -.", 'name')
}

function fieldsProblem({ nick, realname, bindAddress }: UserFields): Refusal | undefined {
  if (nick !== undefined && !isNick(nick)) return refuse("This can't be a nick.", 'nick')
  if (realname !== undefined && (realname.length > MAX_REALNAME || /[\r\n\0]/.test(realname))) {
    return refuse(`A real name is one line of at most ${MAX_REALNAME} characters.`, 'realname')
  }
  if (bindAddress && isIP(bindAddress) === 0) {
    return refuse('The address of outgoing connections is an IP address.', 'bindAddress')
  }
  return
}
