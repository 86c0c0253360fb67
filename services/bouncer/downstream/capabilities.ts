// With which value a capability is offered to a client, if it is: some need a network that has them, some a setting.
import type { Capability } from '../irc/caps.ts'
import type { Downstream } from './downstream.ts'
import { MECHANISMS } from './sasl.ts'

/** Not offered until they work. */
const PLANNED: ReadonlySet<Capability> = new Set([
  'draft/event-playback',
  'draft/message-redaction',
  'draft/multiline',
  'draft/pre-away',
  'extended-monitor',
  'soju.im/bouncer-networks',
  'soju.im/bouncer-networks-notify',
  'soju.im/filehost',
  'soju.im/search',
  'soju.im/webpush',
  'znc.in/playback',
  'draft/chathistory',
  'draft/read-marker',
])

/** The value, '' for none; undefined: not offered to this client. */
export function capabilityValue(cap: Capability, _downstream: Downstream): string | undefined {
  if (PLANNED.has(cap)) return
  return cap === 'sasl' ? MECHANISMS.join(',') : ''
}
