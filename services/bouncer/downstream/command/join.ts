// JOIN and PART: the network's, and kept, so that the next connection joins the same channels. `PART #c detach` detaches.
import { type Message, message } from '../../irc/message.ts'
import type { Network } from '../../network.ts'
import type { Downstream } from '../downstream.ts'
import { hideChannel } from '../own-state.ts'
import { showChannel } from '../show.ts'
import { toNetwork } from './pass.ts'

/** Channels of one line; and of a network, as far as they are kept. */
const MOST_NAMES = 100
const MOST_CHANNELS = 1_000
const MAX_NAME = 200
/** Of the channels and keys of a line to the network. */
const LINE_CHARACTERS = 350

interface Wanted {
  name: string
  key: string
}

export function onJoin(downstream: Downstream, { params }: Message): void {
  const [names = '', keys = ''] = params
  const { network } = downstream
  if (names === '0') {
    downstream.fail('JOIN', 'INVALID_PARAMS', names, 'Channels are left by PART, one by one')
    return
  }
  const keyOf = keys.split(',')
  const wanted = names
    .split(',')
    .map((name, index) => ({ name, key: keyOf[index] ?? '' }))
    .filter(({ name }) => name !== '')
  if (wanted.length > MOST_NAMES) downstream.numeric('407', names.slice(0, 50), 'Too many targets')
  else if (!network) toNetwork(downstream, message('JOIN', names))
  else if (network.upstream?.isReady) joinNow(downstream, network, wanted)
  else joinLater(downstream, network, wanted)
}

/** Those that we are in are shown; the others are joined, with few lines. Those with keys come first. */
function joinNow(downstream: Downstream, network: Network, wanted: readonly Wanted[]): void {
  const fresh: Wanted[] = []
  for (const each of wanted) {
    const channel = network.upstream?.channels.get(each.name)
    if (!channel) fresh.push(each)
    else if (network.isDetached(each.name)) network.attach(each.name)
    else if (
      network.upstream &&
      channel.isReady &&
      !downstream.shown.has(network.fold(each.name))
    ) {
      showChannel(downstream, network.upstream, channel)
    }
  }
  fresh.sort((a, b) => Number(b.key !== '') - Number(a.key !== ''))
  for (const some of lines(fresh)) {
    const keys = some.filter(({ key }) => key !== '').map(({ key }) => key)
    const names = some.map(({ name }) => name).join(',')
    if (
      !toNetwork(downstream, message('JOIN', names, ...(keys.length > 0 ? [keys.join(',')] : [])))
    ) {
      return
    }
    for (const { name, key } of some) if (isKept(network, name)) network.noteKey(name, key)
  }
}

function lines(wanted: readonly Wanted[]): Wanted[][] {
  const all: Wanted[][] = []
  let characters = LINE_CHARACTERS
  for (const each of wanted) {
    const length = each.name.length + each.key.length + 2
    characters += length
    if (characters > LINE_CHARACTERS) {
      all.push([])
      characters = length
    }
    all.at(-1)?.push(each)
  }
  return all
}

function joinLater(downstream: Downstream, network: Network, wanted: readonly Wanted[]): void {
  for (const { name, key } of wanted) {
    if (!isKept(network, name)) {
      downstream.numeric('403', name.slice(0, MAX_NAME), 'No such channel')
      continue
    }
    network.joined(name, key)
    const text = `${name} will be joined when ${network.record.name} is back`
    downstream.fail('JOIN', 'NOT_CONNECTED', name, text)
  }
}

/** Whether a channel may be remembered for the next connection. */
function isKept(network: Network, name: string): boolean {
  const isName = network.isChannel(name) && name.length <= MAX_NAME && !/[\s,\p{Cc}]/u.test(name)
  return isName && (network.channels.size < MOST_CHANNELS || network.channels.has(name))
}

export function onPart(downstream: Downstream, { params }: Message): void {
  const [names = '', reason] = params
  const { network } = downstream
  const list = names.split(',').filter((each) => each !== '')
  if (list.length > MOST_NAMES) {
    downstream.numeric('407', names.slice(0, 50), 'Too many targets')
    return
  }
  for (const name of list) {
    if (network && reason?.toLowerCase() === 'detach') network.detach(name)
    else if (network?.channels.has(name) && !network.upstream?.channels.has(name)) {
      // We are not there, but would be at the next connection.
      network.left(name)
      for (const each of network.downstreams) hideChannel(each, name, reason ?? '')
    } else toNetwork(downstream, message('PART', name, ...(reason === undefined ? [] : [reason])))
  }
}
