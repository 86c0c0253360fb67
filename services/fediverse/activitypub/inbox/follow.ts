// Follow of a local user. https://www.w3.org/TR/activitypub/#follow-activity-inbox

import { acceptFollow, relationOf } from '../../follow/accept.ts'
import type { StoredObject } from '../../store/objects.ts'
import type { Effect, Receiving } from '../receive.ts'

/** Stores the follower and accepts at once, or keeps the request where the user approves followers. */
export async function receiveFollow(receiving: Receiving): Promise<Effect> {
  const { context, activity, isFromActor, accepted } = receiving
  const { store, urls } = context
  const followed = activity.object.id
  const name = followed && urls.userOf(followed)
  if (!isFromActor || !name || !store.users.get(name)) return 'ignored'
  const resolved = await context.actors.resolve(activity.actor)
  if (!resolved.ok) return { retry: resolved.message }

  const user = store.users.get(name)
  if (!user || store.relations.get(name, 'blocks', activity.actor)) return 'ignored'
  const known = store.relations.get(name, 'followers', activity.actor)
  const isAccepted = known?.state === 'accepted' || !user.isLocked
  const relation = relationOf(
    resolved.actor,
    activity.id,
    isAccepted,
    known?.at ?? accepted.receivedAt,
  )
  const ops = [store.relations.put(name, 'followers', relation)]
  // A repeated one tells nobody again; nor may its id take the place of what another user of that host has sent.
  if (!known && !store.objects.get(activity.id)) {
    const notice: StoredObject = {
      id: activity.id,
      kind: 'follow',
      actor: activity.actor,
      at: accepted.receivedAt,
      audience: 'direct',
      notify: [name],
      target: followed,
    }
    ops.push(store.objects.put(notice))
  }
  // A second Follow with a new id gets its own Accept: its sender has forgotten the first.
  await receiving.commit(ops, isAccepted ? [acceptFollow(context, name, relation)] : [])
  return 'done'
}
