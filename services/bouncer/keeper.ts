// Keeps a network connected: again and again, with backoff and jitter, for as long as its owner wants it; and does what
// has to be done when it is back: commands, joins, away, and telling the clients.
import type { Timer } from '@fuchsbau/shared/clock.ts'
import { Backoff } from './backoff.ts'
import { hideChannel } from './downstream/own-state.ts'
import { showChannel, showNetwork } from './downstream/show.ts'
import { Gap } from './gap.ts'
import type { Network } from './network.ts'
import type { ChannelRecord } from './store/records.ts'
import type { Ending } from './upstream/ending.ts'
import { Guard } from './upstream/guard.ts'
import type { Stored, UpstreamChange } from './upstream/port.ts'
import { connectCommand, joinLines } from './upstream/rejoin.ts'
import { socketOpener } from './upstream/socket.ts'
import { type StsOffer, stsHost } from './upstream/sts.ts'
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
  /** What clients were told last of why there is no connection. */
  #told = ''
  /** Where TLS is, as the network said on a plain connection (STS), until its owner changes it. */
  #tlsPort: number | undefined
  #sts: { host: string; port: number; durationS: number; isPreload: boolean } | undefined
  /** Configured channels that could not be joined. */
  #refused: ChannelRecord[] = []

  constructor(network: Network) {
    this.#network = network
    this.#guard = new Guard(network.bouncer.log)
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
    else this.#schedule(0)
  }

  /** The owner has changed the network: connects anew, at once, or leaves if it is disabled now. */
  restart(reason: string): void {
    this.#tlsPort = undefined
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
        this.#noteSts(upstream, change.offer)
        break
      case 'nick':
        network.renamed(upstream.nick)
        break
      default:
    }
    network.user.tell(network)
  }

  /** A line that only detached channels heard. */
  heardDetached(line: { command: string }, stored: readonly Stored[]): void {
    const [first] = stored
    const channel = first && this.#network.channels.get(first.target)
    if (!channel || line.command !== 'PRIVMSG' || first.isOwn) return
    const isHighlight = this.#network.isHighlight(first.text)
    if (channel.reattachOn === 'message' || (channel.reattachOn === 'highlight' && isHighlight)) {
      this.#network.attach(channel.name)
    } else if (
      channel.relayDetached === 'message' ||
      (channel.relayDetached === 'highlight' && isHighlight)
    ) {
      this.#network.notice(`${channel.name} <${first.source.split('!', 1)[0]}> ${first.text}`)
    }
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
    this.#sts = undefined
    const bindAddress = user.record.bindAddress
    const isPlain = record.transport === 'plain'
    const policyPort = bouncer.store.sts.get(stsHost(record), bouncer.clock.now())?.port
    const tlsPort = isPlain ? (policyPort ?? this.#tlsPort) : undefined
    const forced = tlsPort === undefined ? {} : { port: tlsPort, isTlsForced: true }
    const upstream = new Upstream({
      port: network,
      clock: bouncer.clock,
      log: bouncer.log.child({ user: user.record.name, network: record.name }),
      open: socketOpener({ ...record, bindAddress, ...forced }),
      isTls: !isPlain || tlsPort !== undefined,
      traffic: bouncer.traffic,
      pool: bouncer.members,
      onClose: (ending) => this.#closed(upstream, ending),
    })
    this.upstream = upstream
    network.user.tell(network)
  }

  /** https://ircv3.net/specs/extensions/sts: of a plain connection the port counts, of one with TLS the duration. */
  #noteSts(upstream: Upstream, { port, durationS, isPreload }: StsOffer): void {
    const { record } = this.#network
    if (!upstream.isTls) {
      if (port === undefined) return
      this.#tlsPort = port
      upstream.fail('the network wants TLS (STS)', 'upgrade')
      return
    }
    // A certificate that only this person trusts binds nobody else.
    if (durationS === undefined || record.fingerprint !== '') return
    const ownPort = record.transport === 'plain' ? this.#tlsPort : record.port
    const { store } = this.#network.bouncer
    const host = stsHost(record)
    const known = store.sts.get(host, this.#network.bouncer.clock.now())?.port
    this.#sts = { host, port: ownPort ?? known ?? record.port, durationS, isPreload }
    this.#keepSts()
  }

  /** The time of a policy begins when it is told, and anew when the connection ends. */
  #keepSts(): void {
    if (!this.#sts) return
    const { store, clock } = this.#network.bouncer
    const { host, port, durationS, isPreload } = this.#sts
    if (durationS === 0) store.sts.remove(host)
    else store.sts.set({ host, port, until: clock.now() + durationS * 1_000, isPreload })
  }

  #registered(upstream: Upstream): void {
    const network = this.#network
    const { record, bouncer } = network
    this.state = 'connected'
    this.lastError = undefined
    this.#registeredAt = bouncer.clock.now()
    if (this.#told !== '') network.notice(`Connected to ${record.name} again`)
    this.#told = ''
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
    this.#tell(ending, registeredAt !== undefined, upstream.unsent)
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
    this.#keepSts()
  }

  /** Each reason once, however often it is tried. */
  #tell({ reason, kind }: Ending, wasConnected: boolean, unsent: number): void {
    const network = this.#network
    const { name } = network.record
    if (wasConnected) {
      const lines = unsent > 0 ? ` (not sent any more: ${unsent} of your lines)` : ''
      network.notice(`Disconnected from ${name}: ${reason}${lines}`)
      this.#told = reason
    } else if (kind !== 'upgrade' && this.#told !== reason) {
      network.notice(`Cannot connect to ${name}: ${reason}`)
      this.#told = reason
    }
  }
}
