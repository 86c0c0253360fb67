// One network of a person: its configuration, the connection while there is one, and the clients that share it. Lines from
// the network come in here, are stored, and only then put into the clients' outputs.
import type { Bouncer } from './bouncer.ts'
import { CtcpAnswers } from './ctcp-answers.ts'
import { heardDetached } from './detached.ts'
import { updateCaps } from './downstream/cap-changes.ts'
import { type Downstream, SAID } from './downstream/downstream.ts'
import { updateIsupport } from './downstream/isupport-tokens.ts'
import { isKnown } from './downstream/known.ts'
import { Line } from './downstream/line.ts'
import { Monitors } from './downstream/monitors.ts'
import { relayText } from './downstream/multiline.ts'
import { hideChannel } from './downstream/own-state.ts'
import { Places } from './downstream/places.ts'
import { showChannel, showNetwork, takeNick } from './downstream/show.ts'
import { playMissed, playSince } from './history/playback.ts'
import { casemappingOf, FoldedMap, fold } from './irc/casemapping.ts'
import { namesNick } from './irc/highlight.ts'
import { type Message, messageFrom } from './irc/message.ts'
import { Keeper } from './keeper.ts'
import type { KeeperState } from './snapshot.ts'
import type { Appended } from './store/messages.ts'
import type { ChannelRecord, NetworkRecord } from './store/records.ts'
import { MAX_CHANNEL_NAME, MAX_CHANNELS } from './upstream/channel.ts'
import { onPrivmsg } from './upstream/on/privmsg.ts'
import type {
  Multiline,
  NetworkPort,
  RelayOptions,
  Stored,
  UpstreamChange,
} from './upstream/port.ts'
import type { Upstream } from './upstream/upstream.ts'
import type { User } from './user.ts'

export class Network implements NetworkPort {
  readonly bouncer: Bouncer
  readonly user: User
  record: NetworkRecord
  readonly keeper: Keeper
  readonly downstreams = new Set<Downstream>()
  readonly places: Places
  readonly monitors: Monitors
  readonly #ctcpAnswers = new CtcpAnswers()
  /** When something was said last in channels that are detached when they are quiet. */
  readonly spokenAt: FoldedMap<number>
  channels: FoldedMap<ChannelRecord>

  constructor(bouncer: Bouncer, user: User, record: NetworkRecord) {
    this.bouncer = bouncer
    this.user = user
    this.record = record
    this.keeper = new Keeper(this)
    this.places = new Places(record.id, bouncer.store.receipts)
    this.monitors = new Monitors(this)
    this.spokenAt = new FoldedMap(casemappingOf(record.casemapping))
    const channels = bouncer.store.channels.list(record.id)
    this.channels = new FoldedMap(
      casemappingOf(record.casemapping),
      channels.map((channel) => [channel.name, channel]),
    )
  }

  /** The live connection, if there is one. */
  get upstream(): Upstream | undefined {
    return this.keeper.upstream
  }

  isChannel(name: string): boolean {
    const upstream = this.upstream
    return upstream?.isReady ? upstream.isupport.isChannel(name) : /^[#&+!]/.test(name)
  }

  /** Whether a line to this target is heard in a channel: `@#den` is for its operators. */
  isOfChannel(target: string): boolean {
    return this.isChannel(this.upstream?.isupport.withoutStatus(target) ?? target)
  }

  isDetached(target: string): boolean {
    const name = this.upstream?.isupport.withoutStatus(target) ?? target
    return this.channels.get(name)?.isDetached === true
  }

  fold(name: string): string {
    return fold(name, casemappingOf(this.record.casemapping))
  }

  relay(message: Message, { time = this.bouncer.clock.now(), requester }: RelayOptions = {}): void {
    if (this.monitors.take(message)) return
    const { upstream, downstreams, bouncer } = this
    if (upstream && downstreams.size === 0 && bouncer.answersCtcp) {
      this.#ctcpAnswers.heard(upstream, message, time)
    }
    // Typing, CTCP and the like.
    if (SAID.has(message.command) && this.isDetached(message.params[0] ?? '')) return
    const line = new Line(message, { time })
    for (const downstream of this.downstreams) downstream.relay(line, requester)
  }

  store(message: Message, lines: readonly Stored[], options: RelayOptions = {}): void {
    const { time = this.bouncer.clock.now(), requester } = options
    let first: { id: number; msgid: string } | undefined
    let isNew = lines.length === 0
    let isHeard = lines.length === 0
    for (const line of lines) {
      const stored = this.#append(line)
      first ??= stored
      isNew ||= stored.isNew
      isHeard ||= !this.isDetached(line.target)
      this.#noteSpoken(line)
    }
    // The network tells it once more: after a netsplit, or from its own history.
    if (!isNew && !requester) return
    // Our own JOIN is shown when the list of members is whole.
    if (lines[0]?.kind === 'JOIN' && lines[0].isOwn) return
    if (!isHeard && !this.#isBroughtBack(message, lines)) return
    if (lines[0] && isNew) this.bouncer.push.heard(this, message, lines[0], first?.msgid)
    const line = new Line(message, { time, ...first })
    const telling = { id: first?.id, isNew, isBack: !isHeard }
    for (const downstream of this.downstreams) {
      if (!isKnown(downstream, telling)) downstream.relay(line, requester)
    }
  }

  #append(line: Stored): Appended {
    const foldedTarget = this.fold(line.target)
    const networkId = this.record.id
    return this.bouncer.store.messages.append({ isOwn: false, ...line, networkId, foldedTarget })
  }

  /** Whether a detached channel is attached again by what was just said there. */
  #isBroughtBack(message: Message, lines: readonly Stored[]): boolean {
    heardDetached(this, message, lines)
    return lines.some(({ target }) => !this.isDetached(target))
  }

