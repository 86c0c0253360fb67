// Move: an account that local users follow goes to another server. Both sides must say so: the old actor by this
// activity (or movedTo), the new one by alsoKnownAs. https://swicg.github.io/activitypub-data-portability/#moving-actors

import type { Outgoing } from '../../context.ts'
import { followOps } from '../../follow/request.ts'
import { undoFollowOps } from '../../follow/undo.ts'
import type { Op } from '../../store/journal.ts'
import { followersHere } from '../audience.ts'
import type { Effect, Receiving } from '../receive.ts'

export async function receiveMove(receiving: Receiving): Promise<Effect> {
  const { context, activity, isFromActor, accepted } = receiving
  const { store, actors } = context
  const old = activity.actor
  const { target } = activity
  if (!isFromActor || activity.object.id !== old || !target || target === old) return 'ignored'
  if (followersHere(context, old).length === 0) return 'ignored'
  const resolved = await actors.resolve(target, 0)
  if (!resolved.ok) return { retry: resolved.message }
  if (!resolved.actor.alsoKnownAs.includes(old)) return 'ignored'

  const followers = followersHere(context, old)
  const ops: Op[] = []
  const outgoing: Outgoing[] = []
  for (const user of followers) {
    const isUnwanted =
      context.urls.userOf(target) === user ||
      store.relations.get(user, 'blocks', target) !== undefined ||
      store.relations.get(user, 'following', target)?.state === 'accepted'
    const follow = isUnwanted ? undefined : followOps(context, user, resolved.actor)
    for (const change of [undoFollowOps(context, user, old), follow]) {
      ops.push(...(change?.ops ?? []))
      outgoing.push(...(change?.outgoing ?? []))
    }
  }
  const notice = store.objects.put({
    id: activity.id,
    kind: 'move',
    actor: old,
    at: accepted.receivedAt,
    audience: 'direct',
    target,
    notify: followers,
  })
  if (!store.objects.get(activity.id)) ops.push(notice)
  await receiving.commit(ops, outgoing)
  return 'done'
}
