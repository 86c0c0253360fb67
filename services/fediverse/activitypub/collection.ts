// Collections of a local user: outbox, followers, following, featured, and the replies of a post.
// https://www.w3.org/TR/activitypub/#collections

import type { Context } from '../context.ts'
import type { IndexRecord } from '../store/index-file.ts'
import { hashId, indexes } from '../store/layout.ts'
import type { StoredObject } from '../store/objects.ts'
import { currentDocument } from './current.ts'
import type { Json } from './document.ts'
import { aboutPost } from './object.ts'

const CONTEXT = 'https://www.w3.org/ns/activitystreams'
const PAGE_SIZE = 20
const MAX_REPLIES = 100

/** A place in an index as a query parameter, and back; undefined when it is malformed. */
export const formatCursor = ({ at, key }: IndexRecord) => `${at}-${key}`
export function parseCursor(text: unknown): IndexRecord | undefined {
  const match = typeof text === 'string' ? /^(\d{1,13})-([0-9a-f]{32})$/.exec(text) : null
  return match ? { at: Number(match[1]), key: match[2] as string } : undefined
}

/** The outbox itself: a count, and where the first page is. */
export function outbox(context: Context, user: string): Json {
  const id = context.urls.outbox(user)
  return {
    '@context': CONTEXT,
    id,
    type: 'OrderedCollection',
    totalItems: context.store.tree.index.count(indexes.posts(user)),
    first: `${id}?page=true`,
  }
}

/** One page of the outbox: Creates and Announces, newest first. */
export function outboxPage(context: Context, user: string, before?: IndexRecord): Json {
  const id = context.urls.outbox(user)
  const { objects, next } = context.store.objects.newest(indexes.posts(user), PAGE_SIZE, before)
  return {
    '@context': CONTEXT,
    id: before ? `${id}?page=true&before=${formatCursor(before)}` : `${id}?page=true`,
    type: 'OrderedCollectionPage',
    partOf: id,
    orderedItems: objects
      .flatMap((object) => listed(activityOf(context, object)))
      .map((item) => withoutContext(item)),
    ...(next ? { next: `${id}?page=true&before=${formatCursor(next)}` } : {}),
  }
}

/** Followers or followed actors: only how many. The list is nobody's business but the user's. */
export function relationCollection(
  context: Context,
  user: string,
  kind: 'followers' | 'following',
): Json {
  const { urls, store } = context
  return {
    '@context': CONTEXT,
    id: urls[kind](user),
    type: 'OrderedCollection',
    totalItems: store.relations.count(user, kind),
    orderedItems: [],
  }
}

/** The pinned posts. */
export function featured(context: Context, user: string): Json {
  const { urls, store } = context
  const posts = (store.users.get(user)?.pinned ?? [])
    .flatMap((id) => store.objects.get(id) ?? [])
    .flatMap((object) => listed(currentDocument(context, object)))
  return {
    '@context': CONTEXT,
    id: urls.featured(user),
    type: 'OrderedCollection',
    totalItems: posts.length,
    orderedItems: posts.map((item) => withoutContext(item)),
  }
}

/** Ids of the public replies to a post that are known here. */
export function replies(context: Context, id: string): Json {
  const items = context.store.objects
    .newest(indexes.replies(hashId(id)), MAX_REPLIES)
    .objects.filter(({ audience }) => audience === 'public' || audience === 'unlisted')
    .map((object) => object.id)
  return {
    '@context': CONTEXT,
    id: `${id}/replies`,
    type: 'Collection',
    totalItems: items.length,
    items,
  }
}

/** The activity by which an object of ours was sent. */
export function activityOf(context: Context, object: StoredObject): Json | undefined {
  const document = currentDocument(context, object)
  if (!document || object.kind === 'announce') return document
  return aboutPost('Create', `${object.id}/Create`, document, object.at)
}

const listed = (item: Json | undefined): Json[] => (item ? [item] : [])

function withoutContext({ '@context': _, ...document }: Json): Json {
  return document
}
