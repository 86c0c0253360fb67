// The documents and activities that local users send. Plain literals: these bytes are what is signed and digested.
// https://www.w3.org/TR/activitystreams-vocabulary/

import type { Audience } from '../store/objects.ts'
import type { Attachment, Json, Tag } from './document.ts'
import { PUBLIC } from './document.ts'

/** What our posts use beyond ActivityStreams. */
export const CONTEXT = [
  'https://www.w3.org/ns/activitystreams',
  {
    toot: 'http://joinmastodon.org/ns#',
    Hashtag: 'as:Hashtag',
    sensitive: 'as:sensitive',
    Emoji: 'toot:Emoji',
    votersCount: 'toot:votersCount',
    blurhash: 'toot:blurhash',
  },
]

/** What a post is made of, rendered and resolved. */
export interface PostParts {
  id: string
  actor: string
  followers: string
  audience: Audience
  html: string
  summary?: string
  isSensitive: boolean
  language: string
  inReplyTo?: string
  /** Actor ids that are mentioned or answered. */
  mentioned: string[]
  tags: Tag[]
  attachments: Attachment[]
  poll?: { options: string[]; isMultiple: boolean; endsAt: number }
  publishedAt: number
  updatedAt?: number
}

/** to and cc of an audience. https://www.w3.org/TR/activitypub/#delivery */
export function addressing(audience: Audience, followers: string, mentioned: readonly string[]) {
  const everyone = [...mentioned]
  switch (audience) {
    case 'public':
      return { to: [PUBLIC], cc: [followers, ...everyone] }
    case 'unlisted':
      return { to: [followers], cc: [PUBLIC, ...everyone] }
    case 'followers':
      return { to: [followers], cc: everyone }
    case 'direct':
      return { to: everyone, cc: [] }
  }
}

/** A Note, or a Question when it has a poll. */
export function postDocument(parts: PostParts): Json {
  const { poll } = parts
  const options = poll?.options.map((name) => ({
    type: 'Note',
    name,
    replies: { type: 'Collection', totalItems: 0 },
  }))
  return {
    '@context': CONTEXT,
    id: parts.id,
    type: poll ? 'Question' : 'Note',
    attributedTo: parts.actor,
    ...addressing(parts.audience, parts.followers, parts.mentioned),
    ...(parts.inReplyTo ? { inReplyTo: parts.inReplyTo } : {}),
    ...(parts.summary ? { summary: parts.summary } : {}),
    sensitive: parts.isSensitive,
    content: parts.html,
    contentMap: { [parts.language]: parts.html },
    url: parts.id,
    published: new Date(parts.publishedAt).toISOString(),
    ...(parts.updatedAt ? { updated: new Date(parts.updatedAt).toISOString() } : {}),
    tag: parts.tags.map(tagDocument),
    attachment: parts.attachments.map(attachmentDocument),
    replies: `${parts.id}/replies`,
    ...(poll && options
      ? {
          [poll.isMultiple ? 'anyOf' : 'oneOf']: options,
          endTime: new Date(poll.endsAt).toISOString(),
          votersCount: 0,
        }
      : {}),
  }
}

const tagDocument = ({ type, name, href, iconUrl }: Tag) => ({
  type,
  name,
  ...(href ? { href } : {}),
  ...(iconUrl ? { icon: { type: 'Image', url: iconUrl } } : {}),
})

const attachmentDocument = ({ url, mediaType, name, width, height, blurhash }: Attachment) => ({
  type: 'Document',
  mediaType,
  url,
  name: name ?? null,
  ...(width ? { width } : {}),
  ...(height ? { height } : {}),
  ...(blurhash ? { blurhash } : {}),
})

/** An activity about an object, addressed like it. */
export function activity(
  type: string,
  fields: {
    id: string
    actor: string
    object: unknown
    to?: unknown
    cc?: unknown
    [key: string]: unknown
  },
): Json & { id: string } {
  return { '@context': CONTEXT, type, ...fields }
}

/** Create or Update around a post of ours. The context stands once, outside. */
export function aboutPost(type: 'Create' | 'Update', id: string, post: Json, at: number) {
  const { '@context': context, ...object } = post
  return {
    '@context': context,
    id,
    type,
    actor: post.attributedTo as string,
    published: new Date(at).toISOString(),
    to: post.to,
    cc: post.cc,
    object,
  }
}

/** What stands in the place of a deleted post. https://www.w3.org/TR/activitypub/#delete-activity-outbox */
export function tombstone(id: string, deletedAt?: number): Json {
  return {
    '@context': 'https://www.w3.org/ns/activitystreams',
    id,
    type: 'Tombstone',
    ...(deletedAt ? { deleted: new Date(deletedAt).toISOString() } : {}),
  }
}
