// Keeps a network connected: again and again, with backoff and jitter, for as long as its owner wants it; and does what
// has to be done when it is back: commands, joins, away, and telling the clients.
import type { Timer } from '@fuchsbau/shared/clock.ts'
import { Backoff } from './backoff.ts'
import { hideChannel } from './downstream/own-state.ts'
import { showChannel, showNetwork } from './downstream/show.ts'
import { Gap } from './gap.ts'
import { goOnWith, handOver, opener, refuse, type TakenBack, takeBack } from './hand-over.ts'
import type { HeldSocket } from './hold/held-socket.ts'
import type { Network } from './network.ts'
import type { ChannelRecord } from './store/records.ts'
import { StsPolicy } from './sts-policy.ts'
import { Told } from './told.ts'
import type { Ending } from './upstream/ending.ts'
import { Guard } from './upstream/guard.ts'
import type { UpstreamOptions } from './upstream/options.ts'
import type { UpstreamChange } from './upstream/port.ts'
import { connectCommand, joinLines } from './upstream/rejoin.ts'
import { Upstream } from './upstream/upstream.ts'

export type NetworkState = 'disabled' | 'waiting' | 'connecting' | 'connected'

export class Keeper {
  readonly #network: Network
  readonly #guard: Guard
  #gap: Gap | undefined
  upstream: Upstream | undefined
  state: NetworkState = 'disabled'
  /** Why it is not connected, for a person. */
  lastError: string | undefined
  nextAt: number | undefined
  /** What is wanted: `suspended` while the store takes nothing. */
  #wish: 'on' | 'off' | 'suspended' = 'off'
  /** To be connected again as soon as the old connection has ended. */
  #isRestarting = false
  readonly #backoff: Backoff
  #registeredAt: number | undefined
  #timer: Timer | undefined
  readonly #told: Told
  readonly #sts: StsPolicy
  /** The connection, where the holder has it. */
  #held: HeldSocket | undefined
  /** The holder is asked once for a connection of the process before us; resolves when that goes on, or is not there. */
  asked: Promise<void> | undefined
  /** Configured channels that could not be joined. */
  #refused: ChannelRecord[] = []

  constructor(network: Network) {
    this.#network = network
    this.#guard = new Guard(network.bouncer.log)
    this.#sts = new StsPolicy(network)
    this.#told = new Told(network)
    this.#backoff = new Backoff(network.bouncer.random)
  }

