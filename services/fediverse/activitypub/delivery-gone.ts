// What becomes of those whom a delivery was to reach when its inbox is gone (404 or 410): whose own inbox it was is a
// follower no more; whom it reached as a shared inbox gets the activity in her own.

import type { Context } from '../context.ts'
import type { Delivery, NewDelivery, OutgoingBody } from '../store/queue.ts'
import { audienceOf } from './audience.ts'
import { parseActivity } from './document.ts'
import { ownInboxes } from './recipients.ts'

/**
 * Makes what the delivery engine asks when an inbox is gone: where the activity goes instead, if anywhere. Of those who
 * only were addressed the ones are found whom the activity itself names, which for a Delete is nobody.
 */
export function makeOnGone(
  context: Context,
): (delivery: Delivery, body: OutgoingBody) => NewDelivery[] {
  const { store, urls, actors } = context
  return ({ user, inbox, follower }, { text }) => {
    if (follower !== undefined) {
      dropFollower(context, user, follower)
      return []
    }
    const activity = parseActivity(JSON.parse(text))
    if (!activity) return []
    const { to, cc } = activity
    const audience = audienceOf(to, cc, urls.followers(user))
    if (audience === 'direct') return []
    const followers = store.relations.followers(user)
    for (const each of followers) if (each.inbox === inbox) dropFollower(context, user, each.actor)
    const addressed = [...to, ...cc].flatMap((id) => {
      const known = actors.get(id)
      return known ? [{ ...known, actor: id }] : []
    })
    return ownInboxes(inbox, { audience, followers, addressed, isLocal: urls.isLocal })
  }
}

function dropFollower({ store, log }: Context, user: string, follower: string): void {
  if (!store.relations.get(user, 'followers', follower)) return
  log.info({ user, follower }, 'follower dropped: her inbox is gone')
  try {
    store.commit([store.relations.remove(user, 'followers', follower)]).catch(() => {}) // dropped at the next delivery
  } catch (error) {
    log.warn({ err: error, follower }, 'the follower stays for now') // dropped at the next delivery
  }
}
