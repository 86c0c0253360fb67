// Writing a post: Markdown in, a stored Note or Question and its deliveries out.

import { followersHere } from '../activitypub/audience.ts'
import { type Actor, type Attachment, hostOf, type Tag } from '../activitypub/document.ts'
import { aboutPost, type PostParts, postDocument } from '../activitypub/object.ts'
import { type Recipient, recipients } from '../activitypub/recipients.ts'
import { type Context, commit, type Outgoing, VerbError } from '../context.ts'
import type { Audience, StoredObject } from '../store/objects.ts'
import type { User } from '../store/users.ts'
import { emojiUrls } from './custom-emoji.ts'
import { findMentions, renderMarkdown } from './markup.ts'
import { requirePost } from './own.ts'

/** What a person writes. */
export interface Draft {
  /** Markdown. */
  text: string
  audience: Audience
  /** Content warning. */
  summary?: string
  language?: string
  /** Id of the post that it answers. */
  inReplyTo?: string
  attachments?: Attachment[]
  poll?: { options: string[]; isMultiple: boolean; endsAt: number }
}

/** Longest post, in characters, and most attachments and poll options. */
export const POST_LIMITS = {
  characters: 50_000,
  attachments: 16,
  pollOptions: 20,
  optionCharacters: 200,
}

/** Publishes; the post is durable and its deliveries are queued when this resolves. @throws VerbError in words. */
export async function publish(context: Context, user: User, draft: Draft): Promise<StoredObject> {
  checkDraft(draft)
  const { urls, clock, store } = context
  const parent = draft.inReplyTo ? await requirePost(context, draft.inReplyTo) : undefined
  const inReplyTo = parent ? { inReplyTo: parent.id } : {}
  const rendered = await renderPost(context, user, { ...draft, ...inReplyTo })
  const id = urls.post(user.name, context.newTid())
  const at = clock.now()
  const parts: PostParts = {
    ...rendered,
    id,
    actor: urls.actor(user.name),
    followers: urls.followers(user.name),
    audience: draft.audience,
    publishedAt: at,
  }
  const document = postDocument(parts)
  const object: StoredObject = {
    id,
    kind: 'post',
    local: user.name,
    actor: parts.actor,
    at,
    audience: draft.audience,
    document,
    home: [user.name, ...localFollowers(context, user.name, draft.audience)],
    source: draft.text,
    recipients: rendered.mentioned,
    ...localNotices(context, user.name, rendered.mentioned),
    ...inReplyTo,
  }
  const create = aboutPost('Create', `${id}/Create`, document, at)
  await commit(
    context,
    [store.objects.put(object)],
    [toAudience(context, user.name, create, object)],
  )
  return object
}

/**
 * The activity on its way to everyone whom an object of this user addresses; and to `readers`, who are reached where
 * followers are: in shared inboxes.
 */
export function toAudience(
  context: Context,
  user: string,
  activity: Outgoing['activity'],
  object: Pick<StoredObject, 'audience' | 'recipients'> & { readers?: readonly string[] },
): Outgoing {
  const { store, actors, urls } = context
  const { audience, readers = [] } = object
  const reached = (ids: readonly string[]) => ids.flatMap((id) => recipientOf(actors.get(id)))
  const addressed = reached(object.recipients ?? [])
  const followers =
    audience === 'direct' ? [] : [...store.relations.followers(user), ...reached(readers)]
  const inboxes = recipients({ followers, addressed, audience, isLocal: urls.isLocal })
  return { user, activity, inboxes }
}

function recipientOf(actor: Actor | undefined): Recipient[] {
  if (!actor) return []
  const { id, inbox, sharedInbox } = actor
  return [{ actor: id, inbox, ...(sharedInbox ? { sharedInbox } : {}) }]
}

