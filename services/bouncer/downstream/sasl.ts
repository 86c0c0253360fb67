// SASL of a client: the mechanisms by which it says who it is. https://ircv3.net/specs/extensions/sasl-3.2
import { authenticate } from '../account/authenticate.ts'
import type { Message } from '../irc/message.ts'
import type { UserRecord } from '../store/records.ts'
import type { Downstream } from './downstream.ts'
import { type Login, parseLogin } from './login-name.ts'

export const MECHANISMS = ['PLAIN'] as const
/** A response comes in parts of 400 characters, of which the last is shorter. */
const PART = 400
const MAX_RESPONSE = 16 * 1024

export class SaslExchange {
  readonly #downstream: Downstream
  readonly #onLogin: (account: UserRecord, login: Login) => void
  #mechanism: string | undefined
  #response = ''
  #isChecking = false

  constructor(downstream: Downstream, onLogin: (account: UserRecord, login: Login) => void) {
    this.#downstream = downstream
    this.#onLogin = onLogin
  }

  /** AUTHENTICATE. */
  receive({ params: [part = ''] }: Message): void {
    const downstream = this.#downstream
    if (this.#isChecking) return
    if (part === '*') {
      this.#end('906', 'SASL authentication was aborted')
      return
    }
    if (this.#mechanism === undefined) {
      const mechanism = MECHANISMS.find((each) => each === part.toUpperCase())
      if (!mechanism) {
        downstream.numeric('908', MECHANISMS.join(','), 'are the SASL mechanisms here')
        this.#end('904', 'This SASL mechanism is not offered')
        return
      }
      this.#mechanism = mechanism
      downstream.send({ tags: new Map(), source: undefined, command: 'AUTHENTICATE', params: ['+'] })
      return
    }
    if (part !== '+') this.#response += part
    if (this.#response.length > MAX_RESPONSE) this.#end('905', 'The SASL response is too long')
    else if (part.length < PART) void this.#plain(Buffer.from(this.#response, 'base64').toString())
  }

  /** RFC 4616. */
  async #plain(response: string): Promise<void> {
    const [, name = '', password = ''] = response.split('\0')
    const login = parseLogin(name)
    this.#isChecking = true
    const { bouncer, wire } = this.#downstream
    const { address } = wire
    const result = await authenticate(bouncer, {
      name: login.user,
      password,
      address,
      method: 'SASL PLAIN',
      client: login.client ?? '',
    })
    this.#isChecking = false
    if (this.#downstream.isClosed) return
    if (result.ok) this.#succeed(result.user, login)
    else this.#end('904', result.reason)
  }

  #succeed(user: UserRecord, login: Login): void {
    const downstream = this.#downstream
    this.#onLogin(user, login)
    downstream.numeric('900', downstream.source, user.name, `You are now logged in as ${user.name}`)
    this.#end('903', 'SASL authentication successful')
  }

  #end(numeric: string, text: string): void {
    this.#mechanism = undefined
    this.#response = ''
    this.#downstream.numeric(numeric, text)
  }
}
