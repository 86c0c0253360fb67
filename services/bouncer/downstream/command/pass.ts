// A command that is the network's: sent on, and what is answered goes to the client that asked.
import { type Message, NO_TAGS } from '../../irc/message.ts'
import type { Downstream } from '../downstream.ts'

/** Sends a line to the network, or says why that can't be. True when it was sent. */
export function toNetwork(downstream: Downstream, message: Message): boolean {
  const { network, labels } = downstream
  const upstream = network?.upstream
  if (!network) {
    downstream.numeric('421', message.command, notHere(downstream))
    return false
  }
  if (!upstream?.isReady) {
    const reason = network.keeper.lastError ?? 'the connection is being made'
    downstream.fail(
      message.command,
      'NOT_CONNECTED',
      `Not connected to ${network.record.name}: ${reason}`,
    )
    return false
  }
  const line = { ...message, source: undefined, tags: NO_TAGS }
  if (upstream.send(line, { requester: labels.requester() })) return true
  downstream.numeric('263', message.command, 'Too much waits to be sent: try again in a while')
  return false
}

/** Why there are no channels and users on a connection to the bouncer itself. */
export function notHere({ user }: Downstream): string {
  const names = [...(user?.networks.values() ?? [])].map(({ record }) => record.name)
  const who = user?.record.name ?? 'USER'
  return names[0] === undefined
    ? 'You have no network yet: /msg BouncerServ network add NAME'
    : `This is the bouncer itself: log in as ${who}/${names[0]} to be on that network`
}
