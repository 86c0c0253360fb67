// Users of this server among themselves: documents come from the store and deliveries go straight to the effects, so
// that nothing depends on the server reaching its own public address.

import type { Context, Fetching } from '../context.ts'
import { localActor } from '../post/profile.ts'
import type { AcceptedActivity } from '../store/accepted.ts'
import type { Delivery, OutgoingBody } from '../store/queue.ts'
import { currentDocument } from './current.ts'
import type { Outcome } from './delivery-outcome.ts'
import type { Json } from './document.ts'
import { parseHandle } from './webfinger-client.ts'

/** Answers for what is ours, and leaves the rest to `remote`. */
export function withLocal(remote: Fetching, context: () => Context): Fetching {
  return {
    async fetchDocument(url) {
      if (!context().urls.isLocal(url)) return remote.fetchDocument(url)
      const document = localDocument(context(), url)
      return document
        ? { ok: true, document, url }
        : { ok: false, kind: 'not-found', message: `${url} is not here` }
    },
    async lookupHandle(handle) {
      const { urls, store } = context()
      const parsed = parseHandle(handle)
      if (parsed?.host !== urls.host) return remote.lookupHandle(handle)
      const name = parsed.user.toLowerCase()
      return store.users.get(name)
        ? { ok: true, id: urls.actor(name) }
        : { ok: false, message: 'nobody here has that name' }
    },
  }
}

function localDocument(context: Context, url: string): Json | undefined {
  const name = context.urls.userOf(url)
  if (name) return localActor(context, name)
  const object = context.store.objects.get(url)
  const isPublic = object?.audience === 'public' || object?.audience === 'unlisted'
  return object && isPublic ? currentDocument(context, object) : undefined
}

/** Takes a delivery to an inbox of this server: accepted like any other, without a signature to check. */
export async function deliverLocally(
  context: Context,
  delivery: Delivery,
  body: OutgoingBody,
  start: (accepted: AcceptedActivity) => void,
): Promise<Outcome> {
  const { store, urls, clock } = context
  const inboxOf = urls.ownerOf(delivery.inbox)
  if (!inboxOf || !store.users.get(inboxOf)) return { kind: 'gone' }
  if (store.accepted.isSeen(body.id)) return { kind: 'delivered' }
  const accepted: AcceptedActivity = {
    id: body.id,
    signer: urls.actor(delivery.user),
    inboxOf,
    receivedAt: clock.now(),
    document: JSON.parse(body.text) as Json,
    attempts: 0,
  }
  await store.accepted.accept(accepted)
  start(accepted)
  return { kind: 'delivered' }
}