  #noteSpoken({ kind, target }: Stored): void {
    const isSpeech = kind === 'PRIVMSG' || kind === 'NOTICE'
    if (isSpeech && this.spokenAt.has(target)) this.spokenAt.set(target, this.bouncer.clock.now())
  }

  remember(lines: readonly Stored[]): void {
    this.#appendOnce(lines)
  }

  recall(lines: readonly Stored[], how: { isLate: boolean }): number {
    const fresh = this.#appendOnce(lines)
    for (const stored of fresh) playMissed(this, stored, how)
    return fresh.filter(({ kind }) => kind === 'PRIVMSG' || kind === 'NOTICE').length
  }

  /** Lines of one message, of which only the first has an id: those that were not there. */
  #appendOnce(lines: readonly Stored[]): Appended[] {
    const [first, ...rest] = lines
    const appended = first && this.#append(first)
    if (!appended?.isNew) return []
    return [appended, ...rest.map((line) => this.#append(line))]
  }

  multiline(
    text: Multiline,
    { time = this.bouncer.clock.now(), requester }: RelayOptions = {},
  ): void {
    const lines = text.lines.map(({ stored, isConcat }) => {
      const { id, msgid } = this.#append(stored)
      return { id, msgid, text: stored.text, isConcat }
    })
    const [first] = text.lines
    if (!first) return
    this.#noteSpoken(first.stored)
    const { command, source, target, tags } = text
    const message = { ...messageFrom(source, command, target, first.stored.text), tags }
    const isHeard = !this.isDetached(first.stored.target)
    const naming = text.lines.find(({ stored }) => this.isHighlight(stored.text)) ?? first
    if (!isHeard && !this.#isBroughtBack(message, [naming.stored])) return
    this.bouncer.push.heard(this, message, first.stored, lines[0]?.msgid)
    const telling = { id: lines[0]?.id, isNew: true, isBack: !isHeard }
    for (const downstream of this.downstreams) {
      if (!isKnown(downstream, telling)) relayText(downstream, text, lines, { time, requester })
    }
  }

  /** Takes back a message: its text is forgotten, and clients that can read it are told. */
  redact(message: Message, line: Stored, msgid: string, options: RelayOptions = {}): void {
    this.bouncer.store.messages.redact(this.record.id, this.fold(line.target), msgid)
    this.store(message, [line], options)
  }

  /** The connection of the process before us goes on here. */
  goOn(upstream: Upstream, watched: KeeperState['watched']): void {
    this.#adoptCasemapping(upstream.isupport.casemapping)
    this.monitors.goOn(upstream, watched)
    this.renamed(upstream.nick)
    for (const downstream of this.downstreams) {
      updateCaps(downstream)
      updateIsupport(downstream)
      showNetwork(downstream, this)
    }
  }

  changed(change: UpstreamChange): void {
    const { upstream } = this
    // Before that it may still be told: by default it is not what it was.
    if (upstream?.isReady) this.#adoptCasemapping(upstream.isupport.casemapping)
    this.keeper.changed(change)
    if (!upstream?.isReady) return
    if (change.what === 'registered') this.monitors.connected(upstream)
    if (change.what === 'registered' || change.what === 'caps') {
      for (const downstream of this.downstreams) updateCaps(downstream)
    }
    if (change.what === 'registered' || change.what === 'isupport') {
      for (const downstream of this.downstreams) updateIsupport(downstream)
    }
  }

  joined(name: string, key: string | undefined): void {
    const isFull = this.channels.size >= MAX_CHANNELS || name.length > MAX_CHANNEL_NAME
    if (isFull || this.channels.get(name)) return
    const channel = this.bouncer.store.channels.add({
      networkId: this.record.id,
      name,
      key: key ?? '',
      isDetached: false,
      reattachOn: 'none',
      relayDetached: 'highlight',
      detachAfterMs: 0,
    })
    if (channel) this.channels.set(name, channel)
  }

  left(name: string): void {
    const known = this.channels.get(name)
    if (!known) return
    this.channels.delete(name)
    this.bouncer.store.channels.remove(this.record.id, known.id)
  }

  /** The key of a channel that is being joined: needed at the next connection, too. */
  noteKey(name: string, key: string): void {
    const known = this.channels.get(name)
    if (key === '') return
    if (known) this.putChannel({ ...known, key })
    else this.joined(name, key)
  }

  /** Shows a detached channel to the clients again, and what they missed of it. */
  attach(name: string): void {
    const known = this.channels.get(name)
    if (!known?.isDetached) return
    this.putChannel({ ...known, isDetached: false })
    const channel = this.upstream?.channels.get(name)
    const { properties } = this.bouncer.store
    const since = Number(properties.get(`detached/${known.id}`) ?? Number.NaN)
    properties.set(`detached/${known.id}`, '-')
    for (const downstream of this.downstreams) {
      if (this.upstream && channel?.isReady) showChannel(downstream, this.upstream, channel)
      if (since >= 0) playSince(downstream, this, known.name, since)
    }
  }

  /** Hides a channel from the clients: the bouncer stays in it, and stores what is said. */
  detach(name: string): void {
    const known = this.channels.get(name)
    if (!known || known.isDetached) return
    const { properties, messages } = this.bouncer.store
    properties.set(`detached/${known.id}`, String(messages.lastId(this.record.id)))
    this.spokenAt.delete(name)
    this.putChannel({ ...known, isDetached: true })
    for (const downstream of this.downstreams) hideChannel(downstream, known.name, 'Detached')
  }

  /** Whether a text names the person. */
  isHighlight(text: string): boolean {
    return namesNick(text, this.upstream?.nick ?? this.record.nick)
  }

  /** The network folds names so: remembered, because the history is kept by folded names. */
  #adoptCasemapping(casemapping: string): void {
    if (this.record.casemapping === casemapping) return
    this.record = { ...this.record, casemapping }
    this.bouncer.store.networks.put(this.record)
    this.bouncer.store.refold(this.record.id, (name) => this.fold(name))
    this.channels.refold(casemappingOf(casemapping))
    this.spokenAt.refold(casemappingOf(casemapping))
  }

  /** The connection was away: what was said meanwhile is not known, and the history says so. Returns the line's id. */
  storeGap(target: string, text: string, time: number): number {
    return this.#append({ kind: 'GAP', target, source: this.bouncer.serverName, text, time }).id
  }

  /** A line that a client of hers says: stored and shown to the others at once, where the network sends no echo. */
  echo(message: Message, from: Downstream): void {
    const source = this.upstream?.source ?? from.source
    const { command, params, tags } = message
    const own = { ...messageFrom(source, command, ...params), tags }
    const requester = from.labels.requester()
    const { upstream } = this
    if (upstream) onPrivmsg(upstream, own, { time: upstream.time.now(), requester })
    requester.end(false)
  }

  /** A notice of the bouncer to all clients of this network. */
  notice(text: string): void {
    const { serverName } = this.bouncer
    for (const downstream of this.downstreams) {
      downstream.send(messageFrom(serverName, 'NOTICE', downstream.nick, text))
    }
  }

  /** The network calls us otherwise now: so do the clients. */
  renamed(to: string): void {
    for (const downstream of this.downstreams) takeNick(downstream, to)
  }

  /** Keeps a channel's options. */
  putChannel(channel: ChannelRecord): void {
    if (this.bouncer.store.channels.put(channel)) this.channels.set(channel.name, channel)
  }
}
