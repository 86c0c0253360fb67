// Stored objects as the pages show them: a post, or a boost of one.

import { raw } from '@fuchsbau/shared/html.ts'
import { currentDocument } from '../activitypub/current.ts'
import { type Post, parsePost } from '../activitypub/document.ts'
import type { Context } from '../context.ts'
import { maySee, ownReaction } from '../post/own.ts'
import { handleOf } from '../post/publish.ts'
import { plainText, sanitize } from '../post/sanitize.ts'
import { votesOf } from '../post/vote.ts'
import { hashId } from '../store/layout.ts'
import type { StoredObject } from '../store/objects.ts'
import type { OwnView, PollView, PostView } from '../web/views.ts'
import { emojiOf, personView } from './person.ts'

/** A post, or a boost as the boosted post; undefined when there is nothing to show to this reader. */
export function postView(
  context: Context,
  object: StoredObject,
  reader?: string,
): PostView | undefined {
  if (object.kind === 'announce') {
    const target = object.target ? context.store.objects.get(object.target) : undefined
    const view = target?.kind === 'post' ? postView(context, target, reader) : undefined
    return view && { ...view, key: keyOf(object), boostedBy: personView(context, object.actor) }
  }
  if (object.kind !== 'post' || !maySee(context, reader, object)) return
  const document = currentDocument(context, object)
  const post = document && parsePost(document)
  return post && viewOf(context, object, post, reader)
}

/** Stable and unique, fit for an anchor. */
const keyOf = ({ id }: StoredObject) => `p${hashId(id).slice(0, 12)}`

function viewOf(context: Context, object: StoredObject, post: Post, reader?: string): PostView {
  const { objects } = context.store
  const { isSensitive } = post
  return {
    id: object.id,
    url: object.local ? object.id : (post.url ?? object.id),
    key: keyOf(object),
    author: personView(context, object.actor),
    publishedAt: object.local ? object.at : (post.published ?? object.at),
    audience: object.audience,
    isSensitive,
    content: raw(sanitize(post.content, { emoji: emojiOf(post.tags) }).html),
    attachments: post.attachments.map((attachment) => ({
      ...attachment,
      name: attachment.name ?? '',
    })),
    counts: {
      replies: objects.count('replies', object.id),
      boosts: objects.count('announces', object.id),
      likes: objects.count('likes', object.id),
    },
    ...(object.editedAt === undefined ? {} : { editedAt: object.editedAt }),
    ...(post.language ? { language: post.language } : {}),
    ...(post.name ? { title: plainText(post.name) } : {}),
    ...(post.summary ? { warning: plainText(post.summary) } : {}),
    ...(post.poll ? { poll: pollView(context, post) } : {}),
    ...(post.inReplyTo ? { inReplyTo: repliedView(context, post.inReplyTo) } : {}),
    ...(reader ? { own: ownView(context, object, reader) } : {}),
  }
}

function pollView({ clock }: Context, { poll }: Post): PollView {
  const { options = [], isMultiple = false, voters, endsAt, closedAt } = poll ?? {}
  const isClosed =
    Math.min(closedAt ?? Number.POSITIVE_INFINITY, endsAt ?? Number.POSITIVE_INFINITY) <=
    clock.now()
  return {
    options,
    isMultiple,
    isClosed,
    ...(voters === undefined ? {} : { voters }),
    ...(endsAt === undefined ? {} : { endsAt }),
  }
}

function repliedView(context: Context, id: string): { handle: string; url?: string } {
  const parent = context.store.objects.get(id)
  if (parent?.kind !== 'post') return { handle: new URL(id).host, url: id }
  const url = parent.local ? id : ((parent.document && parsePost(parent.document)?.url) ?? id)
  return { handle: handleOf(context, parent.actor), url }
}

function ownView(context: Context, object: StoredObject, reader: string): OwnView {
  return {
    isAuthor: object.local === reader,
    isLiked: ownReaction(context, reader, 'likes', object.id) !== undefined,
    isBoosted: ownReaction(context, reader, 'announces', object.id) !== undefined,
    isPinned: context.store.users.get(reader)?.pinned.includes(object.id) ?? false,
    canBoost: object.audience === 'public' || object.audience === 'unlisted',
    votes: votesOf(context, reader, object.id),
  }
}
