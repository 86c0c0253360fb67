// Capabilities that come and go with what the network offers: CAP NEW and DEL.
// https://ircv3.net/specs/extensions/capability-negotiation#cap-notify
import type { Capability } from '../irc/caps.ts'
import { capTokens, offeredTo, tellCaps } from './capabilities.ts'
import type { Downstream } from './downstream.ts'

/** What each client was told last, by capability. */
const told = new WeakMap<Downstream, Map<Capability, string>>()

/** Remembers what is offered to a client that asks. */
export function noteOffered(downstream: Downstream): void {
  told.set(downstream, offeredTo(downstream))
}

/** Tells a client what it is offered now and was not, and what no more. What is gone is switched off. */
export function updateCaps(downstream: Downstream): void {
  const before = told.get(downstream)
  // Without CAP there is nothing to take back.
  if (!before) return
  const now = offeredTo(downstream)
  told.set(downstream, now)
  const gone = [...before.keys()].filter((cap) => !now.has(cap))
  const come = [...now].filter(([cap, value]) => before.get(cap) !== value)
  if (downstream.caps.has('cap-notify')) {
    if (gone.length > 0) tellCaps(downstream, 'DEL', gone)
    if (come.length > 0) tellCaps(downstream, 'NEW', capTokens(come))
  }
  for (const cap of gone) downstream.setCap(cap, false)
}
