// Create of a post, or of a vote (a Note with a name that answers a Question).
// https://www.w3.org/TR/activitypub/#create-activity-inbox

import type { StoredObject } from '../../store/objects.ts'
import { toStored } from '../audience.ts'
import { authoritativePost } from '../authority.ts'
import { hasEnded } from '../current.ts'
import { type Post, parsePost } from '../document.ts'
import type { Effect, Receiving } from '../receive.ts'

export async function receiveCreate(receiving: Receiving): Promise<Effect> {
  const { context, activity, isFromActor, accepted } = receiving
  const { store } = context
  const { id } = activity.object
  if (id && isTaken(store.objects.get(id), activity.actor)) return 'ignored'
  const found = await authoritativePost(
    context,
    activity.object,
    isFromActor ? activity.actor : undefined,
  )
  if (!found.ok) return found.isTemporary ? { retry: found.message } : 'ignored'
  const { post, document } = found
  if (isTaken(store.objects.get(post.id), post.attributedTo)) return 'ignored'
  const question = questionOf(receiving, post)
  const stored = question
    ? voteOf(receiving, post, question)
    : toStored(context, post, document, accepted.receivedAt)
  if (!stored) return 'ignored'
  await receiving.commit([store.objects.put(stored)])
  context.actors.prefetch(post.attributedTo)
  return 'done'
}

/** Known, or deleted by its author: another user of that host may have said so of an id that is not hers. */
function isTaken(known: StoredObject | undefined, author: string): boolean {
  return known !== undefined && (known.kind !== 'tombstone' || known.actor === author)
}

/** The local poll in which a post is a vote, by its form: a name and nothing else to say. */
function questionOf({ context }: Receiving, post: Post): StoredObject | undefined {
  if (!post.inReplyTo || post.name === undefined || post.content) return
  const question = context.store.objects.get(post.inReplyTo)
  return question?.local && question.document?.type === 'Question' ? question : undefined
}

/** A vote counts once per voter and option, once in all where only one choice is allowed, and until the end. */
function voteOf(
  { context, accepted }: Receiving,
  { id, name = '', attributedTo: voter }: Post,
  question: StoredObject,
): StoredObject | undefined {
  const { store, clock } = context
  const poll = parsePost(question.document)?.poll
  if (!poll?.options.some((option) => option.name === name)) return
  if (hasEnded(poll, clock.now())) return
  if (question.local && store.relations.get(question.local, 'blocks', voter)) return
  const earlier = store.objects
    .about('votes', question.id, 100_000)
    .filter(({ actor }) => actor === voter)
  if (earlier.some((vote) => !poll.isMultiple || vote.name === name)) return
  return {
    id,
    kind: 'vote',
    actor: voter,
    at: accepted.receivedAt,
    audience: 'direct',
    target: question.id,
    name,
  }
}
