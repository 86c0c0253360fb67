// Flag: a report by another server. Kept for the local users that it names.
// https://www.w3.org/TR/activitystreams-vocabulary/#dfn-flag

import type { Effect, Receiving } from '../receive.ts'

export async function receiveFlag(receiving: Receiving): Promise<Effect> {
  const { context, activity, isFromActor, accepted } = receiving
  const { store, urls } = context
  if (!isFromActor || store.objects.get(activity.id)) return 'ignored'
  const named = [activity.document.object].flat().filter((item) => typeof item === 'string')
  const users = [...new Set(named.map((id) => urls.ownerOf(id)))].filter(
    (name) => name !== undefined && store.users.get(name),
  ) as string[]
  if (users.length === 0) return 'ignored'
  const report = store.objects.put({
    id: activity.id,
    kind: 'flag',
    actor: activity.actor,
    at: accepted.receivedAt,
    audience: 'direct',
    notify: users,
    document: { content: activity.content ?? '', object: named.slice(0, 50) },
  })
  await receiving.commit([report])
  return 'done'
}
