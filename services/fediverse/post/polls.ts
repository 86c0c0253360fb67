// What our polls have to tell: after votes the new counts, within 3 minutes, and at the end the result. The files say
// what is owed: an open poll stands in the index `polls/USER`, and its document has the counts that were told last.

import type { Timer } from '@fuchsbau/shared/clock.ts'
import { currentDocument } from '../activitypub/current.ts'
import { type Poll, parsePost } from '../activitypub/document.ts'
import { aboutPost } from '../activitypub/object.ts'
import { type Context, commit } from '../context.ts'
import type { Op } from '../store/journal.ts'
import { hashId, indexes } from '../store/layout.ts'
import type { StoredObject } from '../store/objects.ts'
import { haveActors, reactedTo } from './own.ts'
import { toAudience } from './publish.ts'

/** From the first vote that nobody was told of, as in Mastodon: so often at most is a poll told of. */
export const TELL_AFTER_MS = 3 * 60_000
/** So soon is it noticed that the clock was set, or that the machine slept. */
const LONGEST_SLEEP_MS = 60_000
const RETRY_MS = 60_000

export interface Polls {
  /** Resolves when nothing is being told. */
  idle(): Promise<void>
  close(): Promise<void>
}

/** Looks after every open poll, those that ended while nobody did included. Keeps an id and an instant of each. */
export function startPolls(context: Context): Polls {
  const { store, clock, log } = context
  const due = new Map<string, number>()
  let timer: Timer | undefined
  let telling = Promise.resolve()
  let isClosing = false

  function expect(id: string, at: number): void {
    due.set(id, Math.min(at, due.get(id) ?? Number.POSITIVE_INFINITY))
    arm()
  }

  function arm(): void {
    timer?.cancel()
    timer = undefined
    if (due.size === 0 || isClosing) return
    const next = due.values().reduce((least, at) => Math.min(least, at), Number.POSITIVE_INFINITY)
    timer = clock.after(Math.min(next - clock.now(), LONGEST_SLEEP_MS), takeDue)
  }

  function takeDue(): void {
    for (const [id, at] of due) {
      if (at > clock.now()) continue
      due.delete(id)
      telling = telling.then(() => tellNow(id))
    }
    arm()
  }

  /** Never rejects. */
  async function tellNow(id: string): Promise<void> {
    if (isClosing) return
    try {
      await tell(context, id)
      const poll = openPoll(store.objects.get(id))
      if (poll) expect(id, endOf(poll))
    } catch (error) {
      log.error({ err: error, id }, 'a poll could not be told of; tried again in a minute')
      expect(id, clock.now() + RETRY_MS)
    }
  }

  const forget = store.tree.onChange((path, value) => {
    if (!path.startsWith('objects/') || value === undefined) return
    const { id, kind, target } = value as StoredObject
    if (kind === 'post') {
      const poll = openPoll(value as StoredObject)
      if (poll) expect(id, endOf(poll))
    } else if (kind === 'vote' && target) {
      const poll = openPoll(store.objects.get(target))
      if (poll) expect(target, Math.min(endOf(poll), clock.now() + TELL_AFTER_MS))
    }
  })
  for (const user of store.users.names()) {
    for (const { key } of store.tree.index.newest(indexes.polls(user))) {
      const question = store.objects.byKey(key)
      const poll = openPoll(question)
      if (question && poll) expect(question.id, owedAt(context, question.id, poll))
    }
  }
  return {
    idle: () => telling,
    async close() {
      isClosing = true
      forget()
      timer?.cancel()
      await telling
    },
  }
}

/** The poll of an object, if it is one of ours whose end has not been told. */
function openPoll(object: StoredObject | undefined): Poll | undefined {
  if (object?.kind !== 'post' || !object.local || object.document?.type !== 'Question') return
  const poll = parsePost(object.document)?.poll
  return poll?.closedAt === undefined ? poll : undefined
}

const endOf = ({ endsAt = Number.POSITIVE_INFINITY }: Poll) => endsAt

/** When what the last run left untold is to be told: 3 minutes after the newest vote, or else the end. */
function owedAt({ store, clock }: Context, id: string, poll: Poll): number {
  const told = poll.options.reduce((sum, { votes }) => sum + votes, 0)
  if (store.objects.count('votes', id) === told) return endOf(poll)
  const [newest] = store.tree.index.newest(indexes.votes(hashId(id)))
  return Math.min(endOf(poll), Math.min(newest?.at ?? 0, clock.now()) + TELL_AFTER_MS)
}

/**
 * Sends the counts when there are new ones, or the result, to everyone who got the poll. What was told and that it was is
 * one transaction, so it is told once.
 */
async function tell(context: Context, id: string): Promise<void> {
  const { store, clock } = context
  await haveActors(context, store.objects.get(id)?.recipients ?? [])
  const object = store.objects.get(id)
  const told = openPoll(object)
  const document = object && currentDocument(context, object)
  const poll = document && parsePost(document)?.poll
  if (!object?.local || !told || !poll) return
  const isEnd = poll.closedAt !== undefined
  if (!isEnd && JSON.stringify(poll) === JSON.stringify(told)) return
  const update = aboutPost('Update', updateId(context, id, isEnd), document, clock.now())
  const ops: Op[] = [store.objects.put({ ...object, document })]
  if (isEnd) ops.push(store.objects.put(endNotice(context, object, update.id)))
  const reached = { ...object, readers: readersOf(context, object) }
  await commit(context, ops, [toAudience(context, object.local, update, reached)])
}

/** There is one end, so its id is taken after the first time. */
const updateId = (context: Context, id: string, isEnd: boolean) =>
  `${id}/Update/${isEnd ? 'end' : context.newTid()}`

/** What notifies the author, and those who voted here. */
function endNotice(context: Context, question: StoredObject, update: string): StoredObject {
  const { id, actor, local = '' } = question
  const { store, clock } = context
  const voters = store.objects.about('votes', id, MAX_VOTES).flatMap((vote) => vote.local ?? [])
  const notify = [...new Set([local, ...voters])].filter((name) => store.users.get(name))
  return {
    id: update,
    kind: 'end',
    local,
    actor,
    at: clock.now(),
    audience: 'direct',
    target: id,
    notify,
  }
}

const MAX_VOTES = 100_000

/** Who came to a poll that anybody may see, and may still see it. What is not for everybody goes to nobody else. */
function readersOf(context: Context, { id, audience, local = '' }: StoredObject): string[] {
  if (audience !== 'public' && audience !== 'unlisted') return []
  const { relations } = context.store
  return reactedTo(context, id).filter((actor) => !relations.get(local, 'blocks', actor))
}
