// Who sees a received post: its audience, and the local users in whose timelines and notifications it appears.

import type { Context } from '../context.ts'
import type { Audience, StoredObject } from '../store/objects.ts'
import { isPublic, type Json, type Post } from './document.ts'

/** The audience that to and cc spell. https://www.w3.org/TR/activitypub/#public-addressing */
export function audienceOf(
  to: readonly string[],
  cc: readonly string[],
  followers?: string,
): Audience {
  if (to.some(isPublic)) return 'public'
  if (cc.some(isPublic)) return 'unlisted'
  const isFollowers = (id: string) => id === followers || (!followers && id.endsWith('/followers'))
  return [...to, ...cc].some(isFollowers) ? 'followers' : 'direct'
}

/** Local users that the addresses name. */
export function addressedUsers(context: Context, addresses: readonly string[]): string[] {
  const { urls, store } = context
  const names = addresses.map((id) => urls.userOf(id))
  return [...new Set(names)].filter(
    (name) => name !== undefined && store.users.get(name),
  ) as string[]
}

/** Local users who follow an actor and have not blocked her. */
export function followersHere(context: Context, actor: string): string[] {
  const { store } = context
  return store.users
    .names()
    .filter(
      (name) =>
        store.relations.get(name, 'following', actor)?.state === 'accepted' &&
        !store.relations.get(name, 'blocks', actor),
    )
}

/** The post as it is stored, or undefined when it concerns nobody here, or only those who block its author. */
export function toStored(
  context: Context,
  post: Post,
  document: Json,
  receivedAt: number,
): StoredObject | undefined {
  const { store } = context
  const author = post.attributedTo
  const isWelcome = (name: string) => !store.relations.get(name, 'blocks', author)
  const parent = parentOf(context, post, isWelcome)
  const addressed = addressedUsers(context, [...post.to, ...post.cc]).filter(isWelcome)
  const mentioned = addressedUsers(
    context,
    post.tags.flatMap((tag) => (tag.type === 'Mention' && tag.href ? [tag.href] : [])),
  )
  const repliedTo = parent?.local ? [parent.local] : []
  const notify = [...new Set([...addressed, ...mentioned.filter(isWelcome), ...repliedTo])]
  const home = followersHere(context, author).filter((name) =>
    isShown(context, name, author, post, parent),
  )
  if (notify.length === 0 && home.length === 0 && !parent) return
  return {
    id: post.id,
    kind: 'post',
    actor: author,
    at: receivedAt,
    audience: audienceOf(post.to, post.cc, context.actors.get(author)?.followers),
    document,
    ...(home.length > 0 ? { home } : {}),
    ...(notify.length > 0 ? { notify } : {}),
    ...(addressed.length > 0 ? { addressed } : {}),
    ...(post.inReplyTo && (parent || !isOurs(context, post.inReplyTo))
      ? { inReplyTo: post.inReplyTo }
      : {}),
  }
}

/** The post that is answered, if it is here, and here is somebody who wants to see answers of this author. */
function parentOf(
  { store }: Context,
  post: Post,
  isWelcome: (name: string) => boolean,
): StoredObject | undefined {
  const parent = post.inReplyTo ? store.objects.get(post.inReplyTo) : undefined
  if (parent?.kind !== 'post') return
  const readers = parent.local ? [parent.local] : store.users.names()
  return readers.some(isWelcome) ? parent : undefined
}

const isOurs = ({ store }: Context, id: string) => store.objects.get(id)?.local !== undefined

/** A reply is shown to those who follow both sides, as in Mastodon; a direct post is a notification only. */
function isShown(
  context: Context,
  name: string,
  author: string,
  post: Post,
  parent?: StoredObject,
): boolean {
  if (!post.inReplyTo) return post.to.length + post.cc.length > 0
  if (!parent) return false
  const isFollowed =
    context.store.relations.get(name, 'following', parent.actor)?.state === 'accepted'
  return parent.actor === author || parent.local === name || isFollowed
}
