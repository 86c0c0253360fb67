// A stored object of ours as it is served now: with the counts of its poll.

import type { Context } from '../context.ts'
import type { StoredObject } from '../store/objects.ts'
import { isObject, type Json, type Poll, parsePost } from './document.ts'

/** The document, or undefined when there is none (a like, a vote, a tombstone). */
export function currentDocument(context: Context, object: StoredObject): Json | undefined {
  const { document } = object
  if (!document || (object.kind !== 'post' && object.kind !== 'announce')) return
  return object.local && document.type === 'Question'
    ? withCounts(context, object, document)
    : document
}

/** Votes are counted from what was stored, so that a count can't drift. */
function withCounts(context: Context, object: StoredObject, document: Json): Json {
  const votes = context.store.objects.about('votes', object.id, 100_000)
  const countOf = (name: unknown) => votes.filter((vote) => vote.name === name).length
  const recount = (options: unknown) =>
    Array.isArray(options)
      ? options.filter(isObject).map((option) => ({
          ...option,
          replies: { type: 'Collection', totalItems: countOf(option.name) },
        }))
      : undefined
  const poll = parsePost(document)?.poll
  const isEnded = poll !== undefined && hasEnded(poll, context.clock.now())
  return {
    ...document,
    votersCount: new Set(votes.map(({ actor }) => actor)).size,
    ...(document.oneOf ? { oneOf: recount(document.oneOf) } : {}),
    ...(document.anyOf ? { anyOf: recount(document.anyOf) } : {}),
    ...(isEnded ? { closed: document.endTime } : {}),
  }
}

/** Whether no vote counts any more: from the very instant on that the author named, or at which she closed it. */
export function hasEnded({ endsAt, closedAt }: Pick<Poll, 'endsAt' | 'closedAt'>, now: number) {
  return Math.min(endsAt ?? Number.POSITIVE_INFINITY, closedAt ?? Number.POSITIVE_INFINITY) <= now
}
