// People, as administrators change them.
import type { Store } from '../store/store.ts'
import { done, type Outcome, refused } from './outcome.ts'

/** Disabled, her sessions and tokens end at once. The last owner who is enabled stays so. */
export function enablePerson(store: Store, name: string, isEnabled: boolean): Outcome {
  const person = store.people.named(name)
  if (!person) return refused(`There is nobody called ${name}.`)
  const owners = store.people.list().filter((each) => each.isOwner && each.isEnabled)
  if (!isEnabled && person.isOwner && owners.length === 1) {
    return refused(`${name} is the only owner.`)
  }
  store.people.put({ ...person, isEnabled })
  if (!isEnabled) store.sessions.removeAll(person.id)
  return done(undefined)
}

/** With her tokens and sessions; the images stay. She may come back by the identity provider: disable her to prevent that. */
export function removePerson(store: Store, name: string): Outcome {
  const person = store.people.named(name)
  if (!person) return refused(`There is nobody called ${name}.`)
  if (person.isOwner) return refused(`${name} is an owner.`)
  store.people.remove(person.id)
  return done(undefined)
}
