// NickServ, where the network has no SASL: identifies, and gets a nick back. What is said to it holds passwords, so the
// network's echo of it is neither stored nor shown.
import { type Message, message } from '../irc/message.ts'
import { nickOf } from '../irc/source.ts'
import type { Upstream } from './upstream.ts'

const NICKSERV = 'NickServ'
/** Asked again by the services (they are back), it identifies again, but not more often. */
const AGAIN_AFTER_MS = 60_000
const MAX_SECRETS = 20
/** What it says may answer something else that was asked: the nick is tried so often. */
const MAX_ANSWERS = 5
const ASKS_TO_IDENTIFY = /\bIDENTIFY\b|nick(?:name)? is registered/i
const IS_UNKNOWN = /(?:unknown|invalid|no such) command|command .*(?:unknown|not)/i

export class NickServ {
  readonly #upstream: Upstream
  readonly #secrets: string[] = []
  #identifiedAt = Number.NEGATIVE_INFINITY
  /** The process before us may have said something whose echo comes now. */
  #isContinued = false
  /** The nick that is being regained, by which command, and what to do when it may be free. */
  #regaining:
    | { nick: string; verb: 'REGAIN' | 'GHOST'; answers: number; onAnswer: () => void }
    | undefined

  constructor(upstream: Upstream) {
    this.#upstream = upstream
  }

  /** After 001, where SASL has not logged in. */
  identify(): void {
    const { registration, port, clock } = this.#upstream
    const { nick, nickservPassword, saslUser } = port.record
    if (nickservPassword === '' || registration.account !== undefined) return
    this.#identifiedAt = clock.now()
    // With one parameter it is the account of the nick that we have, on every kind of services.
    const account = saslUser || (this.#upstream.isMe(nick) ? '' : nick)
    this.#say(account ? `IDENTIFY ${account} ${nickservPassword}` : `IDENTIFY ${nickservPassword}`)
  }

  /** Has the services take a nick from who holds it, if there is a password or a login. `onAnswer`: try it now. */
  regain(nick: string, onAnswer: () => void): void {
    const { nickservPassword } = this.#upstream.port.record
    if (nickservPassword === '' && this.#upstream.registration.account === undefined) return
    this.#regaining = { nick, verb: 'REGAIN', answers: 0, onAnswer }
    this.#say(`REGAIN ${nick} ${nickservPassword}`.trim())
  }

  /** On a connection of the process before us. */
  goOn(): void {
    this.#isContinued = true
  }

  /** Whether a line is the echo of what was said here. */
  isSecret(line: Message): boolean {
    if (line.command !== 'PRIVMSG' || (this.#secrets.length === 0 && !this.#isContinued))
      return false
    if (!this.#isNickServ(line.params[0]) || !this.#upstream.isFromMe(line)) return false
    const [, text = ''] = line.params
    const index = this.#secrets.indexOf(text)
    if (index >= 0) this.#secrets.splice(index, 1)
    const { nickservPassword } = this.#upstream.port.record
    const isOfBefore =
      this.#isContinued && nickservPassword !== '' && text.endsWith(` ${nickservPassword}`)
    return index >= 0 || isOfBefore
  }

  /** A NOTICE of NickServ to us. */
  heard({ command, source, params: [target = '', text = ''] }: Message): void {
    if (command !== 'NOTICE' || !source || !this.#isNickServ(nickOf(source))) return
    if (!this.#upstream.isReady || !this.#upstream.isMe(target)) return
    const regaining = this.#regaining
    if (regaining?.verb === 'REGAIN' && IS_UNKNOWN.test(text)) {
      regaining.verb = 'GHOST'
      this.#say(`GHOST ${regaining.nick} ${this.#upstream.port.record.nickservPassword}`.trim())
    } else if (regaining && regaining.answers < MAX_ANSWERS) {
      regaining.answers += 1
      regaining.onAnswer()
    }
    const isDue = this.#upstream.clock.now() - this.#identifiedAt >= AGAIN_AFTER_MS
    if (isDue && ASKS_TO_IDENTIFY.test(text)) this.identify()
  }

  #isNickServ(nick = ''): boolean {
    return this.#upstream.fold(nick) === this.#upstream.fold(NICKSERV)
  }

  #say(text: string): void {
    if (this.#upstream.caps.has('echo-message')) this.#secrets.push(text)
    if (this.#secrets.length > MAX_SECRETS) this.#secrets.shift()
    this.#upstream.send(message('PRIVMSG', NICKSERV, text))
  }
}
