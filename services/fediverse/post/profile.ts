// A local user's profile: rendering it, changing it, telling the followers.

import { randomUUID } from 'node:crypto'
import { actorDocument, type RenderedProfile } from '../activitypub/actor.ts'
import type { Json } from '../activitypub/document.ts'
import { PUBLIC } from '../activitypub/document.ts'
import { activity } from '../activitypub/object.ts'
import { type Context, commit, type Outgoing, VerbError } from '../context.ts'
import type { User } from '../store/users.ts'
import { emojiUrls } from './custom-emoji.ts'
import { renderMarkdown } from './markup.ts'
import { toAudience } from './publish.ts'

/** Bio and field values as HTML. */
export function renderProfile(context: Context, user: User): RenderedProfile {
  const render = (source: string) =>
    renderMarkdown(source, {
      mentions: new Map(),
      tagUrl: (tag) => context.urls.tag(tag),
      emoji: emojiUrls(context),
      imagesAsLinks: true,
    }).html
  return {
    summary: user.bio ? render(user.bio) : '',
    fields: user.fields.map(({ name, value }) => ({ name, value: render(value) })),
  }
}

/** The Actor document of a local user, or undefined when there is no such user. */
export function localActor(context: Context, name: string): (Json & { id: string }) | undefined {
  const user = context.store.users.get(name)
  const keys = user && context.store.users.keys(name)
  if (!user || !keys) return
  return actorDocument(user, keys, renderProfile(context, user), context.urls) as Json & {
    id: string
  }
}

/** Replaces the profile and tells the followers. `change` is given the one that is stored now. */
export async function changeProfile(
  context: Context,
  name: string,
  change: (user: User) => User,
): Promise<User> {
  const { store } = context
  const user = store.users.get(name)
  if (!user) throw new VerbError(`There is no user ${name}.`)
  const changed: User = { ...change(user), name }
  await commit(context, [store.users.put(changed)], [profileUpdate(context, changed)])
  return changed
}

/** The Update that carries a changed Actor. https://www.w3.org/TR/activitypub/#update-activity-outbox */
export function profileUpdate(context: Context, user: User): Outgoing {
  const { urls, store } = context
  const id = urls.actor(user.name)
  const keys = store.users.keys(user.name)
  if (!keys) throw new VerbError(`The keys of ${user.name} are missing.`)
  const { '@context': contexts, ...object } = actorDocument(
    user,
    keys,
    renderProfile(context, user),
    urls,
  )
  const update = activity('Update', {
    id: `${id}#updates/${randomUUID()}`,
    actor: id,
    to: [PUBLIC],
    cc: [urls.followers(user.name)],
    object,
  })
  return toAudience(context, user.name, { ...update, '@context': contexts }, { audience: 'public' })
}
