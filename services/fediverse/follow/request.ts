// Following another actor. https://www.w3.org/TR/activitypub/#follow-activity-outbox

import type { Actor } from '../activitypub/document.ts'
import { activity } from '../activitypub/object.ts'
import { type Change, type Context, commit, VerbError } from '../context.ts'
import { relationOf } from './accept.ts'

/** Sends a Follow to an actor given by handle (`@user@host`) or id. Answers with the actor. */
export async function follow(context: Context, user: string, whom: string): Promise<Actor> {
  const actor = await findActor(context, whom)
  if (context.urls.userOf(actor.id) === user) throw new VerbError('You cannot follow yourself.')
  if (context.store.relations.get(user, 'blocks', actor.id))
    throw new VerbError(`You have blocked ${whom}. Unblock first.`)
  const change = followOps(context, user, actor)
  await commit(context, change.ops, change.outgoing)
  return actor
}

/** The relation and the Follow. Asked again, it sends a new Follow: the peer may have lost the first. */
export function followOps(context: Context, user: string, actor: Actor): Change {
  const { store, urls, clock } = context
  const known = store.relations.get(user, 'following', actor.id)
  const id = `${urls.post(user, context.newTid())}/Follow`
  const isAccepted = known?.state === 'accepted'
  const relation = relationOf(actor, id, isAccepted, known?.at ?? clock.now())
  const me = urls.actor(user)
  return {
    ops: [store.relations.put(user, 'following', relation)],
    outgoing: [
      {
        user,
        activity: activity('Follow', { id, actor: me, object: actor.id, to: [actor.id] }),
        inboxes: [{ inbox: actor.inbox }],
      },
    ],
  }
}

/** The actor that a person names: handle, or id, or the address of a profile page. */
export async function findActor(context: Context, whom: string): Promise<Actor> {
  let id = whom.trim()
  if (!/^https?:\/\//.test(id)) {
    const found = await context.fetching.lookupHandle(id)
    if (!found.ok) throw new VerbError(`${id} was not found: ${found.message}`)
    id = found.id
  }
  const resolved = await context.actors.resolve(id, 3_600_000)
  if (resolved.ok) return resolved.actor
  // The address of a page, not an id: its document tells the id, which is then asked for itself.
  const fetched =
    resolved.kind === 'wrong-id' ? await context.fetching.fetchDocument(id) : undefined
  const realId =
    fetched?.ok && typeof fetched.document.id === 'string' ? fetched.document.id : undefined
  const second = realId && realId !== id ? await context.actors.resolve(realId, 0) : resolved
  if (second.ok) return second.actor
  throw new VerbError(`${whom} could not be fetched: ${second.message}`)
}
