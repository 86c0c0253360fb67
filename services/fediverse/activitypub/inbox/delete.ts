// Delete of a post or of a whole actor. https://www.w3.org/TR/activitypub/#delete-activity-inbox

import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Context } from '../../context.ts'
import { followersHere } from '../audience.ts'
import { isTemporary } from '../authority.ts'
import { hostOf } from '../document.ts'
import type { Effect, Receiving } from '../receive.ts'

export async function receiveDelete(receiving: Receiving): Promise<Effect> {
  const { context, activity, isFromActor, accepted } = receiving
  const { id } = activity.object
  if (!id) return 'ignored'
  if (id === activity.actor) return deleteActor(receiving)
  if (isFromActor && isYetToCome(receiving, id)) {
    const { actor } = activity
    await receiving.commit([context.store.objects.bury({ id, actor }, accepted.receivedAt)])
    return 'done'
  }
  if (!isOwn(receiving, id)) return 'ignored'
  const refusal = isFromActor ? undefined : await refuseUnlessGone(receiving, id)
  if (refusal) return refusal
  const { store } = context
  const stored = store.objects.get(id)
  if (!stored || !isOwn(receiving, id)) return 'ignored'
  await receiving.commit([store.objects.bury(stored, stored.at)])
  return 'done'
}

/** Whether her server may have deleted this before the Create came: only of whom somebody follows, for it takes a file. */
function isYetToCome({ context, activity }: Receiving, id: string): boolean {
  return (
    context.store.objects.get(id) === undefined &&
    hostOf(id) === hostOf(activity.actor) &&
    followersHere(context, activity.actor).length > 0
  )
}

function isOwn({ context, activity }: Receiving, id: string): boolean {
  const stored = context.store.objects.get(id)
  return (
    stored !== undefined &&
    stored.kind !== 'tombstone' &&
    stored.actor === activity.actor &&
    !stored.local
  )
}

/** A forwarded Delete proves nothing; that its host no longer has the object does. */
async function refuseUnlessGone({ context }: Receiving, id: string): Promise<Effect | undefined> {
  const fetched = await context.fetching.fetchDocument(id)
  if (fetched.ok) return fetched.document.type === 'Tombstone' ? undefined : 'ignored'
  if (fetched.kind === 'gone' || fetched.kind === 'not-found') return
  return isTemporary(fetched.kind) ? { retry: fetched.message } : 'ignored'
}

/**
 * The actor leaves every list and everything that she made is buried, part by part. The activity ends after the last one:
 * what a crash interrupts is done again.
 */
async function deleteActor(receiving: Receiving): Promise<Effect> {
  const { context, activity, isFromActor } = receiving
  const { store, actors } = context
  const refusal = isFromActor ? undefined : await refuseUnlessGone(receiving, activity.actor)
  if (refusal) return refusal
  const ops = store.users
    .names()
    .flatMap((user) =>
      (['followers', 'following'] as const)
        .filter((kind) => store.relations.get(user, kind, activity.actor))
        .map((kind) => store.relations.remove(user, kind, activity.actor)),
    )
  if (ops.length > 0) await store.commit(ops)
  while (await buryMade(context, activity.actor));
  await receiving.commit([])
  actors.forget(activity.actor)
  return 'done'
}

/** True when there was something: then something may have come meanwhile, or fsck have moved the index. */
async function buryMade({ store }: Context, actor: string): Promise<boolean> {
  let isAny = false
  for (const objects of store.objects.madeBy(actor)) {
    if (objects.length === 0) {
      await nextTurn()
      continue
    }
    isAny = true
    await store.commit(objects.map((object) => store.objects.bury(object, object.at)))
  }
  return isAny
}
