// Somebody whom the identity provider has let in becomes a person here, or is known already.

import type { Recheck } from '../account/recheck.ts'
import type { Registry } from '../registry.ts'
import type { PersonRecord } from '../store/records.ts'
import { done, type Outcome, refused } from './outcome.ts'

export interface Known {
  issuer: string
  /** The pair of both never changes. */
  sub: string
  /** As it stands at the provider; where people can change it, only the first one counts. */
  username: string
  groups: readonly string[]
  /** Of the provider; undefined when it gave none. */
  refreshToken: string | undefined
}

const NAME = /^[a-z0-9](?:[a-z0-9._-]{0,38}[a-z0-9])?$/

/** Her groups are those of now; her name is kept, because repositories are called by it. */
export function welcome(
  {
    store,
    clock,
    recheck,
  }: Pick<Registry, 'store' | 'clock'> & { recheck: Pick<Recheck, 'sealed'> },
  known: Known,
): Outcome<PersonRecord> {
  const { issuer, sub } = known
  const groups = [...known.groups]
  const refreshToken = recheck.sealed(known)
  const now = clock.now()
  const before = store.people.identified(issuer, sub)
  if (before) {
    const person = { ...before, groups, refreshToken, isGone: false, checkedAt: now }
    store.people.put(person)
    return done(person)
  }
  const name = known.username.toLowerCase()
  if (!NAME.test(name)) {
    return refused(
      'The identity provider gives you no user name that a registry can use: 1 to 40 of a–z, 0–9, ".", "_" and "-".',
    )
  }
  if (store.people.named(name) || store.robots.named(name)) {
    return refused(`The name ${name} belongs to somebody else here. Ask an administrator.`)
  }
  const person = store.people.add({
    name,
    issuer,
    sub,
    groups,
    isOwner: false,
    isEnabled: true,
    isGone: false,
    password: '',
    refreshToken,
    createdAt: now,
    checkedAt: now,
  })
  return person ? done(person) : refused('You could not be added. Try again.')
}
