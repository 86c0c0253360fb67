// The connection of a network goes from this process to the next one, by way of the holder: without a line that is lost, and
// without anybody on the network seeing it.
import { setTimeout as pause } from 'node:timers/promises'
import { goOnAway, RETURN_MS, toldAway, updatePresence } from './downstream/presence.ts'
import { fits } from './hold/frames.ts'
import type { HeldSocket } from './hold/held-socket.ts'
import { message } from './irc/message.ts'
import type { Network } from './network.ts'
import { type KeeperState, readSnapshot, type Snapshot, writeSnapshot } from './snapshot.ts'
import type { ChannelRecord } from './store/records.ts'
import { takeState } from './upstream/snapshot.ts'
import { type SocketOptions, socketOpener } from './upstream/socket.ts'
import type { OpenSocket } from './upstream/transport.ts'
import type { Upstream } from './upstream/upstream.ts'

/** A batch that has begun, or history that is being fetched, is waited for, so long and so often. */
const BATCH_MS = 50
const BATCH_TRIES = 20

/** Opens connections of a network: here, or in the holder, if there is one; those are given to `taken`. */
export function opener(
  { bouncer: { holding }, record }: Network,
  options: SocketOptions,
  taken: (held: HeldSocket) => void,
): OpenSocket {
  if (!holding) return socketOpener(options)
  return async (signal) => {
    const held = await holding.client.open(holding.keyOf(record.id), options, signal)
    taken(held)
    return held
  }
}

/** A connection that is to be kept. */
interface Leaving {
  upstream: Upstream
  held: HeldSocket
  /** What the keeper knows, when it is asked. */
  state(): Pick<KeeperState, 'registeredAt' | 'refused'> & {
    tlsPort: number | undefined
    gap: KeeperState['gap']
  }
}

/** True when the holder keeps it: from then on nothing is sent or taken here. */
export async function handOver(network: Network, leaving: Leaving): Promise<boolean> {
  const { holding, log } = network.bouncer
  const { upstream, held } = leaving
  if (!holding) return false
  try {
    await standStill(upstream, held)
    const snapshot = take(network, leaving)
    if (!snapshot || !fits('state', snapshot.length)) {
      held.tell({ do: 'continue' })
      return false
    }
    const partial = upstream.handOver().toString('latin1')
    const { keepMs, quitMessage } = holding
    const request = { do: 'keep', ms: keepMs, message: quitMessage, partial } as const
    const reply = await held.keep(snapshot, request)
    if (reply.is === 'kept') {
      held.letGo()
      return true
    }
    log.warn({ network: network.record.name, reply }, 'the holder does not keep a connection')
    held.tell({ do: 'quit', message: quitMessage })
  } catch (err) {
    log.warn({ err, network: network.record.name }, 'a connection could not be handed over')
  }
  return false
}

/** Everything that the network said has been handled, and it says no more. */
async function standStill(upstream: Upstream, held: HeldSocket): Promise<void> {
  for (let tries = 1; ; tries++) {
    const reply = await held.ask({ do: 'pause' }, ['paused', 'closed'])
    if (reply.is === 'closed') throw new Error('the network closed the connection')
    const isBusy = upstream.batches.isOpen || upstream.backfill.isFilling
    if (!isBusy || tries === BATCH_TRIES) return
    held.tell({ do: 'continue' })
    await pause(BATCH_MS)
  }
}

function take(network: Network, { upstream, state }: Leaving): Buffer | undefined {
  const taken = takeState(upstream)
  if (!taken) return
  const { tlsPort, gap, ...rest } = state()
  const keeper = {
    ...rest,
    configured: [...network.channels.keys()],
    away: toldAway(upstream),
    watched: network.monitors.watched,
    ...(tlsPort !== undefined && { tlsPort }),
    ...(gap && { gap }),
  }
  return writeSnapshot(network, { upstream: taken, keeper })
}

/** What the holder kept. */
export interface TakenBack {
  socket: HeldSocket
  snapshot: Snapshot
}

/** What the holder kept of a network; undefined when that is nothing, or nothing that can be gone on with. */
export async function takeBack(network: Network): Promise<TakenBack | undefined> {
  const { holding, log } = network.bouncer
  if (!holding) return
  const socket = await holding.client.resume(holding.keyOf(network.record.id))
  if (!socket) return
  const snapshot = readSnapshot(network, socket.state)
  if (!('problem' in snapshot)) return { socket, snapshot }
  const { problem } = snapshot
  log.info({ network: network.record.name, problem }, 'a kept connection is left')
  refuse(socket)
  return
}

/** Ends a kept connection that is not gone on with. */
export function refuse(socket: HeldSocket): void {
  socket.tell({ do: 'quit', message: 'connecting anew' })
  // What comes until it ends is nobody's.
  socket.resume()
}

/**
 * Goes on with what clients and settings are now: the nick and channels that were changed meanwhile; away and watched nicks
 * when the clients have had time to come back. Returns the channels to join.
 */
export function goOnWith(
  network: Network,
  upstream: Upstream,
  { upstream: state, keeper }: Snapshot,
): ChannelRecord[] {
  const { channels, record, bouncer } = network
  goOnAway(upstream, keeper.away)
  bouncer.clock.after(RETURN_MS, () => {
    if (network.upstream !== upstream) return
    updatePresence(network)
    network.monitors.forgetUnwatched()
  })
  if (state.isRegaining) upstream.nicks.goOn()
  if (record.nick !== state.wantedNick) upstream.send(message('NICK', record.nick))
  for (const name of keeper.configured) {
    if (!channels.has(name) && upstream.channels.has(name)) upstream.send(message('PART', name))
  }
  const before = new Set(keeper.configured.map((name) => upstream.fold(name)))
  // What was being joined already is: its JOIN was sent, or waits.
  return [...channels.values()].filter(
    ({ name }) => !upstream.channels.has(name) && !before.has(upstream.fold(name)),
  )
}
