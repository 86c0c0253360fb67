// Capabilities that come and go with what the network offers: CAP NEW and DEL.
// https://ircv3.net/specs/extensions/capability-negotiation#cap-notify
import { type Capability, capListMessages, DOWNSTREAM_CAPS } from '../irc/caps.ts'
import { capabilityValue } from './capabilities.ts'
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
    tell(downstream, 'DEL', gone)
    tell(
      downstream,
      'NEW',
      come.map(([cap, value]) => (value === '' ? cap : `${cap}=${value}`)),
    )
  }
  for (const cap of gone) downstream.setCap(cap, false)
}

function tell(downstream: Downstream, verb: 'NEW' | 'DEL', tokens: readonly string[]): void {
  if (tokens.length === 0) return
  const { serverName: source, nick } = downstream
  for (const line of capListMessages({ source, nick, verb, tokens, isVersion302: true })) {
    downstream.send(line)
  }
}

function offeredTo(downstream: Downstream): Map<Capability, string> {
  const offered = new Map<Capability, string>()
  for (const cap of DOWNSTREAM_CAPS) {
    const value = capabilityValue(cap, downstream)
    if (value !== undefined) offered.set(cap, value)
  }
  return offered
}
