// Undo of Follow, Like, EmojiReact or Announce. https://www.w3.org/TR/activitypub/#undo-activity-inbox

import type { StoredObject } from '../../store/objects.ts'
import { reference, typeOf } from '../document.ts'
import type { Effect, Receiving } from '../receive.ts'
import { emojiOf } from './like.ts'

export async function receiveUndo(receiving: Receiving): Promise<Effect> {
  const { activity, isFromActor } = receiving
  if (!isFromActor) return 'ignored'
  const { document } = activity.object
  const type = document && typeOf(document)
  if (type === 'Follow') return undoFollow(receiving, reference(document?.object).id)
  const { store } = receiving.context
  const undone = findUndone(receiving)
  if (!undone) return undoFollow(receiving, followedBy(receiving))
  if (undone.kind === 'follow') return undoFollow(receiving, undone.target)
  await receiving.commit([store.objects.bury(undone, undone.at)])
  return 'done'
}

async function undoFollow(receiving: Receiving, followed: string | undefined): Promise<Effect> {
  const { context, activity } = receiving
  const { store, urls } = context
  const user = followed && urls.userOf(followed)
  if (!user || !store.relations.get(user, 'followers', activity.actor)) return 'ignored'
  await receiving.commit([store.relations.remove(user, 'followers', activity.actor)])
  return 'done'
}

/** Whom she follows by the Follow that is named by its id alone. A repeated one has no object of its own. */
function followedBy({ context, activity }: Receiving): string | undefined {
  const { store, urls } = context
  const { id } = activity.object
  const isThis = (user: string) =>
    store.relations.get(user, 'followers', activity.actor)?.activity === id
  const user = id ? store.users.names().find(isThis) : undefined
  return user && urls.actor(user)
}

/** By id; or, since some servers undo under a new id, by what the embedded activity was about. */
function findUndone({ context, activity }: Receiving): StoredObject | undefined {
  const { store } = context
  const { id, document } = activity.object
  const isOwn = (object: StoredObject) =>
    object.actor === activity.actor && !object.local && UNDOABLE.has(object.kind)
  const byId = id ? store.objects.get(id) : undefined
  if (byId) return isOwn(byId) ? byId : undefined
  const target = reference(document?.object).id
  if (!document || !target) return
  const index = typeOf(document) === 'Announce' ? 'announces' : 'likes'
  const emoji = emojiOf(document.content)
  return store.objects.about(index, target).find((own) => isOwn(own) && own.name === emoji)
}

const UNDOABLE = new Set(['like', 'reaction', 'announce', 'follow'])
