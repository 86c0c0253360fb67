// Blocking an actor: nothing of hers gets in, and she is no follower any more.
// https://www.w3.org/TR/activitypub/#block-activity-outbox

import { activity } from '../activitypub/object.ts'
import { type Context, commit, VerbError } from '../context.ts'
import type { Relation } from '../store/relations.ts'
import { findActor } from './request.ts'
import { undoFollowOps } from './undo.ts'

/** Blocks, ends both relations and tells her server, which Mastodon and snac honour. */
export async function block(context: Context, user: string, whom: string): Promise<string> {
  const { store, urls, clock } = context
  const actor = await findActor(context, whom)
  if (urls.userOf(actor.id) === user) throw new VerbError('You cannot block yourself.')
  const me = urls.actor(user)
  const relation: Relation = {
    actor: actor.id,
    activity: `${urls.post(user, context.newTid())}/Block`,
    state: 'accepted',
    at: clock.now(),
    inbox: actor.inbox,
  }
  const undone = undoFollowOps(context, user, actor.id)
  const ops = [store.relations.put(user, 'blocks', relation), ...(undone?.ops ?? [])]
  if (store.relations.get(user, 'followers', actor.id)) {
    ops.push(store.relations.remove(user, 'followers', actor.id))
  }
  const told = activity('Block', {
    id: relation.activity,
    actor: me,
    object: actor.id,
    to: [actor.id],
  })
  await commit(context, ops, [
    ...(undone?.outgoing ?? []),
    { user, activity: told, inboxes: [{ inbox: actor.inbox }] },
  ])
  return actor.id
}

export async function unblock(context: Context, user: string, whom: string): Promise<string> {
  const { store, urls } = context
  const isKnown = store.relations.get(user, 'blocks', whom) !== undefined
  const id = isKnown ? whom : (await findActor(context, whom)).id
  const relation = store.relations.get(user, 'blocks', id)
  if (!relation) throw new VerbError(`You have not blocked ${whom}.`)
  const me = urls.actor(user)
  const undo = activity('Undo', {
    id: `${relation.activity}/Undo`,
    actor: me,
    to: [id],
    object: { id: relation.activity, type: 'Block', actor: me, object: id },
  })
  const inboxes = relation.inbox ? [{ inbox: relation.inbox }] : []
  await commit(
    context,
    [store.relations.remove(user, 'blocks', id)],
    [{ user, activity: undo, inboxes }],
  )
  return id
}
