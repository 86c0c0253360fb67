// The live connection to one network: its state as the network tells it. Lines come in here, go to the handler of their
// command (on.ts), and what a client sends goes out through the flood control.
import type { Clock, Timer } from '@fuchsbau/shared/clock.ts'
import type { Log } from '@fuchsbau/shared/log.ts'
import type { Held } from '../hold/frames.ts'
import { FoldedMap, fold } from '../irc/casemapping.ts'
import { Isupport } from '../irc/isupport.ts'
import { formatMessage, type Message, message, parseMessage } from '../irc/message.ts'
import { nickOf } from '../irc/source.ts'
import { Backfill } from './backfill.ts'
import { Batches } from './batches.ts'
import { Cause } from './cause.ts'
import type { UpstreamChannel } from './channel.ts'
import {
  type Connection,
  type Continued,
  connect,
  goOn,
  identityOf,
  takeHeld,
} from './connection.ts'
import { Crowd } from './crowd.ts'
import type { Ending, EndingKind } from './ending.ts'
import { createFloodControl, type FloodControl, floodLimits } from './flood.ts'
import { Guard } from './guard.ts'
import { Lag } from './lag.ts'
import { MemberPool } from './member-pool.ts'
import { NetworkTime } from './network-time.ts'
import { NickKeeper } from './nick-keeper.ts'
import { NickServ } from './nickserv.ts'
import { handle } from './on.ts'
import type { UpstreamOptions } from './options.ts'
import { PendingRequests } from './pending.ts'
import type { NetworkPort, Requester } from './port.ts'
import { Registration } from './registration.ts'
import { putState } from './snapshot.ts'
import { type TextCodec, textCodec } from './text.ts'

export type { Incoming } from './port.ts'

export class Upstream {
  readonly port: NetworkPort
  readonly clock: Clock
  readonly time: NetworkTime
  readonly isTls: boolean
  readonly log: Log
  readonly registration: Registration
  readonly pending = new PendingRequests()
  readonly lag: Lag
  readonly batches = new Batches()
  readonly backfill = new Backfill(this)
  readonly pool: MemberPool
  readonly crowd = new Crowd()
  readonly nicks: NickKeeper
  readonly nickServ: NickServ
  isupport = new Isupport()
  channels: FoldedMap<UpstreamChannel>
  /** Channels that were joined without a client asking for it, and are not yet. */
  rejoining: FoldedMap<true>
  /** Capabilities that are on. */
  readonly caps = new Set<string>()
  nick: string
  /** `user@host` as others see us, when it is known. */
  userhost = ''
  /** Our user modes, such as `iw`. */
  modes = ''
  isAway = false
  isRegistered = false
  /** Everything that the network says at registration has come. */
  isReady = false
  serverName = ''
  /** Lines of 002–004 and of the message of the day, for clients that come later. */
  readonly welcome = new Map<string, readonly string[]>()
  motd: string[] = []
  /** Lines too long to be taken. */
  tooLong = 0
  /** Lines that waited for the flood control when it ended: they were never sent. */
  unsent = 0
  /** It was ended by us: what comes still is not taken. */
  isEnding = false
  readonly #connection: Connection
  readonly #continued: Continued | undefined
  readonly #guard: Guard
  readonly #hasOwnFlood: boolean
  /** It is the next process's. */
  #isLeft = false
  #codec: TextCodec
  readonly #traffic: UpstreamOptions['traffic']
  readonly #flood: FloodControl
  readonly #cause = new Cause()
  #isOpen = false
  #deadline: Timer | undefined

  constructor(options: UpstreamOptions) {
    const { port, clock, log } = options
    const { record } = port
    this.port = port
    this.clock = clock
    this.time = new NetworkTime(clock)
    this.isTls = options.isTls === true
    this.log = log
    this.pool = options.pool ?? new MemberPool()
    this.nick = record.nick
    this.channels = new FoldedMap(this.isupport.casemapping)
    this.rejoining = new FoldedMap(this.isupport.casemapping)
    this.#codec = textCodec(record.encoding)
    this.#guard = new Guard(log)
    this.#hasOwnFlood = options.flood !== undefined
    this.#flood = createFloodControl((line) => this.#write(line), clock, options.flood)
    this.#traffic = options.traffic
    this.registration = new Registration(this)
    this.nickServ = new NickServ(this)
    this.nicks = new NickKeeper(this)
    this.lag = new Lag(this)
    const events = {
      onOpen: () => {
        this.#isOpen = true
        this.#guard.run('open', () => this.registration.begin())
      },
      onLine: (line: string) => this.#receive(line),
      onTooLong: () => {
        this.tooLong += 1
      },
      onClose: (reason: Error | undefined) =>
        this.#guard.run('close', () => this.#closed(reason, options.onClose)),
    }
    const { open } = options
    if (typeof open === 'function') {
      this.#connection = connect({ open, ...identityOf(record, this.#codec) }, events)
    } else {
      this.#isOpen = true
      this.#continued = goOn(open.socket, events)
      this.#connection = this.#continued
      putState(this, open.state)
    }
  }

  /** Our own source, as the network shows it. */
  get source(): string {
    return this.userhost ? `${this.nick}!${this.userhost}` : this.nick
  }

  /** Whether a nick is our own. */
  isMe(nick: string): boolean {
    return this.fold(nick) === this.fold(this.nick)
  }

  /** Whether a line comes from ourselves. */
  isFromMe({ source }: Message): boolean {
    return source !== undefined && this.isMe(nickOf(source))
  }

