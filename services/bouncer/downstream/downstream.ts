// One client of a person: who it is, what it can read, and what it is sent. Attached to one network, or to none (then it
// speaks with the bouncer itself).
import type { Clock } from '@fuchsbau/shared/clock.ts'
import type { Log } from '@fuchsbau/shared/log.ts'
import type { Bouncer } from '../bouncer.ts'
import { allowedTags } from '../irc/caps.ts'
import { formatMessage, type Message, messageFrom, parseMessage, withTags } from '../irc/message.ts'
import { nickOf } from '../irc/source.ts'
import type { Network } from '../network.ts'
import type { Requester } from '../upstream/port.ts'
import type { User } from '../user.ts'
import { adapt } from './adapt.ts'
import { beginToWatch } from './announcements.ts'
import { Barriers } from './barriers.ts'
import { CatchUp } from './catch-up.ts'
import { run } from './commands.ts'
import { type Label, Labels } from './labels.ts'
import { type Line, TAG_CAPS } from './line.ts'
import { Output } from './output.ts'
import { noteOwn } from './own-state.ts'
import { Registration } from './registration.ts'
import type { Wire } from './socket.ts'

/** Of a client, with the `@`. https://ircv3.net/specs/extensions/message-tags#size-limit */
const MAX_TAG_CHARACTERS = 4_095

export class Downstream {
  readonly bouncer: Bouncer
  readonly wire: Wire
  readonly id: number
  readonly registration: Registration
  readonly caps = new Set<string>()
  readonly labels = new Labels(this)
  readonly connectedAt: number
  user: User | undefined
  network: Network | undefined
  /** Logged in by an app password: what leads to the account itself, or deletes history, is not for it. */
  isAppLogin = false
  /** Distinguishes the clients of a person: each has its own place in the backlog. */
  clientName = ''
  nick = '*'
  username = ''
  realname = ''
  isAway = false
  awayText = ''
  awayAt = 0
  isClosed = false
  readonly catchUp: CatchUp
  readonly barriers: Barriers
  /** Folded names of the channels that it believes to be in. */
  readonly shown = new Set<string>()
  readonly #output: Output
  #tagCaps = 0

  constructor(bouncer: Bouncer, wire: Wire, id: number) {
    this.bouncer = bouncer
    this.wire = wire
    this.id = id
    this.connectedAt = bouncer.clock.now()
    this.#output = new Output(wire)
    this.registration = new Registration(this)
    this.catchUp = new CatchUp(this)
    this.barriers = new Barriers(this)
  }

  get clock(): Clock {
    return this.bouncer.clock
  }

  get log(): Log {
    return this.bouncer.log
  }

  /** Whether it may be sent what happens on the network. */
  get isAttached(): boolean {
    return this.network !== undefined && this.registration.isDone && !this.isClosed
  }

  /** `nick!user@host` of the person, as her clients see it. */
  get source(): string {
    const upstream = this.network?.upstream
    return upstream?.isRegistered
      ? upstream.source
      : `${this.nick}!${this.username || 'user'}@fuchsbau`
  }

  /** Name of the server, as clients see it. */
  get serverName(): string {
    return this.network?.upstream?.serverName || this.bouncer.serverName
  }

  /** A line of the client, as it came. */
  receive(text: string): void {
    if (this.isClosed) return
    if (text.startsWith('@') && text.indexOf(' ') > MAX_TAG_CHARACTERS) {
      this.numeric('417', 'Input line was too long')
      return
    }
    const message = parseMessage(text)
    if (!message) return
    this.catchUp.heard()
    run(this, message)
  }

  /** Switches a capability; the registration has checked that it is offered. */
  setCap(cap: string, isOn: boolean): void {
    if (isOn) this.caps.add(cap)
    else this.caps.delete(cap)
    this.#tagCaps =
      (this.caps.has('server-time') ? TAG_CAPS.serverTime : 0) |
      (this.caps.has('message-tags') ? TAG_CAPS.messageTags : 0) |
      (this.caps.has('account-tag') ? TAG_CAPS.accountTag : 0)
    if (isOn && cap === 'soju.im/bouncer-networks-notify') beginToWatch(this)
  }

  /** Sends a line as it is; what the client can't read in its tags is left out. Labelled when it answers a request. */
  send(message: Message): void {
    if (!this.labels.take(message)) this.#add(message)
  }

  /** Sends a line of our own server. */
  reply(command: string, ...params: string[]): void {
    this.send(messageFrom(this.serverName, command, ...params))
  }

  /** A numeric: its first parameter is the client's nick. */
  numeric(command: string, ...params: string[]): void {
    this.reply(command, this.nick, ...params)
  }

