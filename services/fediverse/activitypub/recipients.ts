// From an audience to inboxes: which deliveries one activity needs, also when one of them finds nothing.

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
  followers: readonly Recipient[]
  /** Actors named in `to` and `cc`. */
  addressed: readonly Recipient[]
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

/**
 * The own inboxes of those whom an activity was to reach by a shared inbox that is gone; where it was delivered anyway it
 * is not delivered again. Each names its actor as `follower`, also one who only was addressed: so it is never taken for a
 * shared inbox itself, and nothing goes round in circles.
 */
export function ownInboxes(
  gone: string,
  { audience, followers, addressed, isLocal }: RecipientsOptions,
): NewDelivery[] {
  if (audience === 'direct') return []
  const isShared = ({ sharedInbox }: Recipient) => sharedInbox === gone
  const elsewhere = (some: readonly Recipient[]) => some.filter((each) => !isShared(each))
  const reached = recipients({
    audience,
    followers: elsewhere(followers),
    addressed: elsewhere(addressed),
    isLocal,
  })
  const known = new Set([gone, ...reached.map(({ inbox }) => inbox)])
  const found: NewDelivery[] = []
  for (const { actor, inbox } of [...followers, ...addressed].filter(isShared)) {
    if (inbox === undefined || known.has(inbox) || isLocal(inbox)) continue
    if (!isDeliverable(inbox) || !isSameHost(gone, inbox)) continue
    known.add(inbox)
    found.push({ inbox, follower: actor })
  }
  return found
}

function isDeliverable(inbox: string): boolean {
  const url = URL.parse(inbox)
  return url !== null && (url.protocol === 'https:' || url.protocol === 'http:')
}

function isSameHost(a: string, b: string): boolean {
  const host = URL.parse(a)?.host
  return host !== undefined && host === URL.parse(b)?.host
}
