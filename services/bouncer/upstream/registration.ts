// From the open socket to 001: capabilities, SASL, a nick that is free. irc-framework has sent CAP LS 302, PASS, NICK and
// USER. https://ircv3.net/specs/extensions/capability-negotiation
import type { Timer } from '@fuchsbau/shared/clock.ts'
import { UPSTREAM_CAPS } from '../irc/caps.ts'
import type { Message } from '../irc/message.ts'
import { SaslExchange } from './sasl.ts'
import { parseSts } from './sts.ts'
import type { Upstream } from './upstream.ts'

/** From the beginning to 001. */
const DEADLINE_MS = 60_000
/** A CAP REQ of so many characters is split. */
const REQ_CHARACTERS = 400
const MAX_CAPS = 200

export class Registration {
  readonly #upstream: Upstream
  /** What the server offers, with values. */
  readonly available = new Map<string, string>()
  /** What was asked for and is not answered. */
  readonly #requested = new Set<string>()
  readonly #sasl: SaslExchange
  #hasList = false
  #nicksTried = 0
  #deadline: Timer | undefined
  /** Why SASL did not log in, if it did not. */
  saslFailure: string | undefined
  account: string | undefined

  constructor(upstream: Upstream) {
    this.#upstream = upstream
    this.#sasl = new SaslExchange(upstream, (failure) => this.#saslEnded(failure))
  }

  begin(): void {
    this.#deadline = this.#upstream.clock.after(DEADLINE_MS, () =>
      this.#upstream.fail('the network did not finish the registration in time'),
    )
    this.#upstream.port.changed({ what: 'state' })
  }

  close(): void {
    this.#deadline?.cancel()
    this.#sasl.close()
  }

  /** Whether a login goes on, also after the registration (CAP NEW). */
  get isLoggingIn(): boolean {
    return this.#sasl.isRunning
  }

  /** 001: we are in. */
  done(): void {
    this.#deadline?.cancel()
    const { saslMechanism } = this.#upstream.port.record
    if (saslMechanism === '' || this.account !== undefined || this.saslFailure) return
    const offered = this.available.get('sasl')
    this.saslFailure =
      offered === undefined
        ? 'the network offers no SASL now'
        : `the network does not offer ${saslMechanism}, but ${offered || 'nothing that we know'}`
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
        this.#noteSts()
        if (!this.#upstream.isEnding) this.#request(list.map(nameOf))
        return
      case 'DEL':
        for (const cap of list.map(nameOf)) this.#lost(cap)
        this.#upstream.port.changed({ what: 'caps' })
        return
      case 'ACK':
        this.#acknowledged(list)
        return
      case 'NAK':
        this.#refused(list)
        return
      default:
    }
  }

  /** AUTHENTICATE: a challenge. */
  authenticate({ params: [part = ''] }: Message): void {
    this.#sasl.receive(part)
  }

  /** 900: logged in, by SASL or by NickServ. */
  loggedIn({ params }: Message): void {
    this.account = params[2]
    this.saslFailure = undefined
    if (this.#upstream.isReady) this.#upstream.port.changed({ what: 'logged-in' })
  }

  /** 903, or a failure with its text. Registration goes on either way, and the person is told. */
  saslEnded(failure: string | undefined): void {
    this.#sasl.ended(failure)
  }

  /** 432, 433, 436, 437 before 001: the next nick. */
  nickRefused(): void {
    const { port } = this.#upstream
    const { nick, alternateNicks } = port.record
    const alternates = alternateNicks.length > 0 ? alternateNicks : [`${nick}_`]
    const index = this.#nicksTried
    this.#nicksTried += 1
    if (this.#nicksTried > alternates.length + 10) {
      this.#upstream.fail('no nick is free: give alternate nicks', 'refused')
      return
    }
    // The last resort fits into 9 characters, which is what old networks take.
    const next = alternates[index] ?? `${nick.slice(0, 6)}${String(index).padStart(2, '0')}`
    this.#upstream.nick = next
    this.#upstream.sendNow('NICK', next)
  }

  #saslEnded(failure: string | undefined): void {
    this.saslFailure = failure
    if (failure !== undefined) this.#upstream.port.changed({ what: 'sasl-failed', reason: failure })
    this.#endIfDone()
  }

  #offered(list: readonly string[]): void {
    for (const each of list) {
      const name = nameOf(each)
      if (this.available.size < MAX_CAPS) this.available.set(name, each.slice(name.length + 1))
    }
  }

  #listed(): void {
    this.#hasList = true
    this.#noteSts()
    // With STS on a plain connection nothing more is said here.
    if (this.#upstream.isEnding) return
    this.#request([...this.available.keys()])
    this.#endIfDone()
  }

  #noteSts(): void {
    const value = this.available.get('sts')
    if (value !== undefined) this.#upstream.port.changed({ what: 'sts', offer: parseSts(value) })
  }

  #request(caps: readonly string[]): void {
    const wanted = caps.filter((cap) => this.#wants(cap))
    for (const cap of wanted) this.#requested.add(cap)
    let line = ''
    const flush = () => {
      if (line !== '') this.#upstream.sendNow('CAP', 'REQ', line.trim())
      line = ''
    }
    for (const cap of wanted) {
      if (line.length + cap.length > REQ_CHARACTERS) flush()
      line += ` ${cap}`
    }
    flush()
  }

  #wants(cap: string): boolean {
    // An echo must be told from what the person says elsewhere, which only a label does.
    if (cap === 'echo-message') return this.available.has('labeled-response')
    if (cap !== 'sasl') return UPSTREAM_CAPS.has(cap)
    const { saslMechanism } = this.#upstream.port.record
    const offered = this.available.get('sasl') ?? ''
    if (saslMechanism === '' || this.account !== undefined) return false
    // Without a value any mechanism may be tried (SASL 3.1).
    return offered === '' || offered.split(',').includes(saslMechanism)
  }

  #acknowledged(list: readonly string[]): void {
    let hasSasl = false
    for (const each of list) {
      const cap = each.replace(/^[-~=]+/, '')
      this.#requested.delete(cap)
      if (each.startsWith('-')) this.#upstream.caps.delete(cap)
      else if (this.#upstream.caps.size < MAX_CAPS) this.#upstream.caps.add(cap)
      hasSasl ||= each === 'sasl'
    }
    if (hasSasl) this.#sasl.begin()
    this.#upstream.port.changed({ what: 'caps' })
    this.#endIfDone()
  }

  /** One that went away meanwhile refuses its whole line: each is asked for by itself then, but `sasl`. */
  #refused(list: readonly string[]): void {
    const [only] = list
    if (list.length === 1 && only) this.#requested.delete(only)
    for (const cap of list.length > 1 ? list : []) this.#upstream.sendNow('CAP', 'REQ', cap)
    this.#endIfDone()
  }

  #lost(cap: string): void {
    this.available.delete(cap)
    this.#upstream.caps.delete(cap)
    // Services that are gone will not answer.
    if (cap === 'sasl' && this.#sasl.isRunning) this.#sasl.ended('SASL went away')
  }

  #endIfDone(): void {
    if (!this.#hasList || this.#requested.size > 0 || this.#sasl.isRunning) return
    if (this.#upstream.isRegistered || this.#upstream.isEnding) return
    this.#hasList = false
    this.#upstream.sendNow('CAP', 'END')
  }
}

const nameOf = (cap: string) => cap.split('=', 1)[0] ?? ''
