// JOIN and PART: the network's, and kept, so that the next connection joins the same channels. `PART #c detach` detaches.
import { type Message, message, messageFrom } from '../../irc/message.ts'
import type { Downstream } from '../downstream.ts'
import { showChannel } from '../show.ts'
import { toNetwork } from './pass.ts'

export function onJoin(downstream: Downstream, { params }: Message): void {
  const [names = '', keys = ''] = params
  const keyOf = keys.split(',')
  for (const [index, name] of names.split(',').entries()) {
    if (name !== '') join(downstream, name, keyOf[index] ?? '')
  }
}

function join(downstream: Downstream, name: string, key: string): void {
  const { network } = downstream
  const channel = network?.upstream?.channels.get(name)
  if (network && channel) {
    if (network.isDetached(name)) network.attach(name)
    else if (network.upstream) showChannel(downstream, network.upstream, channel)
    return
  }
  if (network && !network.upstream?.isReady) {
    network.joined(name, key)
    downstream.fail(
      'JOIN',
      'NOT_CONNECTED',
      name,
      `${name} will be joined when ${network.record.name} is back`,
    )
    return
  }
  if (toNetwork(downstream, message('JOIN', name, ...(key ? [key] : []))))
    network?.noteKey(name, key)
}

export function onPart(downstream: Downstream, { params }: Message): void {
  const [names = '', reason] = params
  for (const name of names.split(',').filter((each) => each !== '')) {
    const { network } = downstream
    if (network && reason?.toLowerCase() === 'detach') {
      network.detach(name)
      continue
    }
    if (network && !network.upstream?.channels.has(name)) {
      network.left(name)
      downstream.send(messageFrom(downstream.source, 'PART', name))
      continue
    }
    toNetwork(downstream, message('PART', name, ...(reason === undefined ? [] : [reason])))
  }
}
