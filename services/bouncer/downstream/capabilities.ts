// With which value a capability is offered to a client, if it is: some need a network that has them, some a setting. And
// how a client is told.
import { type Capability, type CapList, capListMessages, DOWNSTREAM_CAPS } from '../irc/caps.ts'
import type { Downstream } from './downstream.ts'
import { mechanismsFor } from './mechanisms.ts'

/**
 * What only the network can tell us. Before it is known which one the client wants, or while it is away, it is offered as
 * if the network had it (`likely`), or not.
 */
const NETWORK_CAPS: Readonly<Partial<Record<Capability, 'likely' | 'known'>>> = {
  'account-notify': 'likely',
  'away-notify': 'likely',
  chghost: 'likely',
  'draft/message-redaction': 'known',
  'draft/multiline': 'known',
  'extended-monitor': 'known',
  'invite-notify': 'likely',
  setname: 'likely',
}

function networkValue(
  cap: Capability,
  offer: 'likely' | 'known',
  { network, caps, registration }: Downstream,
): string | undefined {
  const upstream = network?.upstream
  if (upstream?.isReady) {
    if (!upstream.caps.has(cap)) return
    return cap === 'draft/multiline' ? (upstream.registration.available.get(cap) ?? '') : ''
  }
  // While the network is away nothing is taken back: it comes again.
  const isKept = registration.isDone && caps.has(cap)
  return isKept || offer === 'likely' ? '' : undefined
}

/** What this client is offered now, with values; '' for none. */
export function offeredTo(downstream: Downstream): Map<Capability, string> {
  const offered = new Map<Capability, string>()
  for (const cap of DOWNSTREAM_CAPS) {
    const value = capabilityValue(cap, downstream)
    if (value !== undefined) offered.set(cap, value)
  }
  return offered
}

/** As they are listed: `name` or `name=value`. */
export function capTokens(offered: Iterable<readonly [Capability, string]>): string[] {
  return [...offered].map(([cap, value]) => (value === '' ? cap : `${cap}=${value}`))
}

/** Sends a list of capabilities in the form that the client, or this request of its, can read. */
export function tellCaps(
  downstream: Downstream,
  verb: CapList['verb'],
  tokens: readonly string[],
  isVersion302 = downstream.registration.isVersion302,
): void {
  const { serverName: source, nick } = downstream
  for (const line of capListMessages({ source, nick, verb, tokens, isVersion302 })) {
    downstream.send(line)
  }
}

/** The value, '' for none; undefined: not offered to this client. */
function capabilityValue(cap: Capability, downstream: Downstream): string | undefined {
  if (cap === 'soju.im/filehost' && downstream.bouncer.uploadsUrl === undefined) return
  const ofNetwork = NETWORK_CAPS[cap]
  if (ofNetwork !== undefined) return networkValue(cap, ofNetwork, downstream)
  return cap === 'sasl' ? mechanismsFor(downstream).join(',') : ''
}
