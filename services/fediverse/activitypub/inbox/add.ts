// Add to and Remove from an actor's featured collection: pinned posts. https://www.w3.org/TR/activitypub/#add-activity-inbox

import { audienceOf } from '../audience.ts'
import { fetchPost } from '../authority.ts'
import type { Effect, Receiving } from '../receive.ts'

/** Notes the pin of an actor whom somebody here follows, and has the post at hand. */
export async function receiveAdd(receiving: Receiving): Promise<Effect> {
  const { context, activity, accepted } = receiving
  const { store, actors } = context
  const id = pinnedId(receiving)
  if (!id) return 'ignored'
  if (!store.objects.get(id)) {
    const found = await fetchPost(context, id)
    if (!found.ok) return found.isTemporary ? { retry: found.message } : 'ignored'
    const { post, document } = found
    if (post.attributedTo !== activity.actor) return 'ignored'
    store.objects.putCached({
      id: post.id,
      kind: 'post',
      actor: post.attributedTo,
      at: accepted.receivedAt,
      audience: audienceOf(post.to, post.cc),
      document,
    })
  }
  if (store.objects.get(id)?.actor !== activity.actor) return 'ignored'
  actors.setPinned(activity.actor, [...new Set([id, ...actors.pinned(activity.actor)])])
  return 'done'
}

export async function receiveRemove(receiving: Receiving): Promise<Effect> {
  const { actors } = receiving.context
  const { actor } = receiving.activity
  const id = pinnedId(receiving)
  if (!id) return 'ignored'
  actors.setPinned(
    actor,
    actors.pinned(actor).filter((other) => other !== id),
  )
  return 'done'
}

/** The post, when this is about the featured collection of a followed actor and she says so herself. */
function pinnedId({ context, activity, isFromActor }: Receiving): string | undefined {
  const { store, actors } = context
  const featured = actors.get(activity.actor)?.featured
  if (!isFromActor || !featured || activity.target !== featured) return
  const isFollowed = store.users
    .names()
    .some((user) => store.relations.get(user, 'following', activity.actor))
  return isFollowed ? activity.object.id : undefined
}
