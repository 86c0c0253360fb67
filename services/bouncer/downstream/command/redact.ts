// REDACT: takes back a message, where the network can. https://ircv3.net/specs/extensions/message-redaction
import type { Message } from '../../irc/message.ts'
import type { Downstream } from '../downstream.ts'
import { toNetwork } from './pass.ts'

export function onRedact(downstream: Downstream, message: Message): void {
  const [target = '', msgid = ''] = message.params
  const { network } = downstream
  const shown = [target, msgid].map((word) => word.slice(0, 100) || '*')
  if (!network) {
    downstream.fail('REDACT', 'INVALID_TARGET', shown[0] ?? '*', 'You are on no network here')
    return
  }
  const { upstream } = network
  if (upstream?.isReady && !upstream.caps.has('draft/message-redaction')) {
    downstream.fail(
      'REDACT',
      'REDACT_FORBIDDEN',
      ...shown,
      `${network.record.name} takes no message back`,
    )
    return
  }
  const stored = network.bouncer.store.messages.byMsgid(
    network.record.id,
    network.fold(target),
    msgid,
  )
  // The network knows no msgids but its own; one that we did not store it may know nevertheless.
  if (stored && stored.msgid !== msgid) {
    downstream.fail('REDACT', 'UNKNOWN_MSGID', ...shown, 'There is no such message')
    return
  }
  toNetwork(downstream, message)
}