  /** A failure in the form of standard replies, or as a notice for clients without them. */
  fail(command: string, code: string, ...rest: string[]): void {
    if (this.caps.has('standard-replies')) this.reply('FAIL', command, code, ...rest)
    else this.reply('NOTICE', this.nick, `${command}: ${rest.at(-1) ?? code}`)
  }

  /** A line of the network. `requester`: whose line it is the echo of. */
  relay(line: Line, requester?: Requester): void {
    if (!this.isAttached) return
    const label = this.labels.of(requester)
    const { message, id } = line
    if (id !== undefined && this.catchUp.isRunning && SAID.has(message.command)) {
      // The history brings it, in its turn. Only who said it waits for it.
      if (label === undefined) return
      this.catchUp.sentAhead(id)
    }
    this.#show(line, label, requester !== undefined)
    if (id !== undefined) this.catchUp.shown(id)
    noteOwn(this, message)
  }

  #show(line: Line, label: Label | undefined, isEcho: boolean): void {
    const { message } = line
    const how = label ? 'own echo' : isEcho ? 'echo' : 'said'
    const adapted = this.#wants(message, how) ? adapt(this, message) : undefined
    if (!adapted) return
    const own = adapted === message ? line : line.as(adapted)
    const value = label?.value
    // A request has one answer.
    if (label === undefined || value === undefined || label.isUsed) {
      this.addText(own.text(this.#tagCaps))
      return
    }
    label.isUsed = true
    this.#add(withTags(adapted, new Map([...own.tags(this.#tagCaps), ['label', value]])))
  }

  /** A line of the history, which is sent with its own time. */
  playback(line: Line, batch?: string): void {
    const adapted = adapt(this, line.message)
    if (!adapted) return
    const own = adapted === line.message ? line : line.as(adapted)
    if (batch === undefined) this.addText(own.text(this.#tagCaps))
    else this.send(withTags(adapted, new Map([['batch', batch], ...own.tags(this.#tagCaps)])))
  }

  /** A line that is put into words already. Use the others, except where it is hot. */
  addText(text: string): void {
    if (this.isClosed) return
    this.#output.add(text)
    this.bouncer.traffic.toClients.inc()
    this.bouncer.wrote(this)
    if (this.#output.isOver) this.close('too much waits to be read: connect again to go on')
  }

  /** Bytes (about) that wait for the client. */
  get waiting(): number {
    return this.#output.waiting
  }

  /** Forgets what waits: it could not be stored, and so it never happened. */
  discard(): void {
    this.#output.discard()
    this.catchUp.discarded()
  }

  /** Writes what waits: called when the store has committed. */
  flush(): void {
    if (this.#output.flush()) this.catchUp.flushed()
  }

  /** Says why, and ends. Idempotent. */
  close(reason: string): void {
    if (this.isClosed) return
    if (!this.#output.isOver) this.#output.add(`ERROR :${reason.replace(/[\r\n]/g, ' ')}`)
    this.isClosed = true
    this.#output.flush()
    this.wire.end()
    this.#gone()
  }

  /** The client is gone. Idempotent. */
  lost(): void {
    if (this.isClosed) return
    this.isClosed = true
    this.#gone()
  }

  #gone(): void {
    this.registration.close()
    this.catchUp.close()
    this.barriers.close()
    this.user?.detach(this)
    this.bouncer.forget(this)
  }

  #add(message: Message): void {
    this.addText(formatMessage(withTags(message, allowedTags(message.tags, this.caps))))
  }

  /** Whether it is shown what is said so. `requester`: whose line it is the echo of. */
  canHear(command: string, source: string, target: string, requester?: Requester): boolean {
    const how = this.labels.of(requester) ? 'own echo' : requester ? 'echo' : 'said'
    return this.#wants(messageFrom(source, command, target), how)
  }

  /** Own lines that were said elsewhere, or here: not every client can read them. */
  #wants({ source, command, params: [target = ''] }: Message, how: Hearing): boolean {
    if (!SAID.has(command) || nickOf(source) !== this.nick) return true
    if (this.caps.has('echo-message')) return true
    if (!this.network) return false
    const { upstream } = this.network
    // What she says to herself comes twice, as said and as heard: without echo-message one of them is left out.
    if (upstream?.isMe(target)) return how === 'said' || upstream.caps.has('echo-message')
    if (how === 'own echo') return false
    return this.network.isOfChannel(target) || this.caps.has('znc.in/self-message')
  }
}

export const SAID: ReadonlySet<string> = new Set(['PRIVMSG', 'NOTICE', 'TAGMSG'])

/** The echo of what this client said; of what another one of hers did; or what was said. */
type Hearing = 'own echo' | 'echo' | 'said'
