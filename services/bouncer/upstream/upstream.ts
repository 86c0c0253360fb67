// The live connection to one network: its state as the network tells it. Lines come in here, go to the handler of their
// command (on.ts), and what a client sends goes out through the flood control.
import type { Clock } from '@fuchsbau/shared/clock.ts'
import type { Log } from '@fuchsbau/shared/log.ts'
import { FoldedMap, fold } from '../irc/casemapping.ts'
import { Isupport } from '../irc/isupport.ts'
import { formatMessage, type Message, message, parseMessage, withTags } from '../irc/message.ts'
import { parseServerTime } from '../irc/server-time.ts'
import { nickOf } from '../irc/source.ts'
import { Batches } from './batches.ts'
import type { UpstreamChannel } from './channel.ts'
import { type Connection, connect } from './connection.ts'
import { createFloodControl, type FloodControl, type FloodLimits } from './flood.ts'
import { Lag } from './lag.ts'
import { handle } from './on.ts'
import { PendingRequests } from './pending.ts'
import type { NetworkPort, Requester } from './port.ts'
import { Registration } from './registration.ts'
import type { OpenSocket } from './transport.ts'
import { type TextCodec, textCodec } from './text.ts'

export interface UpstreamOptions {
  port: NetworkPort
  clock: Clock
  log: Log
  open: OpenSocket
  flood?: FloodLimits
  /** Called once, when the connection ended or never came to be. */
  onClose(reason: string): void
}

/** A line being handled. */
export interface Incoming {
  /** When it happened: the network's server-time, or now. */
  time: number
  /** The client whose request it answers, when the network said so by a label. */
  requester: Requester | undefined
}

export class Upstream {
  readonly port: NetworkPort
  readonly clock: Clock
  readonly log: Log
  readonly registration: Registration
  readonly pending = new PendingRequests()
  readonly lag: Lag
  readonly batches = new Batches()
  isupport = new Isupport()
  channels: FoldedMap<UpstreamChannel>
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
  readonly #connection: Connection
  readonly #codec: TextCodec
  readonly #flood: FloodControl
  #endReason: string | undefined

  constructor(options: UpstreamOptions) {
    const { port, clock, log } = options
    const { record } = port
    this.port = port
    this.clock = clock
    this.log = log
    this.nick = record.nick
    this.channels = new FoldedMap(this.isupport.casemapping)
    this.#codec = textCodec(record.encoding)
    this.#flood = createFloodControl((line) => this.#write(line), clock, options.flood)
    this.registration = new Registration(this)
    this.lag = new Lag(this)
    this.#connection = connect(
      {
        open: options.open,
        nick: this.#codec.encode(record.nick),
        username: this.#codec.encode(record.username || record.nick),
        realname: this.#codec.encode(record.realname || record.nick),
        password: this.#codec.encode(record.serverPassword),
      },
      {
        onOpen: () => this.registration.begin(),
        onLine: (line) => this.#receive(line),
        onTooLong: () => {
          this.tooLong += 1
        },
        onClose: (reason) => this.#closed(reason, options.onClose),
      },
    )
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
  send(line: Message, { requester, first }: { requester?: Requester; first?: boolean } = {}): boolean {
    let labelled = line
    if (requester) {
      const hasLabels = this.caps.has('labeled-response')
      const { lists } = this.isupport.chanmodes
      const now = this.clock.now()
      const label = this.pending.add(line, requester, { now, hasLabels, lists })
      if (label) labelled = withTags(line, new Map([...line.tags, ['label', label]]))
    }
    return this.#flood.send(this.#codec.encode(formatMessage(labelled)), { first: first === true })
  }

  /** Sends at once, ahead of the flood control: registration, and answers to PING. */
  sendNow(command: string, ...params: string[]): void {
    this.#write(this.#codec.encode(formatMessage(message(command, ...params))))
  }

  /** Lines that wait for the flood control. */
  get waiting(): number {
    return this.#flood.waiting
  }

  /** Says goodbye and ends; `onClose` follows. */
  quit(reason: string): void {
    this.#endReason ??= reason
    const line = this.#codec.encode(formatMessage(message('QUIT', reason)))
    if (this.isRegistered) this.#connection.end(line)
    else this.#connection.destroy()
  }

  /** Ends at once, for a reason that is told as the cause. */
  fail(reason: string): void {
    this.#endReason ??= reason
    this.#connection.destroy()
  }

  /** What the server said as it closed the connection. */
  noteError(reason: string): void {
    this.#endReason ??= reason
  }

  /** Begins a table of channels anew, folded as the network folds. */
  refold(): void {
    const { casemapping } = this.isupport
    this.channels.refold(casemapping)
    for (const channel of this.channels.values()) channel.members.refold(casemapping)
  }

  #write(line: string): void {
    this.#connection.write(line)
  }

  #receive(line: string): void {
    const parsed = parseMessage(this.#codec.decode(line))
    if (!parsed) return
    this.lag.heard()
    const time = timeOf(parsed, this.clock.now())
    this.pending.settle(parsed)
    const requester = this.batches.requesterOf(parsed, this.pending)
    handle(this, parsed, { time, requester })
    const label = parsed.tags.get('label')
    if (label && parsed.command !== 'BATCH') {
      this.pending.endLabelled(label, parsed.command === 'ACK')
    }
  }

  #closed(reason: Error | undefined, onClose: (reason: string) => void): void {
    this.isRegistered = false
    this.#flood.close()
    this.lag.close()
    this.registration.close()
    this.pending.clear()
    onClose(this.#endReason ?? reason?.message ?? 'the server closed the connection')
  }
}

/** A network's clock may be wrong by far: what lies in the future would stand last for ever. */
const MAX_AHEAD_MS = 60_000

function timeOf({ tags }: Message, now: number): number {
  const told = tags.get('time')
  const time = told === undefined ? undefined : parseServerTime(told)
  return time === undefined || time > now + MAX_AHEAD_MS ? now : time
}
