// Voting in a poll: one Note with the option's name to the author of the Question, as Mastodon does.

import { hasEnded } from '../activitypub/current.ts'
import { parsePost } from '../activitypub/document.ts'
import { CONTEXT } from '../activitypub/object.ts'
import { type Context, commit, type Outgoing, VerbError } from '../context.ts'
import type { Op } from '../store/journal.ts'
import type { StoredObject } from '../store/objects.ts'
import { requirePost } from './own.ts'
import { toAudience } from './publish.ts'

/** Votes for one option, or for several where the poll allows it. */
export async function vote(
  context: Context,
  user: string,
  id: string,
  options: readonly string[],
): Promise<void> {
  const question = await requirePost(context, id)
  checkVote(context, user, question, options)
  const { store, urls, clock } = context
  const me = urls.actor(user)
  const ops: Op[] = []
  const outgoing: Outgoing[] = []
  for (const name of options) {
    const object: StoredObject = {
      id: urls.post(user, context.newTid()),
      kind: 'vote',
      local: user,
      actor: me,
      at: clock.now(),
      audience: 'direct',
      target: question.id,
      name,
      recipients: question.local ? [] : [question.actor],
    }
    ops.push(store.objects.put(object))
    const note = {
      id: object.id,
      type: 'Note',
      attributedTo: me,
      to: [question.actor],
      cc: [],
      inReplyTo: question.id,
      name,
    }
    const create = {
      '@context': CONTEXT,
      id: `${object.id}/Create`,
      type: 'Create',
      actor: me,
      to: [question.actor],
      cc: [],
      object: note,
    }
    outgoing.push(toAudience(context, user, create, object))
  }
  await commit(context, ops, outgoing)
}

function checkVote(
  context: Context,
  user: string,
  question: StoredObject,
  options: readonly string[],
): void {
  const poll = question.document && parsePost(question.document)?.poll
  if (!poll) throw new VerbError('That post has no poll.')
  if (question.local === user) throw new VerbError('You cannot vote in your own poll.')
  if (hasEnded(poll, context.clock.now())) throw new VerbError('The poll has ended.')
  if (options.length === 0) throw new VerbError('Choose an option.')
  if (options.length > 1 && !poll.isMultiple) throw new VerbError('Choose one option only.')
  for (const name of options) {
    if (!poll.options.some((option) => option.name === name))
      throw new VerbError(`The poll has no option "${name}".`)
  }
  if (votesOf(context, user, question.id).length > 0) throw new VerbError('You have voted already.')
}

/** The options that a local user chose. */
export function votesOf(context: Context, user: string, question: string): string[] {
  return context.store.objects
    .about('votes', question, 100_000)
    .flatMap((object) => (object.local === user && object.name ? [object.name] : []))
}
