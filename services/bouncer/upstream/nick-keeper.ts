// Gets the wanted nick when another had to do at the registration: told by MONITOR that it is free, or by its holder's
// QUIT or NICK, by the services, or by trying every minute. Until it is ours, or the person takes another herself.
import type { Timer } from '@fuchsbau/shared/clock.ts'
import { message } from '../irc/message.ts'
import type { Upstream } from './upstream.ts'

const TRY_EVERY_MS = 60_000
/** With MONITOR a free nick is told; still, a client may have ended the watch. */
const TRY_EVERY_WATCHED_MS = 600_000
/** A refusal comes so soon, or is not ours. */
const ANSWER_MS = 30_000

export class NickKeeper {
  readonly #upstream: Upstream
  #isActive = false
  #isWatched = false
  #triedAt = Number.NEGATIVE_INFINITY
  /** Something was told while a try was unanswered. */
  #isDueAgain = false
  #timer: Timer | undefined
  #asked = ''

  constructor(upstream: Upstream) {
    this.#upstream = upstream
  }

  /** After the registration. */
  begin(): void {
    const upstream = this.#upstream
    if (upstream.isMe(this.#wanted)) return
    this.#isActive = true
    this.#isWatched = (upstream.isupport.monitor ?? 0) > 0
    if (this.#isWatched) upstream.send(message('MONITOR', '+', this.#wanted))
    upstream.nickServ.regain(this.#wanted, () => this.#try())
    this.#again()
  }

  /** Whether the wanted nick is still tried for. */
  get isActive(): boolean {
    return this.#isActive
  }

  /** On a connection of the process before us: the network watches the nick, and the services were asked. */
  goOn(): void {
    this.#isActive = true
    this.#isWatched = (this.#upstream.isupport.monitor ?? 0) > 0
    this.#again()
  }

  /** The person chooses another herself. The watch stays: clients may watch the same nick. */
  asked(nick: string): void {
    this.#asked = nick
    this.close()
  }

  /** Whether it is what the person asked for last. */
  isAsked(nick: string): boolean {
    return this.#upstream.fold(nick) === this.#upstream.fold(this.#asked)
  }

  close(): void {
    this.#isActive = false
    this.#timer?.cancel()
  }

  /** 731: a nick is free. */
  offline(nick: string): void {
    if (this.#isWatched) this.gone(nick)
  }

  /** Somebody is not called so any more. */
  gone(nick: string): void {
    if (!this.#isActive) return
    if (this.#upstream.isMe(this.#wanted)) this.close()
    else if (this.#isWanted(nick)) this.#try()
  }

  /** A nick was refused; true when it was our own trying, which clients need not know of. */
  refused(nick: string): boolean {
    const isOurs = this.#upstream.clock.now() - this.#triedAt < ANSWER_MS && this.#isWanted(nick)
    if (!isOurs) return false
    this.#triedAt = Number.NEGATIVE_INFINITY
    if (this.#isDueAgain) this.#try()
    return true
  }

  get #wanted(): string {
    return this.#upstream.port.record.nick
  }

  #isWanted(nick: string): boolean {
    return this.#upstream.fold(nick) === this.#upstream.fold(this.#wanted)
  }

  #try(): void {
    if (!this.#isActive || !this.#upstream.isReady) return
    const now = this.#upstream.clock.now()
    this.#isDueAgain = now - this.#triedAt < ANSWER_MS
    if (this.#isDueAgain) return
    this.#triedAt = now
    this.#upstream.send(message('NICK', this.#wanted), { first: true })
  }

  #again(): void {
    const everyMs = this.#isWatched ? TRY_EVERY_WATCHED_MS : TRY_EVERY_MS
    this.#timer = this.#upstream.clock.after(everyMs, () => {
      this.#try()
      this.#again()
    })
  }
}
