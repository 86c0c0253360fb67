// From an audience to inboxes: which deliveries one activity needs.

import type { Audience } from '../store/objects.ts'
import type { NewDelivery } from '../store/queue.ts'

/** Where an actor is reached, as its document says. */
export interface Recipient {
  /** The actor's id. */
  actor: string
  inbox?: string
  sharedInbox?: string
}

export interface RecipientsOptions {
  audience: Audience
  /** Those who follow the author, where the activity is addressed to followers or the public; else none. */
  followers: Iterable<Recipient>
  /** Actors named in `to` and `cc`. */
  addressed: Iterable<Recipient>
  /** Whether a URL is below our own base: never delivered to. */
  isLocal(url: string): boolean
}

/**
 * The inboxes of an activity, each once. Followers are reached by their shared inbox where they have one on the host
 * of their inbox (ActivityPub 7.1.3); so is whoever else is addressed there, except by direct messages, which go to
 * personal inboxes only. `follower` is set where the inbox is one follower's own. Inboxes that are no http(s) URL are
 * left out.
 */
export function recipients({
  audience,
  followers,
  addressed,
  isLocal,
}: RecipientsOptions): NewDelivery[] {
  const found = new Map<string, NewDelivery>()
  const add = (inbox: string, follower?: string) => {
    if (isLocal(inbox) || found.has(inbox) || !isDeliverable(inbox)) return
    found.set(inbox, follower === undefined ? { inbox } : { inbox, follower })
  }
  const isDirect = audience === 'direct'
  for (const { actor, inbox, sharedInbox } of followers) {
    if (inbox === undefined) continue
    if (!isDirect && sharedInbox !== undefined && isSameHost(sharedInbox, inbox)) add(sharedInbox)
    else add(inbox, actor)
  }
  for (const { inbox, sharedInbox } of addressed) {
    if (inbox === undefined) continue
    const shared = isDirect || sharedInbox === undefined ? undefined : found.get(sharedInbox)
    const isReached = shared !== undefined && shared.follower === undefined
    if (isReached && isSameHost(shared.inbox, inbox)) continue
    add(inbox)
  }
  return [...found.values()]
}

function isDeliverable(inbox: string): boolean {
  const url = URL.parse(inbox)
  return url !== null && (url.protocol === 'https:' || url.protocol === 'http:')
}

function isSameHost(a: string, b: string): boolean {
  const host = URL.parse(a)?.host
  return host !== undefined && host === URL.parse(b)?.host
}
