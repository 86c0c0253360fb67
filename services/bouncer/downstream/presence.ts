// Away, for all clients of a network together: she is away when none is there or all of them say so; back at the first.
import { message } from '../irc/message.ts'
import type { Network } from '../network.ts'
import type { Upstream } from '../upstream/upstream.ts'

const AWAY_TEXT = 'Away: no client is connected'

/** What each connection was told last; nothing is the same as being there. */
const told = new WeakMap<Upstream, string>()

/** When a connection of the process before us went on here: its clients come back within a while. */
const goneOnAt = new WeakMap<Upstream, number>()
export const RETURN_MS = 30_000

function isReturning(upstream: Upstream): boolean {
  const at = goneOnAt.get(upstream)
  return at !== undefined && upstream.clock.now() - at < RETURN_MS
}

/** What the network was told last, for the next process; and what the process before us told it. */
export const toldAway = (upstream: Upstream): string => told.get(upstream) ?? ''
export function goOnAway(upstream: Upstream, text: string): void {
  told.set(upstream, text)
  goneOnAt.set(upstream, upstream.clock.now())
}

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
  if (clients.length === 0) {
    const isAwayNow = record.isAutoAway && !told.get(upstream) && !isReturning(upstream)
    return isAwayNow ? AWAY_TEXT : undefined
  }
  if (clients.some(({ isAway }) => !isAway)) return ''
  const last = clients.reduce((a, b) => (b.awayAt >= a.awayAt ? b : a))
  return last.awayText
}