  fold(name: string): string {
    return fold(name, this.isupport.casemapping)
  }

  /**
   * Sends a line, when the flood control lets it. With a requester, what the network answers is hers alone.
   * False when too much waits already; nothing is sent then.
   */
  send(
    line: Message,
    { requester, first }: { requester?: Requester; first?: boolean } = {},
  ): boolean {
    if (this.#isLeft) return false
    if (requester && line.command === 'NICK') this.nicks.asked(line.params[0] ?? '')
    const noted = requester && this.pending.note(line, requester, this)
    const text = this.#codec.encode(formatMessage(noted?.line ?? line))
    const isTaken = this.#flood.send(text, { first: first === true, onWrite: noted?.onWrite })
    if (!isTaken && requester) this.pending.drop(requester)
    return isTaken
  }

  /** Sends at once, ahead of the flood control: registration, and answers to PING. */
  sendNow(command: string, ...params: string[]): void {
    this.#write(this.#codec.encode(formatMessage(message(command, ...params))))
  }

  /** Lines that wait for the flood control. */
  get waiting(): number {
    return this.#flood.waiting
  }

  waitingLines(): string[] {
    return this.#flood.lines().map((line) => this.#codec.decode(line))
  }

  /**
   * Goes on with a connection of the process before us: lines that waited are sent in their turn; what the network said
   * meanwhile is taken with the time of its arrival, then what it says now.
   */
  async goOn(waiting: readonly string[], held: readonly Held[]): Promise<void> {
    this.#flood.spend()
    for (const line of waiting) this.#flood.send(this.#codec.encode(line))
    if (this.#continued) await takeHeld(this.#continued, this.time, held)
  }

  /** Leaves the connection to the next process: nothing is sent or taken any more. Returns the beginning of a line. */
  handOver(): Buffer {
    this.#isLeft = true
    this.isEnding = true
    this.isReady = false
    this.#stop()
    return this.#connection.rest()
  }

  /** Takes the pace and the encoding that the network asks for. */
  adapt(): void {
    const version = this.welcome.get('004')?.[1] ?? ''
    if (!this.#hasOwnFlood) this.#flood.limit(floodLimits(version))
    if (this.isupport.utf8only) this.#codec = textCodec('utf-8')
  }

  /** Bytes of a text as it is sent. */
  bytesOf(text: string): number {
    return this.#codec.encode(text).length
  }

  /** Says goodbye and ends; `onClose` follows, soon also when the network does not close its side. */
  quit(reason: string): void {
    if (this.isEnding) return
    this.#end(reason, 'lost')
    const line = this.#codec.encode(formatMessage(message('QUIT', reason)))
    if (!this.isRegistered) {
      this.#connection.destroy()
      return
    }
    this.#deadline = this.clock.after(GOODBYE_MS, () => this.#connection.destroy())
    this.#connection.end(line)
  }

  /** Ends at once, for a reason that is told as the cause. */
  fail(reason: string, kind?: EndingKind): void {
    this.#end(reason, kind)
    this.#connection.destroy()
  }

  /** What the server said as it closed the connection, or why it will (465). */
  noteError(reason: string, kind?: EndingKind): void {
    this.#cause.note(reason, kind)
  }

  #end(reason: string, kind: EndingKind | undefined): void {
    this.isEnding = true
    this.isReady = false
    this.#cause.set(reason, kind)
    this.unsent = this.#flood.waiting
    this.#flood.close()
  }

  /** Begins a table of channels anew, folded as the network folds. */
  refold(): void {
    const { casemapping } = this.isupport
    this.channels.refold(casemapping)
    this.rejoining.refold(casemapping)
    for (const channel of this.channels.values()) channel.members.refold(casemapping)
  }

  #write(line: string): void {
    if (this.#isLeft) return
    this.#traffic?.toNetworks.inc()
    this.#connection.write(line)
  }

  #receive(line: string): void {
    this.#traffic?.fromNetworks.inc()
    if (this.isEnding) return
    const parsed = parseMessage(this.#codec.decode(line))
    if (!parsed) return
    this.lag.heard()
    this.#guard.run(parsed.command, () => this.#handle(parsed))
  }

  #handle(parsed: Message): void {
    const later = () => this.#guard.run(parsed.command, () => this.#handleNow(parsed))
    if (!this.backfill.holds(parsed, later)) this.#handleNow(parsed)
  }

  #handleNow(parsed: Message): void {
    const time = this.time.of(parsed)
    this.pending.settle(parsed)
    const requester = this.batches.requesterOf(parsed, this.pending)
    if (!this.batches.take(this, parsed, time)) handle(this, parsed, { time, requester })
    const label = parsed.tags.get('label')
    if (label && parsed.command !== 'BATCH') {
      this.pending.endLabelled(label, parsed.command === 'ACK')
    }
  }

  #closed(error: Error | undefined, onClose: (ending: Ending) => void): void {
    const reached = { isOpen: this.#isOpen, isRegistered: this.isRegistered }
    this.isEnding = true
    this.isRegistered = false
    this.isReady = false
    this.unsent ||= this.#flood.waiting
    this.#deadline?.cancel()
    this.#stop()
    onClose(this.#cause.ending(error, reached))
  }

  #stop(): void {
    this.#flood.close()
    this.lag.close()
    this.nicks.close()
    this.registration.close()
    this.backfill.close()
    this.pending.clear()
  }
}

/** For the network to close its side behind our QUIT. */
const GOODBYE_MS = 2_000
