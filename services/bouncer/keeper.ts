// Keeps a network connected: again and again, with backoff and jitter, for as long as its owner wants it; and does what
// has to be done when it is back: joins, commands, away, and telling the clients.
import type { Timer } from '@fuchsbau/shared/clock.ts'
import { retryDelay } from '@fuchsbau/shared/retry.ts'
import { showChannel, showNetwork } from './downstream/show.ts'
import { type Message, message, parseMessage } from './irc/message.ts'
import type { Network } from './network.ts'
import type { Stored, UpstreamChange } from './upstream/port.ts'
import { socketOpener } from './upstream/socket.ts'
import { Upstream } from './upstream/upstream.ts'

export type NetworkState = 'disabled' | 'waiting' | 'connecting' | 'connected'

/** First wait 2 s, at most 5 minutes. A ban is no reason to knock more often. */
const BACKOFF = {
  firstMs: 2_000,
  factor: 2,
  maxMs: 300_000,
  attempts: Number.POSITIVE_INFINITY,
  jitter: 0.5,
}
/** A connection that lasted so long begins the backoff anew. */
const STABLE_MS = 60_000
/** Of one JOIN line. */
const JOIN_CHARACTERS = 400

export class Keeper {
  readonly #network: Network
  upstream: Upstream | undefined
  state: NetworkState = 'disabled'
  /** Why it is not connected, for a person. */
  lastError: string | undefined
  nextAt: number | undefined
  #attempts = 0
  #registeredAt: number | undefined
  #lostAt: number | undefined
  #timer: Timer | undefined

  constructor(network: Network) {
    this.#network = network
  }

  /** Connects now, whatever the backoff says: the owner asked for it. */
  start(): void {
    if (!this.#network.record.isEnabled) return
    this.#attempts = 0
    this.#schedule(0)
  }

  /** Ends the connection, and does not come back by itself. */
  stop(reason: string): void {
    this.#timer?.cancel()
    this.nextAt = undefined
    this.state = 'disabled'
    this.upstream?.quit(reason)
  }

  /** Leaves, because the store takes nothing; tries again when it does. */
  suspend(reason: string): void {
    if (this.state === 'disabled') return
    this.upstream?.quit(reason)
    this.lastError = reason
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
      case 'nick':
        network.renamed(upstream.nick)
        break
      case 'isupport':
        network.adoptCasemapping(upstream.isupport.casemapping)
        break
      default:
    }
    network.user.tell(network)
  }

  /** A line that only detached channels heard. */
  heardDetached(line: Message, stored: readonly Stored[]): void {
    const [first] = stored
    const channel = first && this.#network.channels.get(first.target)
    if (!channel || line.command !== 'PRIVMSG') return
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

  #schedule(delayMs: number): void {
    this.#timer?.cancel()
    const { bouncer } = this.#network
    this.state = 'waiting'
    this.nextAt = bouncer.clock.now() + delayMs
    this.#timer = bouncer.clock.after(delayMs, () => {
      void bouncer.dialing.turn(this.#network.record.host).then(() => this.#connect())
    })
  }

  #connect(): void {
    const network = this.#network
    const { bouncer, record, user } = network
    if (!record.isEnabled || this.upstream || bouncer.isClosing) return
    this.state = 'connecting'
    this.nextAt = undefined
    const bindAddress = user.record.bindAddress
    this.upstream = new Upstream({
      port: network,
      clock: bouncer.clock,
      log: bouncer.log.child({ user: user.record.name, network: record.name }),
      open: socketOpener({ ...record, bindAddress }),
      onClose: (reason) => this.#closed(reason),
    })
    network.user.tell(network)
  }

  #registered(upstream: Upstream): void {
    const network = this.#network
    const { record } = network
    this.state = 'connected'
    this.lastError = undefined
    this.#registeredAt = network.bouncer.clock.now()
    for (const command of record.connectCommands) sendCommand(upstream, command)
    for (const line of joinLines(network)) upstream.send(line)
    for (const downstream of network.downstreams) showNetwork(downstream, network)
    network.user.updateAway()
  }

  #channelReady(upstream: Upstream, name: string): void {
    const network = this.#network
    const channel = upstream.channels.get(name)
    if (!channel) return
    if (this.#lostAt !== undefined) {
      const { clock } = network.bouncer
      const text = `No lines from here on until ${new Date(clock.now()).toISOString()}: ${this.lastReason}`
      network.storeGap(name, text, this.#lostAt)
    }
    if (network.isDetached(name)) return
    for (const downstream of network.downstreams) showChannel(downstream, upstream, channel)
  }

  lastReason = ''

  #closed(reason: string): void {
    const network = this.#network
    const { bouncer, record } = network
    const wasConnected = this.state === 'connected'
    this.upstream = undefined
    this.lastError = reason
    if (wasConnected) {
      this.#lostAt = bouncer.clock.now()
      this.lastReason = reason
      network.notice(`Disconnected from ${record.name}: ${reason}`)
    }
    const lasted = this.#registeredAt ? bouncer.clock.now() - this.#registeredAt : 0
    this.#registeredAt = undefined
    if (lasted > STABLE_MS) this.#attempts = 0
    if (this.state !== 'disabled' && record.isEnabled && !bouncer.isClosing) {
      this.#attempts += 1
      this.#schedule(retryDelay(BACKOFF, this.#attempts, bouncer.random) ?? BACKOFF.maxMs)
    }
    network.user.tell(network)
  }
}

/** A raw line of the configuration. */
function sendCommand(upstream: Upstream, command: string): void {
  const line = parseMessage(command)
  if (line) upstream.send(line)
}

/** JOIN with as many channels to a line as fit, those with keys first. */
function joinLines({ channels }: Network): Message[] {
  const all = [...channels.values()].sort((a, b) => Number(b.key !== '') - Number(a.key !== ''))
  const lines: Message[] = []
  let names: string[] = []
  let keys: string[] = []
  let characters = 0
  const flush = () => {
    if (names.length === 0) return
    lines.push(message('JOIN', names.join(','), ...(keys.length > 0 ? [keys.join(',')] : [])))
    names = []
    keys = []
    characters = 0
  }
  for (const { name, key } of all) {
    if (characters + name.length + key.length + 2 > JOIN_CHARACTERS) flush()
    names.push(name)
    if (key) keys.push(key)
    characters += name.length + key.length + 2
  }
  flush()
  return lines
}

