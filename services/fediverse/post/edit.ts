// Editing a post. https://www.w3.org/TR/activitypub/#update-activity-outbox

import { currentDocument } from '../activitypub/current.ts'
import { type Json, parsePost } from '../activitypub/document.ts'
import { aboutPost, postDocument } from '../activitypub/object.ts'
import { type Context, commit, VerbError } from '../context.ts'
import type { StoredObject } from '../store/objects.ts'
import type { User } from '../store/users.ts'
import { haveActors, requireOwnPost } from './own.ts'
import { type Draft, renderPost, toAudience } from './publish.ts'

/** Replaces text, warning, language or attachments; the audience, the parent and a poll stay. */
export async function edit(
  context: Context,
  user: User,
  id: string,
  changes: Pick<Draft, 'text' | 'summary' | 'language' | 'attachments'>,
): Promise<StoredObject> {
  const before = requireOwnPost(context, user.name, id)
  const post = parsePost(before.document)
  if (!post) throw new VerbError(`${id} is damaged on disk; run fsck.`)
  const draft: Draft = {
    ...changes,
    audience: before.audience,
    attachments: changes.attachments ?? post.attachments,
    ...(before.inReplyTo ? { inReplyTo: before.inReplyTo } : {}),
  }
  const rendered = await renderPost(context, user, draft)
  await haveActors(context, before.recipients ?? [])
  const { urls, clock, store } = context
  const at = clock.now()
  const object = requireOwnPost(context, user.name, id)
  const document = {
    ...postDocument({
      ...rendered,
      id,
      actor: urls.actor(user.name),
      followers: urls.followers(user.name),
      audience: object.audience,
      publishedAt: object.at,
      updatedAt: at,
      ...(post.poll?.endsAt
        ? {
            poll: {
              options: post.poll.options.map((option) => option.name),
              isMultiple: post.poll.isMultiple,
              endsAt: post.poll.endsAt,
            },
          }
        : {}),
    }),
  }
  // Who was mentioned before gets the new version too.
  const reached = [...new Set([...(object.recipients ?? []), ...rendered.mentioned])]
  const edited: StoredObject = { ...object, document, source: changes.text, recipients: reached }
  const current = currentDocument(context, edited) ?? document
  const next: StoredObject = { ...edited, document: toStore(current, object), editedAt: at }
  const update = aboutPost('Update', `${id}/Update/${context.newTid()}`, current, at)
  await commit(context, [store.objects.put(next)], [toAudience(context, user.name, update, next)])
  return next
}

/** A poll with the counts that this Update tells, and closed only when its end has been told (polls.ts). */
function toStore(current: Json, { document }: StoredObject): Json {
  const { closed, ...rest } = current
  return document?.closed === undefined ? rest : { ...rest, closed }
}
