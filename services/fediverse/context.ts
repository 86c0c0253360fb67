// What the verbs and handlers are given: the one place where the parts of the service meet.

import type { Clock } from '@fuchsbau/shared/clock.ts'
import type { Log } from '@fuchsbau/shared/log.ts'
import type { RemoteActors } from './activitypub/actors.ts'
import type { Json } from './activitypub/document.ts'
import type { Op } from './store/journal.ts'
import type { Delivery, NewDelivery } from './store/queue.ts'
import type { Store } from './store/store.ts'
import type { Urls } from './urls.ts'

/** An activity on its way out, and to whom. */
export interface Outgoing {
  user: string
  activity: Json & { id: string }
  inboxes: NewDelivery[]
}

/** What a verb does, before it is committed. */
export interface Change {
  ops: Op[]
  outgoing: Outgoing[]
}

/** Says in a person's words why a verb can't be done; the web pages and the command line show it. */
export class VerbError extends Error {
  override name = 'VerbError'
}

/** How documents of other servers are had. */
export interface Fetching {
  /** A document whose id belongs to the host that answered. */
  fetchDocument(
    url: string,
  ): Promise<
    { ok: true; document: Json; url: string } | { ok: false; kind: string; message: string }
  >
  /** The actor id of `@user@host`. */
  lookupHandle(handle: string): Promise<{ ok: true; id: string } | { ok: false; message: string }>
}

export interface Context {
  urls: Urls
  clock: Clock
  log: Log
  store: Store
  actors: RemoteActors
  fetching: Fetching
  /** An activity of a user as it is sent: with a proof, where it is to have one. */
  prove(user: string, activity: Outgoing['activity']): Outgoing['activity']
  /** Hands what was committed to the delivery engine. */
  wake(deliveries: readonly Delivery[]): void
  /** Id part of a new object, see makeTids. */
  newTid(): string
}

/**
 * One transaction: the changes, and the activities that they send. Resolves when all of it is on disk.
 * @throws StoreUnavailable with nothing changed.
 */
export async function commit(
  context: Context,
  ops: readonly Op[],
  outgoing: readonly Outgoing[] = [],
): Promise<void> {
  const { store, clock } = context
  const queued = outgoing
    .filter(({ inboxes }) => inboxes.length > 0)
    .map(({ user, activity, inboxes }) =>
      store.queue.enqueue(user, context.prove(user, activity), inboxes, clock.now()),
    )
  await store.commit([...ops, ...queued.flatMap((queue) => queue.ops)])
  // Only now: an attempt may not come before the promise to make it.
  context.wake(queued.flatMap((queue) => queue.deliveries))
}
