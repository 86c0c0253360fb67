// Like and EmojiReact of a local post. https://www.w3.org/TR/activitypub/#like-activity-inbox

import type { Effect, Receiving } from '../receive.ts'

/** Stores it by its id, so that it counts once and Undo finds it. */
export async function receiveLike(receiving: Receiving): Promise<Effect> {
  const { context, activity, isFromActor, accepted } = receiving
  const { store } = context
  const target = activity.object.id && store.objects.get(activity.object.id)
  if (!isFromActor || !target || target.kind !== 'post' || !target.local) return 'ignored'
  if (store.objects.get(activity.id)) return 'ignored'
  if (store.relations.get(target.local, 'blocks', activity.actor)) return 'ignored'
  const emoji = emojiOf(activity.content)
  const like = store.objects.put({
    id: activity.id,
    kind: emoji ? 'reaction' : 'like',
    actor: activity.actor,
    at: accepted.receivedAt,
    audience: 'direct',
    target: target.id,
    notify: [target.local],
    ...(emoji ? { name: emoji } : {}),
  })
  const isRepeated = store.objects
    .about('likes', target.id, 100)
    .some((other) => other.actor === activity.actor && other.name === emoji)
  if (isRepeated) return 'ignored'
  await receiving.commit([like])
  context.actors.prefetch(activity.actor)
  return 'done'
}

/** Some servers react with a Like that has content (Misskey), others with an EmojiReact (FEP-c0e0). */
export const emojiOf = (content: unknown): string | undefined =>
  typeof content === 'string' && content !== '' ? content.slice(0, 100) : undefined
