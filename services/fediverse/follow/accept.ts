// Accept and Reject of followers. https://www.w3.org/TR/activitypub/#accept-activity-inbox

import type { Actor } from '../activitypub/document.ts'
import { activity } from '../activitypub/object.ts'
import { type Context, commit, type Outgoing } from '../context.ts'
import type { Relation } from '../store/relations.ts'

/** The relation with an actor. */
export function relationOf(
  actor: Actor,
  followId: string,
  isAccepted: boolean,
  at: number,
): Relation {
  return {
    actor: actor.id,
    activity: followId,
    state: isAccepted ? 'accepted' : 'requested',
    at,
    inbox: actor.inbox,
    ...(actor.sharedInbox ? { sharedInbox: actor.sharedInbox } : {}),
  }
}

/** The Accept of a follower's Follow. */
export function acceptFollow(context: Context, user: string, follower: Relation): Outgoing {
  return answer(context, 'Accept', user, follower)
}

/** Lets a waiting follower in. */
export async function approveFollower(
  context: Context,
  user: string,
  actor: string,
): Promise<boolean> {
  const { store } = context
  const follower = store.relations.get(user, 'followers', actor)
  if (follower?.state !== 'requested') return false
  const relation: Relation = { ...follower, state: 'accepted' }
  const ops = [store.relations.put(user, 'followers', relation)]
  await commit(context, ops, [acceptFollow(context, user, relation)])
  return true
}

/** Turns a waiting follower away, or removes one that was let in. */
export async function removeFollower(
  context: Context,
  user: string,
  actor: string,
): Promise<boolean> {
  const { store } = context
  const follower = store.relations.get(user, 'followers', actor)
  if (!follower) return false
  const ops = [store.relations.remove(user, 'followers', actor)]
  await commit(context, ops, [answer(context, 'Reject', user, follower)])
  return true
}

function answer(
  context: Context,
  type: 'Accept' | 'Reject',
  user: string,
  follower: Relation,
): Outgoing {
  const { urls } = context
  const me = urls.actor(user)
  return {
    user,
    activity: activity(type, {
      id: `${urls.post(user, context.newTid())}/${type}`,
      actor: me,
      to: [follower.actor],
      object: { id: follower.activity, type: 'Follow', actor: follower.actor, object: me },
    }),
    inboxes: follower.inbox ? [{ inbox: follower.inbox }] : [],
  }
}
