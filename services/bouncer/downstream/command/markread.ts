// MARKREAD: how far the person has read a conversation, on whichever device. It only moves forward.
// https://ircv3.net/specs/extensions/read-marker
import type { Message } from '../../irc/message.ts'
import { formatServerTime, parseServerTime } from '../../irc/server-time.ts'
import type { Network } from '../../network.ts'
import type { Downstream } from '../downstream.ts'

const MAX_TARGET = 200

export function onMarkread(downstream: Downstream, { params }: Message): void {
  const [target = '', given] = params
  const { network, clock } = downstream
  if (target === '') {
    downstream.fail('MARKREAD', 'NEED_MORE_PARAMS', 'Missing parameters')
  } else if (!network || target.length > MAX_TARGET || /[\s,*?!@]/.test(target)) {
    const shown = target.slice(0, MAX_TARGET)
    downstream.fail('MARKREAD', 'INVALID_PARAMS', shown, 'There is no such conversation')
  } else if (given === undefined) sendMarker(downstream, network, target)
  else {
    const read = given.startsWith('timestamp=')
      ? parseServerTime(given.slice('timestamp='.length))
      : undefined
    if (read === undefined) {
      downstream.fail(
        'MARKREAD',
        'INVALID_PARAMS',
        target,
        'The time is not of the form timestamp=…',
      )
      return
    }
    // Nobody has read what is still to come; a client's clock may be wrong.
    const time = Math.min(read, network.upstream?.time.now() ?? clock.now())
    const { isNew } = downstream.bouncer.store.markers.set(
      network.record.id,
      network.fold(target),
      time,
    )
    if (isNew) downstream.bouncer.push.read(network, target, time)
    if (isNew) for (const other of network.downstreams) tell(other, network, target, downstream)
    if (!isNew || !downstream.isAttached) sendMarker(downstream, network, target)
  }
}

function tell(other: Downstream, network: Network, target: string, from: Downstream): void {
  if (other.isAttached && (other === from || other.caps.has('draft/read-marker'))) {
    sendMarker(other, network, target)
  }
}

/** MARKREAD with where the marker of a conversation stands. */
export function sendMarker(downstream: Downstream, network: Network, target: string): void {
  const time = network.bouncer.store.markers.get(network.record.id, network.fold(target))
  downstream.reply(
    'MARKREAD',
    target,
    time === undefined ? '*' : `timestamp=${formatServerTime(time)}`,
  )
}
