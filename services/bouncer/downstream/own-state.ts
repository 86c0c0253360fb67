// What a client knows of itself: its nick and its channels, as far as lines have told it.
import { type Message, messageFrom } from '../irc/message.ts'
import { nickOf } from '../irc/source.ts'
import type { Downstream } from './downstream.ts'

/** A JOIN was refused: no such channel, too many, full, invite only, banned, key, mask, register first, TLS only, forwarded … */
const REFUSALS: ReadonlySet<string> = new Set([
  '403',
  '405',
  '437',
  '470',
  '471',
  '473',
  '474',
  '475',
  '476',
  '477',
  '479',
  '480',
  '489',
  '520',
])

/** A line of the network was shown to the client. */
export function noteOwn(downstream: Downstream, { command, source, params }: Message): void {
  const { network } = downstream
  const [first = '', second = ''] = params
  if (!network) return
  switch (command) {
    case 'NICK':
      if (isMe(downstream, nickOf(source))) downstream.nick = first
      return
    case 'PART':
      if (isMe(downstream, nickOf(source))) downstream.shown.delete(network.fold(first))
      return
    case 'KICK':
      if (isMe(downstream, second)) downstream.shown.delete(network.fold(first))
      return
    default:
      if (REFUSALS.has(command)) leaveRefused(downstream, second, params.at(-1) ?? '')
  }
}

/** Tells the client that it is in no such channel any more. Nothing when it does not believe so. */
export function hideChannel(downstream: Downstream, name: string, reason: string): void {
  const { network } = downstream
  if (!network || !downstream.shown.delete(network.fold(name))) return
  downstream.send(messageFrom(downstream.source, 'PART', name, reason))
}

/** The channel was joined before, and can't be joined again: the client would take itself for being there. */
function leaveRefused(downstream: Downstream, name: string, reason: string): void {
  const { upstream } = downstream.network ?? {}
  if (upstream && !upstream.channels.has(name)) hideChannel(downstream, name, reason)
}

function isMe({ network, nick }: Downstream, other: string): boolean {
  return network !== undefined && network.fold(other) === network.fold(nick)
}
