// Create of a post, or of a vote (a Note with a name that answers a Question).
// https://www.w3.org/TR/activitypub/#create-activity-inbox

import type { StoredObject } from '../../store/objects.ts'
import { type Post, parsePost } from '../document.ts'
import type { Effect, Receiving } from '../receive.ts'
import { toStored } from './audience.ts'
import { authoritativePost } from './authority.ts'

export async function receiveCreate(receiving: Receiving): Promise<Effect> {
  const { context, activity, isFromActor, accepted } = receiving
  const { store } = context
  const { id } = activity.object
  if (id && store.objects.get(id)) return 'ignored' // known, or buried
  const found = await authoritativePost(
    context,
    activity.object,
    isFromActor ? activity.actor : undefined,
  )
  if (!found.ok) return found.isTemporary ? { retry: found.message } : 'ignored'
  const { post, document } = found
  if (store.objects.get(post.id)) return 'ignored'
  const vote = voteOf(receiving, post)
  const stored = vote ?? toStored(context, post, document, accepted.receivedAt)
  if (!stored) return 'ignored'
  await receiving.commit([store.objects.put(stored)])
  context.actors.prefetch(post.attributedTo)
  return 'done'
}

/** A vote in a local poll: counted once per voter and option, once in all where only one choice is allowed. */
function voteOf(receiving: Receiving, post: Post): StoredObject | undefined {
  const { store, clock } = receiving.context
  const question = post.inReplyTo ? store.objects.get(post.inReplyTo) : undefined
  if (!question?.local || !question.document || post.name === undefined || post.content) return
  const poll = parsePost(question.document)?.poll
  if (!poll?.options.some((option) => option.name === post.name)) return
  if (poll.endsAt !== undefined && poll.endsAt < clock.now()) return
  const earlier = store.objects
    .about('votes', question.id, 100_000)
    .filter((vote) => vote.actor === post.attributedTo)
  if (earlier.some((vote) => !poll.isMultiple || vote.name === post.name)) return
  return {
    id: post.id,
    kind: 'vote',
    actor: post.attributedTo,
    at: receiving.accepted.receivedAt,
    audience: 'direct',
    target: question.id,
    name: post.name,
  }
}
