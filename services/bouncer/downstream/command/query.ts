// NAMES, MODE and TOPIC of a channel that we are in: answered from what the network told, like MOTD. All else is asked there.
import type { Message } from '../../irc/message.ts'
import type { UpstreamChannel } from '../../upstream/channel.ts'
import type { Downstream } from '../downstream.ts'
import { sendModes, sendNames } from '../show.ts'
import { toNetwork } from './pass.ts'

export function onNames(downstream: Downstream, message: Message): void {
  const channel = knownChannel(downstream, message)
  if (channel && message.params.length === 1) sendNames(downstream, channel)
  else toNetwork(downstream, message)
}

export function onMode(downstream: Downstream, message: Message): void {
  const { network, nick } = downstream
  // Programs set and ask for their own modes at once, also where there is no network to do it.
  if (!network?.upstream?.isReady && message.params[0] === nick) {
    downstream.numeric('221', '+')
    return
  }
  const channel = knownChannel(downstream, message)
  if (channel?.createdAt && message.params.length === 1) sendModes(downstream, channel)
  else toNetwork(downstream, message)
}

export function onTopic(downstream: Downstream, message: Message): void {
  const channel = knownChannel(downstream, message)
  if (!channel || message.params.length > 1) {
    toNetwork(downstream, message)
    return
  }
  const { name, topic } = channel
  if (!topic) {
    downstream.numeric('331', name, 'No topic is set')
    return
  }
  downstream.numeric('332', name, topic.text)
  if (topic.by) downstream.numeric('333', name, topic.by, topic.at ?? '0')
}

function knownChannel(downstream: Downstream, { params }: Message): UpstreamChannel | undefined {
  const channel = downstream.network?.upstream?.channels.get(params[0] ?? '')
  return channel?.isReady ? channel : undefined
}
