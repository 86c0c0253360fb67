// SASL at a network: one exchange, from AUTHENTICATE with the mechanism to 903 or a failure. Before 001, or later when
// services come back. https://ircv3.net/specs/extensions/sasl-3.2
import type { Timer } from '@fuchsbau/shared/clock.ts'
import { ScramClient } from '../account/scram.ts'
import type { NetworkRecord } from '../store/records.ts'
import type { Upstream } from './upstream.ts'

/** AUTHENTICATE carries so many characters of base64 at most (IRCv3 sasl-3.1). */
const CHUNK = 400
const MAX_CHALLENGE = 64 * 1024
/** Services that do not answer must not keep us out. */
const DEADLINE_MS = 15_000

/** One mechanism's side of the exchange. */
interface Mechanism {
  /** Answers a challenge; undefined gives up. */
  next(challenge: string): string | undefined | Promise<string | undefined>
  /** After success: whether the server has proved what the mechanism has it prove. */
  isServerTrue(): boolean
}

export class SaslExchange {
  readonly #upstream: Upstream
  readonly #onEnd: (failure: string | undefined) => void
  #mechanism: Mechanism | undefined
  #challenge = ''
  #deadline: Timer | undefined

  /** @param onEnd with the reason when it did not log in. */
  constructor(upstream: Upstream, onEnd: (failure: string | undefined) => void) {
    this.#upstream = upstream
    this.#onEnd = onEnd
  }

  get isRunning(): boolean {
    return this.#mechanism !== undefined
  }

  /** Begins, if the network is configured for it and no exchange is running. */
  begin(): void {
    const { record } = this.#upstream.port
    if (this.#mechanism) return
    this.#mechanism = mechanismOf(record)
    if (!this.#mechanism) return
    this.#challenge = ''
    this.#deadline = this.#upstream.clock.after(DEADLINE_MS, () => {
      this.#upstream.sendNow('AUTHENTICATE', '*')
      this.ended('the network did not answer in time')
    })
    this.#upstream.sendNow('AUTHENTICATE', record.saslMechanism)
  }

  /** AUTHENTICATE: a challenge, in parts of 400 characters, of which the last is shorter. */
  receive(part: string): void {
    const mechanism = this.#mechanism
    if (!mechanism) return
    if (part !== '+') this.#challenge += part
    if (part.length === CHUNK && this.#challenge.length <= MAX_CHALLENGE) return
    const challenge = Buffer.from(this.#challenge, 'base64').toString()
    this.#challenge = ''
    const response = mechanism.next(challenge)
    if (!(response instanceof Promise)) {
      this.#respond(response)
      return
    }
    void response.then(
      (text) => this.#mechanism === mechanism && this.#respond(text),
      () => this.#mechanism === mechanism && this.#respond(undefined),
    )
  }

  /** 903, or a failure with its text. */
  ended(failure: string | undefined): void {
    const mechanism = this.#mechanism
    if (!mechanism) return
    this.close()
    if (failure === undefined && !mechanism.isServerTrue()) {
      this.#upstream.fail('the network did not prove that it knows the SASL password', 'refused')
    } else this.#onEnd(failure)
  }

  close(): void {
    this.#deadline?.cancel()
    this.#mechanism = undefined
  }

  #respond(response: string | undefined): void {
    if (response === undefined) {
      this.#upstream.sendNow('AUTHENTICATE', '*')
      return
    }
    const encoded = Buffer.from(response).toString('base64')
    for (let at = 0; at < encoded.length; at += CHUNK) {
      this.#upstream.sendNow('AUTHENTICATE', encoded.slice(at, at + CHUNK))
    }
    // A last part of exactly 400 characters is followed by an empty one.
    if (encoded.length % CHUNK === 0) this.#upstream.sendNow('AUTHENTICATE', '+')
  }
}

/** The mechanism that the network is configured for, if any. */
function mechanismOf(record: NetworkRecord): Mechanism | undefined {
  const { saslMechanism, saslPassword, nick } = record
  const user = record.saslUser || nick
  const isServerTrue = () => true
  switch (saslMechanism) {
    case 'PLAIN': // RFC 4616
      return { next: () => `\0${user}\0${saslPassword}`, isServerTrue }
    case 'EXTERNAL': // RFC 4422, appendix A: the certificate says who it is
      return { next: () => record.saslUser, isServerTrue }
    case 'SCRAM-SHA-256':
      return scram(user, saslPassword)
    default:
      return
  }
}

function scram(user: string, password: string): Mechanism {
  const client = new ScramClient(user, password)
  let step = 0
  let isTrue = false
  return {
    next(challenge) {
      step += 1
      if (step === 1) return client.first
      if (step === 2) return client.respond(challenge)
      isTrue = client.isServerTrue(challenge)
      return isTrue ? '' : undefined
    },
    isServerTrue: () => isTrue,
  }
}
