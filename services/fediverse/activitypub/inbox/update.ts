// Update of a post or of an actor. https://www.w3.org/TR/activitypub/#update-activity-inbox

import type { Context } from '../../context.ts'
import type { Op } from '../../store/journal.ts'
import type { StoredObject } from '../../store/objects.ts'
import { authoritativePost } from '../authority.ts'
import { type Actor, parsePost } from '../document.ts'
import type { Effect, Receiving } from '../receive.ts'

export async function receiveUpdate(receiving: Receiving): Promise<Effect> {
  const { activity } = receiving
  return activity.object.id === activity.actor ? updateActor(receiving) : updatePost(receiving)
}

/** The new document if its owner signed it, else what the actor's host serves now. */
async function updateActor(receiving: Receiving): Promise<Effect> {
  const { context, activity, isFromActor } = receiving
  const { actors } = context
  const { document } = activity.object
  const vouched = isFromActor && document ? actors.remember(document) : undefined
  if (!vouched && !actors.get(activity.actor)) return 'ignored'
  const resolved = vouched ? undefined : await actors.resolve(activity.actor, 0)
  const actor = vouched ?? (resolved?.ok ? resolved.actor : undefined)
  if (!actor) return 'ignored'
  await receiving.commit(movedInboxes(context, actor))
  return 'done'
}

/** Relations are delivered to by the inbox that they note. */
function movedInboxes({ store }: Context, { id, inbox, sharedInbox }: Actor): Op[] {
  const kinds = ['followers', 'following'] as const
  return store.users.names().flatMap((user) =>
    kinds.flatMap((kind) => {
      const known = store.relations.get(user, kind, id)
      if (!known || (known.inbox === inbox && known.sharedInbox === sharedInbox)) return []
      const { sharedInbox: _, ...rest } = known
      const shared = sharedInbox ? { sharedInbox } : {}
      return [store.relations.put(user, kind, { ...rest, inbox, ...shared })]
    }),
  )
}

/** Takes a newer version of a post that is stored; an older one (a replay) changes nothing. */
async function updatePost(receiving: Receiving): Promise<Effect> {
  const { context, activity, isFromActor } = receiving
  const { store, clock } = context
  const { id } = activity.object
  if (!id || store.objects.get(id)?.kind !== 'post') return 'ignored'
  const found = await authoritativePost(
    context,
    activity.object,
    isFromActor ? activity.actor : undefined,
  )
  if (!found.ok) return found.isTemporary ? { retry: found.message } : 'ignored'
  const { post, document } = found
  const stored = store.objects.get(post.id)
  if (stored?.kind !== 'post' || stored.local || stored.actor !== post.attributedTo)
    return 'ignored'
  const known = stored.document && parsePost(stored.document)
  if (known?.updated !== undefined && (post.updated === undefined || post.updated < known.updated))
    return 'ignored'
  const isEdit = post.updated !== undefined && post.content !== known?.content
  const next: StoredObject = {
    ...stored,
    document,
    ...(isEdit ? { editedAt: post.updated ?? clock.now() } : {}),
  }
  await receiving.commit([store.objects.put(next)])
  return 'done'
}
