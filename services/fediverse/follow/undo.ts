// No longer following an actor. https://www.w3.org/TR/activitypub/#undo-activity-outbox

import { activity } from '../activitypub/object.ts'
import { type Change, type Context, commit, VerbError } from '../context.ts'
import { findActor } from './request.ts'

/** Undoes the Follow of an actor given by handle or id. Works also when her server is gone. */
export async function unfollow(context: Context, user: string, whom: string): Promise<string> {
  const isKnown = context.store.relations.get(user, 'following', whom) !== undefined
  const id = isKnown ? whom : (await findActor(context, whom)).id
  const change = undoFollowOps(context, user, id)
  if (!change) throw new VerbError(`You do not follow ${whom}.`)
  await commit(context, change.ops, change.outgoing)
  return id
}

/** The removal and the Undo; undefined when there is nothing to undo. */
export function undoFollowOps(context: Context, user: string, actor: string): Change | undefined {
  const { store, urls } = context
  const relation = store.relations.get(user, 'following', actor)
  if (!relation) return
  const me = urls.actor(user)
  const undo = activity('Undo', {
    id: `${relation.activity}/Undo`,
    actor: me,
    to: [actor],
    object: { id: relation.activity, type: 'Follow', actor: me, object: actor },
  })
  return {
    ops: [store.relations.remove(user, 'following', actor)],
    outgoing: [
      { user, activity: undo, inboxes: relation.inbox ? [{ inbox: relation.inbox }] : [] },
    ],
  }
}
