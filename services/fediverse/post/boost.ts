// Boosting: Announce and its Undo. https://www.w3.org/TR/activitypub/#announce-activity-outbox

import { PUBLIC } from '../activitypub/document.ts'
import { activity } from '../activitypub/object.ts'
import { type Context, commit, VerbError } from '../context.ts'
import type { StoredObject } from '../store/objects.ts'
import { haveActors, ownReaction, requirePost } from './own.ts'
import { localFollowers, toAudience } from './publish.ts'

/** Announces a public or unlisted post to the followers and its author. Twice is once. */
export async function boost(context: Context, user: string, id: string): Promise<StoredObject> {
  const target = await requirePost(context, id)
  if (target.audience !== 'public' && target.audience !== 'unlisted') {
    throw new VerbError('Only public and unlisted posts can be boosted.')
  }
  const { store, urls, clock } = context
  const known = ownReaction(context, user, 'announces', target.id)
  if (known) return known
  const at = clock.now()
  const me = urls.actor(user)
  const announce: StoredObject = {
    id: urls.post(user, context.newTid()),
    kind: 'announce',
    local: user,
    actor: me,
    at,
    audience: 'public',
    target: target.id,
    home: [user, ...localFollowers(context, user, 'public')],
    recipients: target.local === user ? [] : [target.actor],
    ...(target.local && target.local !== user ? { notify: [target.local] } : {}),
  }
  const document = activity('Announce', {
    id: announce.id,
    actor: me,
    published: new Date(at).toISOString(),
    to: [PUBLIC],
    cc: [urls.followers(user), target.actor],
    object: target.id,
  })
  announce.document = document
  await commit(
    context,
    [store.objects.put(announce)],
    [toAudience(context, user, document, announce)],
  )
  return announce
}

/** Takes a boost back. */
export async function unboost(context: Context, user: string, id: string): Promise<void> {
  const { store, urls } = context
  await haveActors(context, ownReaction(context, user, 'announces', id)?.recipients ?? [])
  const announce = ownReaction(context, user, 'announces', id)
  if (!announce) throw new VerbError(`You have not boosted ${id}.`)
  const undo = activity('Undo', {
    id: `${announce.id}/Undo`,
    actor: urls.actor(user),
    to: [PUBLIC],
    cc: [urls.followers(user), ...(announce.recipients ?? [])],
    object: { id: announce.id, type: 'Announce', actor: urls.actor(user), object: id },
  })
  await commit(
    context,
    [store.objects.bury(announce, announce.at)],
    [toAudience(context, user, undo, announce)],
  )
}
