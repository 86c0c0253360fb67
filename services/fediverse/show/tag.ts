// The public posts of a hashtag that were written here: as a page shows them, and as a Collection of their ids.
// https://www.w3.org/TR/activitystreams-vocabulary/#dfn-orderedcollection

import { formatCursor, parseCursor } from '../activitypub/collection.ts'
import type { Json } from '../activitypub/document.ts'
import type { Context } from '../context.ts'
import type { IndexRecord } from '../store/index-file.ts'
import { indexes } from '../store/layout.ts'
import { normalTag } from '../store/tags.ts'
import type { TagView } from '../web/views.ts'
import { postView } from './post.ts'

const CONTEXT = 'https://www.w3.org/ns/activitystreams'
const POSTS_PER_PAGE = 30
const IDS_PER_PAGE = 100

/** Undefined where nobody here wrote about it. `before` is hostile. */
export function tagView(
  context: Context,
  name: string,
  before: string | undefined,
): TagView | undefined {
  const tag = normalTag(name)
  const count = countOf(context, tag)
  if (count === 0) return
  const cursor = parseCursor(before)
  const { objects, next } = listed(context, tag, POSTS_PER_PAGE, cursor)
  const items = objects.flatMap((object) => postView(context, object) ?? [])
  return {
    tag,
    count,
    id: context.urls.tag(tag),
    posts: { items, isFirst: cursor === undefined, ...(next ? { next: formatCursor(next) } : {}) },
  }
}

/** The collection itself: a count, and where the first page is. */
export function tagCollection(context: Context, name: string): Json | undefined {
  const tag = normalTag(name)
  const totalItems = countOf(context, tag)
  if (totalItems === 0) return
  const id = context.urls.tag(tag)
  return {
    '@context': CONTEXT,
    id,
    type: 'OrderedCollection',
    totalItems,
    first: `${id}&page=true`,
  }
}

/** One page of it, newest first. */
export function tagCollectionPage(
  context: Context,
  name: string,
  before?: IndexRecord,
): Json | undefined {
  const tag = normalTag(name)
  if (countOf(context, tag) === 0) return
  const id = context.urls.tag(tag)
  const { objects, next } = listed(context, tag, IDS_PER_PAGE, before)
  return {
    '@context': CONTEXT,
    id: `${id}&page=true${before ? `&before=${formatCursor(before)}` : ''}`,
    type: 'OrderedCollectionPage',
    partOf: id,
    orderedItems: objects.map((object) => object.id),
    ...(next ? { next: `${id}&page=true&before=${formatCursor(next)}` } : {}),
  }
}

const countOf = ({ store }: Context, tag: string) => store.tree.index.count(indexes.tagged(tag))

const listed = ({ store }: Context, tag: string, limit: number, before: IndexRecord | undefined) =>
  store.objects.newest(indexes.tagged(tag), limit, before)
