// Liking a post and taking it back. https://www.w3.org/TR/activitypub/#like-activity-outbox

import { activity } from '../activitypub/object.ts'
import { type Context, commit, VerbError } from '../context.ts'
import type { StoredObject } from '../store/objects.ts'
import { haveActors, ownReaction, requirePost } from './own.ts'
import { toAudience } from './publish.ts'

/** Likes; only the author is told. Twice is once. */
export async function like(context: Context, user: string, id: string): Promise<StoredObject> {
  const target = await requirePost(context, id)
  const { store, urls, clock } = context
  const known = ownReaction(context, user, 'likes', target.id)
  if (known) return known
  const me = urls.actor(user)
  const object: StoredObject = {
    id: urls.post(user, context.newTid()),
    kind: 'like',
    local: user,
    actor: me,
    at: clock.now(),
    audience: 'direct',
    target: target.id,
    recipients: target.local === user ? [] : [target.actor],
    ...(target.local && target.local !== user ? { notify: [target.local] } : {}),
  }
  const document = activity('Like', {
    id: object.id,
    actor: me,
    object: target.id,
    to: [target.actor],
  })
  await commit(context, [store.objects.put(object)], [toAudience(context, user, document, object)])
  return object
}

export async function unlike(context: Context, user: string, id: string): Promise<void> {
  const { store, urls } = context
  await haveActors(context, ownReaction(context, user, 'likes', id)?.recipients ?? [])
  const object = ownReaction(context, user, 'likes', id)
  if (!object) throw new VerbError(`You have not liked ${id}.`)
  const me = urls.actor(user)
  const undo = activity('Undo', {
    id: `${object.id}/Undo`,
    actor: me,
    to: object.recipients ?? [],
    object: { id: object.id, type: 'Like', actor: me, object: id },
  })
  await commit(
    context,
    [store.objects.bury(object, object.at)],
    [toAudience(context, user, undo, object)],
  )
}
