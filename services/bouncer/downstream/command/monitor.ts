// MONITOR: nicks that this client watches. https://ircv3.net/specs/extensions/monitor
import type { Message } from '../../irc/message.ts'
import type { Downstream } from '../downstream.ts'
import { chunks, MOST_WATCHED } from '../monitors.ts'
import { notHere } from './pass.ts'

const MAX_NICK = 100

export function onMonitor(downstream: Downstream, { params }: Message): void {
  const [verb = '', list = ''] = params
  const { network } = downstream
  if (!network) {
    downstream.numeric('421', 'MONITOR', notHere(downstream))
    return
  }
  const nicks = list
    .split(',')
    .filter((nick) => nick !== '' && nick.length <= MAX_NICK && !/[\s*?!@]/.test(nick))
  switch (verb.toUpperCase()) {
    case '+': {
      const refused = network.monitors.add(downstream, nicks)
      for (const some of chunks(refused)) {
        downstream.numeric('734', String(MOST_WATCHED), some.join(','), 'Monitor list is full.')
      }
      return
    }
    case '-':
      network.monitors.remove(downstream, nicks)
      return
    case 'C':
      network.monitors.clear(downstream)
      return
    case 'L':
      for (const some of chunks(network.monitors.list(downstream))) {
        downstream.numeric('732', some.join(','))
      }
      downstream.numeric('733', 'End of MONITOR list')
      return
    case 'S':
      network.monitors.status(downstream)
      return
    default:
      downstream.fail(
        'MONITOR',
        'INVALID_PARAMS',
        verb.slice(0, 20) || '*',
        'MONITOR takes +, -, C, L or S',
      )
  }
}
