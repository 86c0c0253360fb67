// Announce: a boost of a post, or a group that passes on what its members post (FEP-1b12).
// https://www.w3.org/TR/activitypub/#announce-activity-inbox

import type { Op } from '../../store/journal.ts'
import type { StoredObject } from '../../store/objects.ts'
import { audienceOf, followersHere, toStored } from '../audience.ts'
import { fetchPost } from '../authority.ts'
import { reference, typeOf } from '../document.ts'
import type { Effect, Receiving } from '../receive.ts'

export async function receiveAnnounce(receiving: Receiving): Promise<Effect> {
  const { context, activity, isFromActor, accepted } = receiving
  const { store } = context
  const targetId = announcedId(receiving)
  if (!isFromActor || !targetId || store.objects.get(activity.id)) return 'ignored'
  const home = followersHere(context, activity.actor)
  const known = store.objects.get(targetId)
  const isOurs = known?.kind === 'post' && known.local !== undefined
  if (known?.kind === 'tombstone' || (!isOurs && home.length === 0)) return 'ignored'
  if (known && !mayAnnounce(receiving, known)) return 'ignored'

  let fetchedPost: StoredObject | undefined
  if (!known) {
    const found = await fetchPost(context, targetId)
    if (!found.ok) return found.isTemporary ? { retry: found.message } : 'ignored'
    const { post, document } = found
    fetchedPost = toStored(context, post, document, accepted.receivedAt) ?? {
      id: post.id,
      kind: 'post',
      actor: post.attributedTo,
      at: accepted.receivedAt,
      audience: audienceOf(post.to, post.cc),
      document,
    }
    if (fetchedPost.audience !== 'public' && fetchedPost.audience !== 'unlisted') return 'ignored'
    context.actors.prefetch(post.attributedTo)
  }
  const target = store.objects.get(targetId) ?? fetchedPost
  if (!target || store.objects.get(activity.id)) return 'ignored'
  const others = store.objects.about('announces', target.id, 100)
  if (others.some(({ actor }) => actor === activity.actor)) return 'ignored'
  const announce: StoredObject = {
    id: activity.id,
    kind: 'announce',
    actor: activity.actor,
    at: accepted.receivedAt,
    audience: audienceOf(activity.to, activity.cc),
    target: target.id,
    ...(home.length > 0 ? { home } : {}),
    ...(target.local ? { notify: [target.local] } : {}),
  }
  const ops: Op[] = [store.objects.put(announce)]
  if (fetchedPost && !store.objects.get(fetchedPost.id)) ops.unshift(store.objects.put(fetchedPost))
  await receiving.commit(ops)
  context.actors.prefetch(activity.actor)
  return 'done'
}

/** Somebody else's boost must not make a post public that was not; and whom its author blocks is not heard. */
function mayAnnounce({ context, activity }: Receiving, { local, actor, audience }: StoredObject) {
  if (local && context.store.relations.get(local, 'blocks', activity.actor)) return false
  return audience === 'public' || audience === 'unlisted' || actor === activity.actor
}

/** The announced post; of a group's announced Create or Update, the post within. */
function announcedId({ activity }: Receiving): string | undefined {
  const { id, document } = activity.object
  const type = document && typeOf(document)
  if (document && (type === 'Create' || type === 'Update')) return reference(document.object).id
  return id
}