/** Draft → what the document is made of; mentions are looked up, those not found stay plain text. */
export async function renderPost(context: Context, user: User, draft: Draft) {
  const { urls, store, actors } = context
  const parent = draft.inReplyTo ? store.objects.get(draft.inReplyTo) : undefined
  const mentions = await resolveMentions(context, findMentions(draft.text))
  const emoji = emojiUrls(context)
  const rendered = renderMarkdown(draft.text, {
    mentions,
    tagUrl: (tag) => urls.tag(tag),
    emoji,
  })
  const answered = parent && parent.actor !== urls.actor(user.name) ? [parent.actor] : []
  for (const id of answered) if (!urls.isLocal(id)) await actors.resolve(id)
  const mentioned = [...new Set([...answered, ...[...mentions.values()].map(({ id }) => id)])]
  const tags: Tag[] = [
    ...mentioned.map((id) => ({ type: 'Mention', name: handleOf(context, id), href: id })),
    ...rendered.emoji.map((code) => ({
      type: 'Emoji',
      name: `:${code}:`,
      iconUrl: emoji.get(code) ?? '',
    })),
    ...rendered.hashtags.map((tag) => ({ type: 'Hashtag', name: `#${tag}`, href: urls.tag(tag) })),
  ]
  return {
    html: rendered.html,
    isSensitive: draft.summary !== undefined && draft.summary !== '',
    language: draft.language ?? user.language,
    mentioned,
    tags,
    attachments: [...(draft.attachments ?? []), ...rendered.images],
    ...(draft.summary ? { summary: draft.summary } : {}),
    ...(draft.inReplyTo ? { inReplyTo: draft.inReplyTo } : {}),
    ...(draft.poll ? { poll: draft.poll } : {}),
  }
}

/** `@user@host` of an actor that is known here; her id otherwise. */
export function handleOf(context: Context, id: string): string {
  const local = context.urls.userOf(id)
  if (local) return context.urls.handle(local)
  const actor = context.actors.get(id)
  return actor ? `@${actor.username}@${hostOf(id)}` : id
}

/** Those who are found, in the order in which they are mentioned. */
async function resolveMentions(context: Context, handles: readonly string[]) {
  const { urls, store, actors, fetching } = context
  const resolveOne = async (handle: string) => {
    const [name = '', host = urls.host] = handle.replace(/^@/, '').split('@')
    if (host.toLowerCase() === urls.host.toLowerCase()) {
      const id = urls.actor(name)
      return store.users.get(name) ? [[handle, { id, url: id }] as const] : []
    }
    const looked = await fetching.lookupHandle(`@${name}@${host}`)
    const resolved = looked.ok ? await actors.resolve(looked.id) : undefined
    if (!resolved?.ok) return []
    const { id, url } = resolved.actor
    return [[handle, { id, url }] as const]
  }
  const found = await Promise.all(handles.slice(0, MAX_MENTIONS).map(resolveOne))
  return new Map(found.flat())
}

const MAX_MENTIONS = 50

/** Other users of this server who follow the author: they get no delivery either. */
export function localFollowers(context: Context, author: string, audience: Audience): string[] {
  return audience === 'direct' ? [] : followersHere(context, context.urls.actor(author))
}

/** Other users of this server who are mentioned: they get no delivery, so the post itself notifies them. */
function localNotices(context: Context, author: string, mentioned: readonly string[]) {
  const names = mentioned.flatMap((id) => context.urls.userOf(id) ?? [])
  const notify = names.filter((name) => name !== author && context.store.users.get(name))
  return notify.length > 0 ? { notify, addressed: notify } : {}
}

function checkDraft(draft: Draft): void {
  const { text, attachments = [], poll } = draft
  if (text.trim() === '' && attachments.length === 0 && !poll)
    throw new VerbError('The post is empty.')
  if (text.length > POST_LIMITS.characters) {
    throw new VerbError(
      `The post has ${text.length} characters; ${POST_LIMITS.characters} are allowed.`,
    )
  }
  if (attachments.length > POST_LIMITS.attachments) {
    throw new VerbError(`At most ${POST_LIMITS.attachments} files can be attached.`)
  }
  if (!poll) return
  const { options } = poll
  if (options.length < 2 || options.length > POST_LIMITS.pollOptions) {
    throw new VerbError(`A poll has 2 to ${POST_LIMITS.pollOptions} options.`)
  }
  if (new Set(options).size !== options.length)
    throw new VerbError('Two options of the poll are the same.')
  if (
    options.some((option) => option.trim() === '' || option.length > POST_LIMITS.optionCharacters)
  ) {
    throw new VerbError(
      `An option of the poll has 1 to ${POST_LIMITS.optionCharacters} characters.`,
    )
  }
}
