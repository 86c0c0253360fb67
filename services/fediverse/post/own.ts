// Finding what a verb is about: a post of one's own, or anybody's post by its id or address.

import { audienceOf } from '../activitypub/audience.ts'
import { fetchPost } from '../activitypub/authority.ts'
import { type Context, VerbError } from '../context.ts'
import type { StoredObject } from '../store/objects.ts'

/** A post that this user wrote. @throws VerbError when it is not hers or is gone. */
export function requireOwnPost(context: Context, user: string, id: string): StoredObject {
  const object = context.store.objects.get(id)
  if (object?.kind !== 'post' || object.local !== user)
    throw new VerbError(`${id} is not a post of yours.`)
  return object
}

/** Any post, fetched when it is not stored yet. @throws VerbError when it can't be had. */
export async function requirePost(context: Context, id: string): Promise<StoredObject> {
  const { store, clock, actors } = context
  const known = store.objects.get(id)
  if (known?.kind === 'post') {
    await haveActors(context, [known.actor])
    return known
  }
  const refusal = new VerbError(`${id} is not a post, or was deleted.`)
  if (known || context.urls.isLocal(id)) throw refusal
  const found = await fetchPost(context, id)
  if (!found.ok) throw new VerbError(`${id} could not be fetched: ${found.message}`)
  const { post, document } = found
  await actors.resolve(post.attributedTo)
  const stored = store.objects.get(post.id)
  if (stored?.kind === 'post') return stored
  if (stored) throw refusal // asked for by its address, known and buried by its id
  const object: StoredObject = {
    id: post.id,
    kind: 'post',
    actor: post.attributedTo,
    at: post.published ?? clock.now(),
    audience: audienceOf(post.to, post.cc, actors.get(post.attributedTo)?.followers),
    document,
    ...(post.inReplyTo ? { inReplyTo: post.inReplyTo } : {}),
  }
  store.objects.putCached(object)
  return object
}

/** Fetches those actors of other servers who are not in the cache, so that they can be delivered to. */
export async function haveActors({ actors, urls }: Context, ids: readonly string[]): Promise<void> {
  const missing = ids.filter((id) => !urls.isLocal(id) && !actors.get(id))
  await Promise.all(missing.map((id) => actors.resolve(id)))
}

/** Whether a local user may see an object. */
export function maySee(context: Context, user: string | undefined, object: StoredObject): boolean {
  if (object.audience === 'public' || object.audience === 'unlisted') return true
  if (!user) return false
  return (
    object.local === user ||
    (object.addressed?.includes(user) ?? false) ||
    (object.audience === 'followers' &&
      context.store.relations.get(user, 'following', object.actor)?.state === 'accepted')
  )
}

/** This user's like or boost of a post. */
export function ownReaction(
  context: Context,
  user: string,
  kind: 'likes' | 'announces',
  target: string,
): StoredObject | undefined {
  return context.store.objects.about(kind, target, 100_000).find((object) => object.local === user)
}

/** Who answered, liked, boosted or voted: at most 1,000 of each. */
export function reactedTo({ store }: Context, id: string): string[] {
  const kinds = ['replies', 'likes', 'announces', 'votes'] as const
  const actors = kinds.flatMap((kind) => store.objects.about(kind, id).map(({ actor }) => actor))
  return [...new Set(actors)]
}
