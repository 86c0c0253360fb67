// Accept and Reject of a Follow that a local user sent. https://www.w3.org/TR/activitypub/#accept-activity-inbox

import type { Relation } from '../../store/relations.ts'
import type { Effect, Receiving } from '../receive.ts'

/** Marks the relation as accepted. */
export async function receiveAccept(receiving: Receiving): Promise<Effect> {
  const found = answeredFollow(receiving)
  if (!found) return 'ignored'
  const { store } = receiving.context
  const relation: Relation = { ...found.relation, state: 'accepted' }
  await receiving.commit([store.relations.put(found.user, 'following', relation)])
  return 'done'
}

/** Removes the relation: the request was turned down, or the follower was removed later. */
export async function receiveReject(receiving: Receiving): Promise<Effect> {
  const found = answeredFollow(receiving)
  if (!found) return 'ignored'
  const { store } = receiving.context
  await receiving.commit([store.relations.remove(found.user, 'following', found.relation.actor)])
  return 'done'
}

/** The relation that an answer is about: by the id of our Follow, or by who follows whom. */
function answeredFollow(receiving: Receiving): { user: string; relation: Relation } | undefined {
  const { context, activity, isFromActor } = receiving
  const { store, urls } = context
  if (!isFromActor) return
  const { id, document } = activity.object
  const embedded = typeof document?.actor === 'string' ? urls.userOf(document.actor) : undefined
  const user = embedded ?? (id ? urls.ownerOf(id) : undefined) ?? receiving.accepted.inboxOf
  const relation = user && store.relations.get(user, 'following', activity.actor)
  if (!user || !relation) return
  // Only the answer to the newest Follow counts, if it names one of ours at all.
  if (id && urls.isLocal(id) && id !== relation.activity) return
  return { user, relation }
}
