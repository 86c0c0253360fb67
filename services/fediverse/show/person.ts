// Actors as the pages show them.

import type { Tag } from '../activitypub/document.ts'
import type { Context } from '../context.ts'
import { handleOf } from '../post/publish.ts'
import type { EmojiView, PersonView } from '../web/views.ts'

/** Somebody, here or elsewhere; of an actor who is not known (yet), only the id. */
export function personView(context: Context, id: string): PersonView {
  const { urls, store, actors } = context
  const name = urls.userOf(id)
  const user = name === undefined ? undefined : store.users.get(name)
  if (user) {
    const avatar = user.avatar ? { avatarUrl: urls.media(user.name, user.avatar) } : {}
    return { id, name: user.displayName, handle: urls.handle(user.name), url: id, ...avatar }
  }
  const actor = actors.get(id)
  if (!actor) return { id, name: '', handle: handleOf(context, id), url: id }
  return {
    id,
    name: actor.name,
    handle: handleOf(context, id),
    url: actor.url,
    ...(actor.iconUrl ? { avatarUrl: actor.iconUrl } : {}),
    emoji: emojiOf(actor.tags),
  }
}

/** The custom emoji of a document. */
export function emojiOf(tags: readonly Tag[]): EmojiView {
  return new Map(
    tags.flatMap(({ type, name, iconUrl }) =>
      type === 'Emoji' && iconUrl ? [[name.replace(/^:|:$/g, ''), iconUrl] as const] : [],
    ),
  )
}

/** Handle and page of the actor that somebody moved to. */
export function movedView(context: Context, id: string): { handle: string; url: string } {
  const actor = context.actors.get(id)
  return { handle: handleOf(context, id), url: actor?.url ?? id }
}
