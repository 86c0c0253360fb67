// Moving a local account away, and naming the accounts that moved here.
// https://swicg.github.io/activitypub-data-portability/#moving-actors

import { activity } from '../activitypub/object.ts'
import { type Context, commit, VerbError } from '../context.ts'
import { profileUpdate } from '../post/profile.ts'
import { toAudience } from '../post/publish.ts'
import type { User } from '../store/users.ts'
import { findActor } from './request.ts'

/** Says that an account elsewhere is the same person, so that it may move here. */
export async function addAlias(context: Context, user: string, whom: string): Promise<string> {
  const actor = await findActor(context, whom)
  const profile = requireUser(context, user)
  const alsoKnownAs = [...new Set([...profile.alsoKnownAs, actor.id])]
  const changed: User = { ...profile, alsoKnownAs }
  await commit(context, [context.store.users.put(changed)], [profileUpdate(context, changed)])
  return actor.id
}

export async function removeAlias(context: Context, user: string, id: string): Promise<void> {
  const profile = requireUser(context, user)
  if (!profile.alsoKnownAs.includes(id)) throw new VerbError(`${id} is not an alias of ${user}.`)
  const changed: User = {
    ...profile,
    alsoKnownAs: profile.alsoKnownAs.filter((other) => other !== id),
  }
  await commit(context, [context.store.users.put(changed)], [profileUpdate(context, changed)])
}

/** Sends the followers to another account, which must name this one in its alsoKnownAs. */
export async function moveTo(context: Context, user: string, whom: string): Promise<string> {
  const { urls, store } = context
  const me = urls.actor(user)
  const { id } = await findActor(context, whom)
  const fresh = await context.actors.resolve(id, 0)
  if (!fresh.ok) throw new VerbError(`${whom} could not be fetched: ${fresh.message}`)
  if (!fresh.actor.alsoKnownAs.includes(me)) {
    throw new VerbError(
      `${whom} does not name ${me} as an alias. Add it there first, then move again.`,
    )
  }
  const changed: User = { ...requireUser(context, user), movedTo: id }
  const move = activity('Move', {
    id: `${urls.post(user, context.newTid())}/Move`,
    actor: me,
    object: me,
    target: id,
    to: [urls.followers(user)],
  })
  const outgoing = [
    profileUpdate(context, changed),
    toAudience(context, user, move, { audience: 'followers' }),
  ]
  await commit(context, [store.users.put(changed)], outgoing)
  return id
}

function requireUser(context: Context, name: string): User {
  const user = context.store.users.get(name)
  if (!user) throw new VerbError(`There is no user ${name}.`)
  return user
}
