// 731: a nick that is watched is free. Who of the clients watches it is their side's affair.
// https://ircv3.net/specs/extensions/monitor
import type { Message } from '../../irc/message.ts'
import { nickOf } from '../../irc/source.ts'
import { passOn } from '../pass-on.ts'
import type { Incoming, Upstream } from '../upstream.ts'

export function onMonitor(upstream: Upstream, message: Message, incoming: Incoming): void {
  passOn(upstream, message, incoming)
  if (message.command !== '731') return
  for (const entry of (message.params[1] ?? '').split(',')) upstream.nicks.offline(nickOf(entry))
}
