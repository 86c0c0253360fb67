// Notifications as the pages show them.

import type { Context } from '../context.ts'
import { hashId } from '../store/layout.ts'
import type { StoredObject } from '../store/objects.ts'
import type { NotificationView } from '../web/views.ts'
import { personView } from './person.ts'
import { postView } from './post.ts'

/** One notification; undefined for what is not shown any more. */
export function notificationView(
  context: Context,
  user: string,
  object: StoredObject,
  seenAt: number,
): NotificationView | undefined {
  const kind = kindOf(context, user, object)
  if (!kind) return
  const about =
    object.kind === 'post'
      ? object
      : object.target
        ? context.store.objects.get(object.target)
        : undefined
  const post = about?.kind === 'post' ? postView(context, about, user) : undefined
  return {
    key: `n${hashId(object.id).slice(0, 12)}`,
    kind,
    who: personView(context, object.actor),
    at: object.at,
    isNew: object.at > seenAt,
    ...(object.kind === 'reaction' && object.name ? { emoji: object.name } : {}),
    ...(post ? { post } : {}),
  }
}

function kindOf(
  { store }: Context,
  user: string,
  object: StoredObject,
): NotificationView['kind'] | undefined {
  switch (object.kind) {
    case 'post': {
      const parent = object.inReplyTo ? store.objects.get(object.inReplyTo) : undefined
      return parent?.local === user ? 'reply' : 'mention'
    }
    case 'follow':
      return store.relations.get(user, 'followers', object.actor)?.state === 'requested'
        ? 'request'
        : 'follow'
    case 'announce':
      return 'boost'
    case 'like':
    case 'reaction':
    case 'move':
      return object.kind
    case 'end':
      return 'poll'
    case 'vote':
    case 'flag':
    case 'tombstone':
      return
  }
}
