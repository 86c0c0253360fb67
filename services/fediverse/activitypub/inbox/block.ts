// Block of a local user by another actor: she no longer wants us as a follower, nor follows us.
// https://www.w3.org/TR/activitypub/#block-activity-outbox

import type { Effect, Receiving } from '../receive.ts'

export async function receiveBlock(receiving: Receiving): Promise<Effect> {
  const { context, activity, isFromActor } = receiving
  const { store, urls } = context
  const user = activity.object.id && urls.userOf(activity.object.id)
  if (!isFromActor || !user || !store.users.get(user)) return 'ignored'
  const kinds = ['followers', 'following'] as const
  const ops = kinds
    .filter((kind) => store.relations.get(user, kind, activity.actor))
    .map((kind) => store.relations.remove(user, kind, activity.actor))
  await receiving.commit(ops)
  return 'done'
}
