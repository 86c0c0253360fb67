// SASL of a client: AUTHENTICATE in its parts of 400 characters, until a mechanism says who it is.
// https://ircv3.net/specs/extensions/sasl-3.2
import type { Authenticated, Proven } from '../account/authenticate.ts'
import { type Message, message } from '../irc/message.ts'
import type { Downstream } from './downstream.ts'
import type { Login } from './login-name.ts'
import { beginMechanism, type Mechanism, mechanismsFor, NOBODY, type Step } from './mechanisms.ts'

/** Characters of base64 in one AUTHENTICATE; a part that is shorter is the last. */
const PART = 400
/** Of a whole response: a password has 1,024 bytes at most, an access token 8 KiB. */
const MAX_RESPONSE = 16 * 1024
/** A client that fails so often is disconnected. */
const MAX_FAILURES = 5

export class SaslExchange {
  readonly #downstream: Downstream
  readonly #onLogin: (proven: Proven, login: Login) => void
  readonly #onEnd: () => void
  #mechanism: Mechanism | undefined
  #response = ''
  #failures = 0
  /** While a response is being checked. */
  isChecking = false

  /** `onEnd` follows every end, good or bad. */
  constructor(
    downstream: Downstream,
    onLogin: (proven: Proven, login: Login) => void,
    onEnd: () => void,
  ) {
    this.#downstream = downstream
    this.#onLogin = onLogin
    this.#onEnd = onEnd
  }

  /** AUTHENTICATE. */
  receive({ params: [part = ''] }: Message): void {
    if (part === '*') this.#end('906', 'SASL authentication was aborted')
    else if (!this.#mechanism) this.#begin(part.toUpperCase())
    else if (part.length > PART) this.#end('905', 'The SASL message is too long')
    else this.#add(this.#mechanism, part)
  }

  #begin(name: string): void {
    const downstream = this.#downstream
    this.#mechanism = beginMechanism(name, downstream)
    if (this.#mechanism) downstream.send(message('AUTHENTICATE', '+'))
    else {
      downstream.numeric('908', mechanismsFor(downstream).join(','), 'are the SASL mechanisms here')
      this.#end('904', 'This SASL mechanism is not offered')
    }
  }

  #add(mechanism: Mechanism, part: string): void {
    if (part !== '+') this.#response += part
    if (this.#response.length > MAX_RESPONSE) this.#end('905', 'The SASL response is too long')
    else if (part.length < PART) {
      const response = Buffer.from(this.#response, 'base64').toString()
      this.#response = ''
      void this.#check(mechanism, response)
    }
  }

  async #check(mechanism: Mechanism, response: string): Promise<void> {
    this.isChecking = true
    const step = await mechanism.respond(response).catch((error): Step => {
      this.#downstream.log.error({ err: error }, 'a SASL response could not be checked')
      const reason = 'It cannot be checked now'
      const outcome = { ok: false, reason, isForNow: true, isTrouble: true } as const
      return { outcome, login: NOBODY }
    })
    this.isChecking = false
    if (this.#downstream.isClosed) return
    if ('say' in step) this.#say(step.say)
    else this.#finish(step.outcome, step.login)
    this.#downstream.registration.checked()
  }

  #say(challenge: string): void {
    const text = Buffer.from(challenge).toString('base64')
    for (let start = 0; start <= text.length; start += PART) {
      this.#downstream.send(message('AUTHENTICATE', text.slice(start, start + PART) || '+'))
    }
  }

  #finish(outcome: Authenticated, login: Login): void {
    const downstream = this.#downstream
    if (!outcome.ok && outcome.isTrouble) {
      downstream.close(outcome.reason)
      return
    }
    if (!outcome.ok) {
      this.#failures += 1
      this.#end('904', outcome.reason)
      if (this.#failures >= MAX_FAILURES) downstream.close('too many failed attempts to log in')
      return
    }
    const { user } = outcome
    this.#onLogin(outcome, login)
    downstream.numeric('900', downstream.source, user.name, `You are now logged in as ${user.name}`)
    this.#end('903', 'SASL authentication successful')
  }

  #end(numeric: string, text: string): void {
    this.#mechanism = undefined
    this.#response = ''
    this.#downstream.numeric(numeric, text)
    this.#onEnd()
  }
}
