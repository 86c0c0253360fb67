// Pinned posts: Add to and Remove from the featured collection. https://www.w3.org/TR/activitypub/#add-activity-outbox

import { activity } from '../activitypub/object.ts'
import { type Context, commit, VerbError } from '../context.ts'
import type { User } from '../store/users.ts'
import { requireOwnPost } from './own.ts'
import { toAudience } from './publish.ts'

const MAX_PINS = 5

/** Pins a public or unlisted post of one's own. */
export async function pin(context: Context, user: User, id: string): Promise<void> {
  const object = requireOwnPost(context, user.name, id)
  if (object.audience !== 'public' && object.audience !== 'unlisted') {
    throw new VerbError('Only public and unlisted posts can be pinned.')
  }
  if (user.pinned.includes(id)) return
  if (user.pinned.length >= MAX_PINS)
    throw new VerbError(`At most ${MAX_PINS} posts can be pinned. Unpin one first.`)
  await store(context, { ...user, pinned: [id, ...user.pinned] }, 'Add', id)
}

export async function unpin(context: Context, user: User, id: string): Promise<void> {
  if (!user.pinned.includes(id)) throw new VerbError(`${id} is not pinned.`)
  await store(
    context,
    { ...user, pinned: user.pinned.filter((other) => other !== id) },
    'Remove',
    id,
  )
}

async function store(
  context: Context,
  user: User,
  type: 'Add' | 'Remove',
  id: string,
): Promise<void> {
  const { urls } = context
  const change = activity(type, {
    id: `${urls.post(user.name, context.newTid())}/${type}`,
    actor: urls.actor(user.name),
    to: [urls.followers(user.name)],
    object: id,
    target: urls.featured(user.name),
  })
  await commit(
    context,
    [context.store.users.put(user)],
    [toAudience(context, user.name, change, { audience: 'followers' })],
  )
}