  /** Connects now, whatever the backoff says: the owner asked for it. */
  start(): void {
    const { record } = this.#network
    if (!record.isEnabled) return
    this.#gap ??= new Gap(this.#network)
    this.#wish = 'on'
    this.#backoff.reset()
    if (this.upstream) this.#isRestarting = this.upstream.isEnding
    else if (this.#network.bouncer.holding && !this.asked) this.asked = this.#askHolder()
    else this.#schedule(0)
  }

  /** The owner has changed the network: connects anew, at once, or leaves if it is disabled now. */
  restart(reason: string): void {
    this.#sts.tlsPort = undefined
    if (!this.#network.record.isEnabled) {
      this.stop(reason)
      return
    }
    this.upstream?.quit(reason)
    this.start()
  }

  /** Ends the connection, and does not come back by itself. */
  stop(reason: string): void {
    this.#wish = 'off'
    this.#leave(reason)
    this.state = 'disabled'
  }

  /** Leaves, because the store takes nothing; `resume` comes back. */
  suspend(reason: string): void {
    if (this.#wish !== 'on') return
    this.#wish = 'suspended'
    this.#leave(reason)
    this.state = 'waiting'
    this.lastError = reason
  }

  /** The store works again. */
  resume(): void {
    if (this.#wish === 'suspended') this.start()
  }

  changed(change: UpstreamChange): void {
    const network = this.#network
    const upstream = this.upstream
    if (!upstream) return
    switch (change.what) {
      case 'registered':
        this.#registered(upstream)
        break
      case 'channel-ready':
        this.#channelReady(upstream, change.channel)
        break
      case 'join-refused':
        this.#joinRefused(change.channel, change.reason)
        break
      case 'logged-in':
        this.#join(upstream, this.#refused.splice(0))
        break
      case 'sasl-failed':
        network.notice(`${network.record.name} did not log you in: ${change.reason}`)
        break
      case 'sts':
        this.#sts.note(upstream, change.offer)
        break
      case 'nick':
        network.renamed(upstream.nick)
        break
      default:
    }
    network.user.tell(network)
  }

  /** Leaves the connection to the holder. False when that cannot be: then it is to be ended. */
  async handOver(): Promise<boolean> {
    const { upstream } = this
    if (!upstream?.isReady || !this.#held) return false
    const state = () => ({
      registeredAt: this.#registeredAt ?? 0,
      refused: this.#refused.map(({ name }) => name),
      tlsPort: this.#sts.tlsPort,
      gap: this.#gap?.untold(),
    })
    if (!(await handOver(this.#network, { upstream, held: this.#held, state }))) return false
    this.#gap?.handedOver()
    this.upstream = undefined
    this.#registeredAt = undefined
    return true
  }

  /** Goes on with what the holder kept for us, or else connects. */
  async #askHolder(): Promise<void> {
    this.state = 'connecting'
    const network = this.#network
    const kept = await takeBack(network)
    const isWanted = () => this.#wish === 'on' && !this.upstream && !network.bouncer.isClosing
    try {
      if (kept && isWanted()) await this.#goOn(kept)
      else if (kept) refuse(kept.socket)
    } catch (err) {
      network.bouncer.log.error({ err, network: network.record.name }, 'a kept connection is left')
      if (kept) refuse(kept.socket)
    }
    if (isWanted()) this.#schedule(0)
  }

  async #goOn({ socket, snapshot }: TakenBack): Promise<void> {
    const network = this.#network
    const { upstream: state, keeper } = snapshot
    const upstream = this.#make({ socket, state }, state.isTls)
    this.upstream = upstream
    this.#held = socket
    this.state = 'connected'
    this.lastError = undefined
    this.#registeredAt = keeper.registeredAt
    this.#sts.goOn(upstream, keeper.tlsPort)
    this.#refused = keeper.refused.flatMap((name) => network.channels.get(name) ?? [])
    this.#gap?.goOn(keeper.gap)
    network.bouncer.dialing.arrived(network.record.host.toLowerCase())
    network.goOn(upstream, keeper.watched)
    this.#join(upstream, goOnWith(network, upstream, snapshot))
    network.user.tell(network)
    await upstream.goOn(state.waiting, socket.held)
  }

  #leave(reason: string): void {
    this.#timer?.cancel()
    this.nextAt = undefined
    this.#isRestarting = false
    if (this.#registeredAt !== undefined) this.#gap?.left(reason)
    this.upstream?.quit(reason)
  }

  #schedule(delayMs: number, canWake = false): void {
    this.#timer?.cancel()
    const { bouncer, record } = this.#network
    this.state = 'waiting'
    this.nextAt = bouncer.clock.now() + delayMs
    const task = () => this.#guard.run('connect', () => this.#connect())
    this.#timer = bouncer.dialing.after(record.host.toLowerCase(), delayMs, task, { canWake })
  }

  #connect(): void {
    const network = this.#network
    const { bouncer, record, user } = network
    if (this.#wish !== 'on' || !record.isEnabled || this.upstream || bouncer.isClosing) return
    this.state = 'connecting'
    this.nextAt = undefined
    const bindAddress = user.record.bindAddress
    const tlsPort = this.#sts.begin()
    const forced = tlsPort === undefined ? {} : { port: tlsPort, isTlsForced: true }
    const isTls = record.transport === 'tls' || tlsPort !== undefined
    this.upstream = this.#make(
      opener(network, { ...record, bindAddress, ...forced }, (held) => {
        this.#held = held
      }),
      isTls,
    )
    network.user.tell(network)
  }

  #make(open: UpstreamOptions['open'], isTls: boolean): Upstream {
    const { bouncer, record, user } = this.#network
    const upstream = new Upstream({
      port: this.#network,
      clock: bouncer.clock,
      log: bouncer.log.child({ user: user.record.name, network: record.name }),
      open,
      isTls,
      traffic: bouncer.traffic,
      pool: bouncer.members,
      onClose: (ending) => this.#closed(upstream, ending),
    })
    return upstream
  }

  #registered(upstream: Upstream): void {
    const network = this.#network
    const { record, bouncer } = network
    this.state = 'connected'
    this.lastError = undefined
    this.#registeredAt = bouncer.clock.now()
    this.#told.connected()
    this.#gap?.arrived(upstream)
    bouncer.dialing.arrived(record.host.toLowerCase())
    network.renamed(upstream.nick)
    upstream.nickServ.identify()
    for (const command of record.connectCommands) {
      const line = connectCommand(command, upstream.nick)
      if (line) upstream.send(line)
    }
    this.#refused = []
    this.#join(upstream, [...network.channels.values()])
    upstream.nicks.begin()
    for (const downstream of network.downstreams) showNetwork(downstream, network)
    network.user.updateAway()
  }

  #join(upstream: Upstream, channels: readonly ChannelRecord[]): void {
    for (const { name } of channels) upstream.rejoining.set(name, true)
    for (const line of joinLines(channels, upstream.isupport)) upstream.send(line)
  }

  #channelReady(upstream: Upstream, name: string): void {
    const network = this.#network
    const channel = upstream.channels.get(name)
    if (!channel) return
    const show = () => {
      if (network.isDetached(name) || upstream.channels.get(name) !== channel) return
      for (const downstream of network.downstreams) showChannel(downstream, upstream, channel)
    }
    this.#gap?.joined(upstream, channel, show)
  }

  /** Clients believe to be in it: they are told that they are not. It is tried again at the next connection. */
  #joinRefused(name: string, reason: string): void {
    const network = this.#network
    const channel = network.channels.get(name)
    if (channel) this.#refused.push(channel)
    if (!channel || channel.isDetached) return
    const text = `Could not be joined again: ${reason}`
    for (const downstream of network.downstreams) {
      if (downstream.isAttached) hideChannel(downstream, channel.name, text)
    }
  }

  #closed(upstream: Upstream, ending: Ending): void {
    const network = this.#network
    const { bouncer, record } = network
    if (this.upstream !== upstream) return
    const isRestarting = this.#isRestarting
    const registeredAt = this.#registeredAt
    this.upstream = undefined
    network.monitors.disconnected()
    this.#registeredAt = undefined
    this.#isRestarting = false
    if (bouncer.isClosing) return
    this.lastError = ending.reason
    this.#told.ended(ending, registeredAt !== undefined, upstream.unsent)
    if (this.#wish !== 'on' || !record.isEnabled) {
      network.user.tell(network)
      return
    }
    const lastedMs = registeredAt === undefined ? 0 : bouncer.clock.now() - registeredAt
    const delayMs = this.#backoff.delayMs(ending.kind, lastedMs)
    this.#schedule(isRestarting ? 0 : delayMs, ending.kind === 'unreachable')
    network.user.tell(network)
    // Last, since the store may take nothing.
    if (registeredAt !== undefined) this.#gap?.left(ending.reason)
    this.#sts.keep()
  }
}
