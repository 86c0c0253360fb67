// From the open socket to 001: capabilities, SASL, a nick that is free. irc-framework has sent CAP LS 302, PASS, NICK and
// USER. https://ircv3.net/specs/extensions/capability-negotiation https://ircv3.net/specs/extensions/sasl-3.2
import type { Timer } from '@fuchsbau/shared/clock.ts'
import { UPSTREAM_CAPS } from '../irc/caps.ts'
import type { Message } from '../irc/message.ts'
import { type SaslClient, saslClient } from './sasl.ts'
import type { Upstream } from './upstream.ts'

/** From the open socket to 001. */
const DEADLINE_MS = 60_000
/** A CAP REQ of so many characters is split. */
const REQ_CHARACTERS = 400
/** AUTHENTICATE carries so many characters of base64 at most (IRCv3 sasl-3.1). */
const CHUNK = 400
const MAX_CHALLENGE = 64 * 1024

export class Registration {
  readonly #upstream: Upstream
  /** What the server offers, with values. */
  readonly available = new Map<string, string>()
  /** What was asked for and is not answered. */
  readonly #requested = new Set<string>()
  #hasList = false
  #sasl: SaslClient | undefined
  #challenge = ''
  #nicksTried = 0
  #deadline: Timer | undefined
  /** Why SASL did not log in, if it did not. */
  saslFailure: string | undefined
  account: string | undefined

  constructor(upstream: Upstream) {
    this.#upstream = upstream
  }

  begin(): void {
    this.#deadline = this.#upstream.clock.after(DEADLINE_MS, () =>
      this.#upstream.fail('the network did not finish the registration in time'),
    )
    this.#upstream.port.changed({ what: 'state' })
  }

  close(): void {
    this.#deadline?.cancel()
  }

  /** 001: we are in. */
  done(): void {
    this.close()
  }

  /** CAP LS / ACK / NAK / NEW / DEL, behind `CAP *`. */
  capability({ params }: Message): void {
    const [, verb = '', ...rest] = params
    const isMore = rest.length > 1 && rest[0] === '*'
    const list = (rest.at(-1) ?? '').split(' ').filter((each) => each !== '')
    switch (verb.toUpperCase()) {
      case 'LS':
        this.#offered(list)
        if (!isMore) this.#listed()
        return
      case 'NEW':
        this.#offered(list)
        this.#request(list.map(nameOf))
        return
      case 'DEL':
        for (const cap of list.map(nameOf)) this.#lost(cap)
        this.#upstream.port.changed({ what: 'caps' })
        return
      case 'ACK':
        this.#acknowledged(list)
        return
      case 'NAK':
        for (const cap of list) this.#requested.delete(cap)
        this.#endIfDone()
        return
      default:
    }
  }

  /** AUTHENTICATE: a challenge, in parts of 400 characters. */
  authenticate({ params: [part = ''] }: Message): void {
    if (!this.#sasl) return
    if (part !== '+') this.#challenge += part
    if (part.length === CHUNK && this.#challenge.length <= MAX_CHALLENGE) return
    const challenge = Buffer.from(this.#challenge, 'base64').toString()
    this.#challenge = ''
    const response = this.#sasl.next(challenge)
    if (response === undefined) {
      this.#upstream.sendNow('AUTHENTICATE', '*')
      return
    }
    this.#sendResponse(response)
  }

  /** 900: logged in. */
  loggedIn({ params }: Message): void {
    this.account = params[2]
  }

  /** 903, or a failure with its text: registration goes on either way, and the person is told. */
  saslEnded(failure: string | undefined): void {
    const server = failure === undefined ? this.#sasl?.verify() : undefined
    this.saslFailure = failure ?? server
    this.#sasl = undefined
    if (this.saslFailure) this.#upstream.port.changed({ what: 'state' })
    this.#endIfDone()
  }

  /** 432, 433, 436, 437 before 001: the next nick. */
  nickRefused(): void {
    const { port } = this.#upstream
    const { nick, alternateNicks } = port.record
    const alternates = alternateNicks.length > 0 ? alternateNicks : [`${nick}_`]
    const index = this.#nicksTried
    this.#nicksTried += 1
    if (this.#nicksTried > alternates.length + 10) {
      this.#upstream.fail('no nick is free: give alternate nicks')
      return
    }
    const next = alternates[index] ?? `${nick.slice(0, 6)}${String(index).padStart(2, '0')}`
    this.#upstream.nick = next
    this.#upstream.sendNow('NICK', next)
  }

  #offered(list: readonly string[]): void {
    for (const each of list) {
      const name = nameOf(each)
      if (this.available.size < 200) this.available.set(name, each.slice(name.length + 1))
    }
  }

  #listed(): void {
    this.#hasList = true
    this.#request([...this.available.keys()])
    this.#endIfDone()
  }

  #request(caps: readonly string[]): void {
    const wanted = caps.filter((cap) => this.#wants(cap))
    for (const cap of wanted) this.#requested.add(cap)
    let line = ''
    for (const cap of wanted) {
      if (line.length + cap.length > REQ_CHARACTERS) {
        this.#upstream.sendNow('CAP', 'REQ', line.trim())
        line = ''
      }
      line += ` ${cap}`
    }
    if (line !== '') this.#upstream.sendNow('CAP', 'REQ', line.trim())
  }

  #wants(cap: string): boolean {
    if (cap !== 'sasl') return UPSTREAM_CAPS.has(cap)
    const { saslMechanism } = this.#upstream.port.record
    const offered = this.available.get('sasl') ?? ''
    // Without a value any mechanism may be tried (SASL 3.1).
    return saslMechanism !== '' && (offered === '' || offered.split(',').includes(saslMechanism))
  }

  #acknowledged(list: readonly string[]): void {
    for (const each of list) {
      const cap = each.replace(/^[-~=]+/, '')
      this.#requested.delete(cap)
      if (each.startsWith('-')) this.#upstream.caps.delete(cap)
      else this.#upstream.caps.add(cap)
    }
    if (list.includes('sasl')) this.#beginSasl()
    this.#upstream.port.changed({ what: 'caps' })
    this.#endIfDone()
  }

  #lost(cap: string): void {
    this.available.delete(cap)
    this.#upstream.caps.delete(cap)
  }

  #beginSasl(): void {
    const { saslMechanism } = this.#upstream.port.record
    this.#sasl = saslClient(this.#upstream.port.record)
    this.#challenge = ''
    if (this.#sasl) this.#upstream.sendNow('AUTHENTICATE', saslMechanism)
  }

  #sendResponse(response: string): void {
    const encoded = Buffer.from(response).toString('base64')
    for (let at = 0; at < encoded.length; at += CHUNK) {
      this.#upstream.sendNow('AUTHENTICATE', encoded.slice(at, at + CHUNK))
    }
    // A last part of exactly 400 characters is followed by an empty one.
    if (encoded.length % CHUNK === 0) this.#upstream.sendNow('AUTHENTICATE', '+')
  }

  #endIfDone(): void {
    if (!this.#hasList || this.#requested.size > 0 || this.#sasl) return
    if (this.#upstream.isRegistered) return
    this.#hasList = false
    this.#upstream.sendNow('CAP', 'END')
  }
}

const nameOf = (cap: string) => cap.split('=', 1)[0] ?? ''
