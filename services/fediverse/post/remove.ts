// Deleting a post: a tombstone here, a Delete to everyone whom it reached.
// https://www.w3.org/TR/activitypub/#delete-activity-outbox

import { PUBLIC } from '../activitypub/document.ts'
import { activity, tombstone } from '../activitypub/object.ts'
import { type Context, commit } from '../context.ts'
import type { StoredObject } from '../store/objects.ts'
import { haveActors, reactedTo, requireOwnPost } from './own.ts'
import { toAudience } from './publish.ts'

/** Deletes; whoever was mentioned, answered, boosted or liked has a copy and is told as well as the followers. */
export async function remove(context: Context, user: string, id: string): Promise<void> {
  const { store, urls, clock } = context
  await haveActors(context, reachedBy(context, requireOwnPost(context, user, id)))
  const object = requireOwnPost(context, user, id)
  const reached = reachedBy(context, object)
  const deletion = activity('Delete', {
    id: `${id}/Delete`,
    actor: urls.actor(user),
    to: [object.audience === 'direct' ? reached : PUBLIC].flat(),
    object: tombstone(id, clock.now()),
  })
  const profile = store.users.get(user)
  const ops = [store.objects.bury(object, object.at)]
  if (profile?.pinned.includes(id)) {
    ops.push(
      store.users.put({ ...profile, pinned: profile.pinned.filter((other) => other !== id) }),
    )
  }
  await commit(context, ops, [
    toAudience(context, user, deletion, { audience: object.audience, recipients: reached }),
  ])
}

/** Actors who are known to have it, besides the followers. */
function reachedBy(context: Context, object: StoredObject): string[] {
  return [...new Set([...(object.recipients ?? []), ...reactedTo(context, object.id)])]
}
