// From the connection to the welcome: capabilities, who it is, and which network it wants.
// https://ircv3.net/specs/extensions/capability-negotiation https://ircv3.net/specs/extensions/sasl-3.1
import type { Timer } from '@fuchsbau/shared/clock.ts'
import { authenticate } from '../account/authenticate.ts'
import { capListMessages, DOWNSTREAM_CAPS } from '../irc/caps.ts'
import type { Message } from '../irc/message.ts'
import type { UserRecord } from '../store/records.ts'
import { capabilityValue } from './capabilities.ts'
import type { Downstream } from './downstream.ts'
import { type Login, parseLogin } from './login-name.ts'
import { SaslExchange } from './sasl.ts'
import { welcome } from './welcome.ts'

/** From the connection to the welcome. */
const DEADLINE_MS = 60_000

export class Registration {
  readonly #downstream: Downstream
  isDone = false
  isNegotiating = false
  isVersion302 = false
  password: string | undefined
  /** Network that BOUNCER BIND asked for. */
  boundNetworkId: number | undefined
  readonly sasl: SaslExchange
  #nick: string | undefined
  #login: Login | undefined
  #account: UserRecord | undefined
  #isChecking = false
  readonly #deadline: Timer

  constructor(downstream: Downstream) {
    this.#downstream = downstream
    this.sasl = new SaslExchange(downstream, (account, login) => {
      this.#account = account
      this.#login = login
    })
    this.#deadline = downstream.clock.after(DEADLINE_MS, () =>
      downstream.close('the registration was not finished in time'),
    )
  }

  /** Whether it has said who it is. */
  get account(): UserRecord | undefined {
    return this.#account
  }

  close(): void {
    this.#deadline.cancel()
  }

  nick(nick: string): void {
    this.#nick = nick
    this.#downstream.nick = nick
    this.#finish()
  }

  user(username: string, realname: string): void {
    this.#downstream.username = username
    this.#downstream.realname = realname
    this.#finish()
  }

  /** CAP LS, LIST, REQ, END. */
  capability({ params }: Message): void {
    const [verb = '', rest = ''] = params
    const downstream = this.#downstream
    switch (verb.toUpperCase()) {
      case 'LS':
        this.isNegotiating = !this.isDone
        this.isVersion302 ||= Number(rest) >= 302
        if (this.isVersion302) downstream.setCap('cap-notify', true)
        this.#list('LS', offered(downstream))
        return
      case 'LIST':
        this.#list('LIST', [...downstream.caps])
        return
      case 'REQ':
        this.isNegotiating = !this.isDone
        this.#request(rest)
        return
      case 'END':
        this.isNegotiating = false
        this.#finish()
        return
      default:
        downstream.numeric('410', verb, 'Unknown CAP command: LS, LIST, REQ or END')
    }
  }

  /** All or nothing, as the specification wants it. */
  #request(list: string): void {
    const downstream = this.#downstream
    const names = new Set(offered(downstream).map((each) => each.split('=', 1)[0] ?? ''))
    const caps = list.split(' ').filter((each) => each !== '')
    const isKnown = caps.every((cap) => names.has(cap.replace(/^-/, '')))
    downstream.reply('CAP', downstream.nick, isKnown ? 'ACK' : 'NAK', list)
    if (isKnown) for (const cap of caps) downstream.setCap(cap.replace(/^-/, ''), !cap.startsWith('-'))
  }

  #list(verb: 'LS' | 'LIST', tokens: readonly string[]): void {
    const downstream = this.#downstream
    const { serverName: source, nick } = downstream
    for (const line of capListMessages({ source, nick, verb, tokens, isVersion302: this.isVersion302 })) {
      downstream.send(line)
    }
  }

  #finish(): void {
    const downstream = this.#downstream
    if (this.isDone || this.#isChecking || this.isNegotiating) return
    if (this.#nick === undefined || downstream.username === '') return
    if (this.#account) {
      this.#enter(this.#account, this.#login)
      return
    }
    if (this.password === undefined) {
      downstream.numeric('464', 'A password is needed: USER/NETWORK@CLIENT:PASSWORD as the server password, or SASL')
      downstream.close('no password was given')
      return
    }
    this.#isChecking = true
    void this.#checkPassword(this.password)
  }

  async #checkPassword(given: string): Promise<void> {
    const downstream = this.#downstream
    const { login, password } = passwordLogin(given, downstream.username)
    const { address } = downstream.wire
    const result = await authenticate(downstream.bouncer, {
      name: login.user,
      password,
      address,
      method: 'PASS',
      client: login.client ?? '',
    })
    this.#isChecking = false
    if (downstream.isClosed) return
    if (!result.ok) {
      downstream.numeric('464', result.reason)
      downstream.close(result.reason)
      return
    }
    this.#enter(result.user, login)
  }

  /** Logged in: to its network, if it named one. */
  #enter(account: UserRecord, login: Login | undefined): void {
    const downstream = this.#downstream
    const user = downstream.bouncer.users.get(account.id)
    if (!user) {
      downstream.close('this account is no longer here')
      return
    }
    const wanted = login?.network
    const network =
      this.boundNetworkId === undefined
        ? wanted && user.networkNamed(wanted)
        : user.networks.get(this.boundNetworkId)
    if (wanted && !network) {
      const names = [...user.networks.values()].map(({ record }) => record.name).join(', ') || 'none yet'
      downstream.numeric('464', `You have no network ${wanted}; there are: ${names}`)
      downstream.close(`there is no network ${wanted}`)
      return
    }
    this.isDone = true
    this.close()
    downstream.user = user
    downstream.network = network || undefined
    downstream.clientName = login?.client ?? ''
    user.attach(downstream)
    welcome(downstream)
  }
}

/** What this client is offered now, with values. */
function offered(downstream: Downstream): string[] {
  return DOWNSTREAM_CAPS.map((cap) => {
    const value = capabilityValue(cap, downstream)
    return value === undefined ? '' : value === '' ? cap : `${cap}=${value}`
  }).filter((cap) => cap !== '')
}

/** `PASS user/network@client:password`; or only a password, and the rest is in USER. */
function passwordLogin(given: string, username: string): { login: Login; password: string } {
  const colon = given.indexOf(':')
  return colon > 0
    ? { login: parseLogin(given.slice(0, colon)), password: given.slice(colon + 1) }
    : { login: parseLogin(username), password: given }
}
