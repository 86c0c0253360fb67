// Away, for all clients of a network together: she is away when none is there or all of them say so; back at the first.
import { message } from '../irc/message.ts'
import type { Network } from '../network.ts'
import type { Upstream } from '../upstream/upstream.ts'

const AWAY_TEXT = 'Away: no client is connected'

/** What each connection was told last; nothing is the same as being there. */
const told = new WeakMap<Upstream, string>()

/** Tells the network, if that has changed. The answer is ours alone: each client has its own. */
export function updatePresence(network: Network): void {
  const { upstream } = network
  if (!upstream?.isReady) return
  const text = awayText(network, upstream)
  if (text === undefined || text === (told.get(upstream) ?? '')) return
  const requester = { label: undefined, answer: () => undefined, end: () => undefined }
  const line = text === '' ? message('AWAY') : message('AWAY', text)
  if (!upstream.send(line, { requester })) return
  told.set(upstream, text)
  upstream.isAway = text !== ''
}

/** '' when she is there; undefined when it is left as it is: her own words stay when her last client goes. */
function awayText({ downstreams, record }: Network, upstream: Upstream): string | undefined {
  // A client that says `AWAY *` came without her.
  const clients = [...downstreams].filter(({ isAway, awayText }) => !(isAway && awayText === '*'))
  if (clients.length === 0) return record.isAutoAway && !told.get(upstream) ? AWAY_TEXT : undefined
  if (clients.some(({ isAway }) => !isAway)) return ''
  const last = clients.reduce((a, b) => (b.awayAt >= a.awayAt ? b : a))
  return last.awayText
}
