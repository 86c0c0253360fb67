// From the connection to the welcome: capabilities, who it is, and which network it wants.
// https://ircv3.net/specs/extensions/sasl-3.1; CAP itself is in command/cap.ts
import type { Timer } from '@fuchsbau/shared/clock.ts'
import { StoreUnavailable } from '@fuchsbau/shared/database/unavailable.ts'
import { type Authenticated, authenticate, type Proven } from '../account/authenticate.ts'
import type { Bouncer } from '../bouncer.ts'
import type { Network } from '../network.ts'
import type { UserRecord } from '../store/records.ts'
import type { User } from '../user.ts'
import type { Downstream } from './downstream.ts'
import { type Login, parseLogin } from './login-name.ts'
import { authenticateByCertificate } from './mechanisms.ts'
import { SaslExchange } from './sasl.ts'
import { welcome } from './welcome.ts'

/** From the connection to the welcome. */
const DEADLINE_MS = 60_000
/** Longer ones are cut: no network has them. */
const MAX_NICK = 64

export class Registration {
  readonly #downstream: Downstream
  isDone = false
  /** CAP LS or REQ was said, and no CAP END yet. */
  isNegotiating = false
  /** Has said CAP LS 302 or higher. */
  isVersion302 = false
  password: string | undefined
  /** Network that BOUNCER BIND asked for. */
  boundNetworkId: number | undefined
  readonly sasl: SaslExchange
  #nick: string | undefined
  #login: Login | undefined
  /** What USER said. */
  #named: Login | undefined
  #proven: Proven | undefined
  #isChecking = false
  #onChecked: (() => void) | undefined
  readonly #deadline: Timer

  constructor(downstream: Downstream) {
    this.#downstream = downstream
    this.sasl = new SaslExchange(
      downstream,
      (proven, login) => {
        this.#proven = proven
        this.#login = login
      },
      () => this.#finish(),
    )
    this.#deadline = downstream.clock.after(DEADLINE_MS, () =>
      downstream.close('the registration was not finished in time'),
    )
  }

  /** Whether it has said who it is. */
  get account(): UserRecord | undefined {
    return this.#proven?.user
  }

  /** Whether a password is being checked: what the client sent behind it has to wait. Some say all at once. */
  get isChecking(): boolean {
    return this.#isChecking || this.sasl.isChecking
  }

  /** Runs a task, one at a time, when the check is over. */
  whenChecked(task: () => void): void {
    this.#onChecked = task
  }

  /** A check is over, and what follows from it was done. */
  checked(): void {
    const task = this.#onChecked
    this.#onChecked = undefined
    task?.()
  }

  close(): void {
    this.#deadline.cancel()
  }

  nick(nick: string): void {
    this.#nick = nick.slice(0, MAX_NICK)
    this.#downstream.nick = this.#nick
    this.#finish()
  }

  user(username: string, realname: string): void {
    // Old clients say here which network they want.
    this.#named = parseLogin(username)
    this.#downstream.username = this.#named.user
    this.#downstream.realname = realname
    this.#finish()
  }

  /** CAP END. */
  negotiated(): void {
    this.isNegotiating = false
    this.#finish()
  }

  #finish(): void {
    if (this.isDone || this.isChecking || this.isNegotiating) return
    const named = this.#named
    if (this.#nick === undefined || !named || this.#downstream.isClosed) return
    if (this.#proven) this.#enter(this.#proven, withNamed(this.#login, named))
    else if (this.password !== undefined)
      void this.#guard(this.#checkPassword(this.password, named))
    else if (this.#downstream.wire.fingerprint) void this.#guard(this.#checkCertificate(named))
    else this.#refuse(NEEDED)
  }

  /** Nobody else waits for a check: what goes wrong in it ends this client alone. */
  async #guard(checking: Promise<void>): Promise<void> {
    try {
      await checking
    } catch (error) {
      const downstream = this.#downstream
      if (error instanceof StoreUnavailable)
        downstream.close(`Nothing can be stored: ${error.message}`)
      else {
        downstream.log.error({ err: error }, 'a login')
        downstream.close('internal error; the log of the bouncer says more')
      }
    }
  }

  async #checkPassword(given: string, named: Login): Promise<void> {
    const { bouncer, wire } = this.#downstream
    const { login, password } = passwordLogin(given, named, bouncer)
    const { user: name, client = '' } = login
    const { address } = wire
    const attempt = { name, password, address, method: 'PASS', client }
    await this.#check(authenticate(bouncer, attempt), withNamed(login, named))
  }

  /** As ZNC does it: with a certificate that is listed nothing else is needed. */
  async #checkCertificate(named: Login): Promise<void> {
    await this.#check(authenticateByCertificate(this.#downstream, named, 'certificate'), named)
  }

  async #check(checking: Promise<Authenticated>, login: Login): Promise<void> {
    this.#isChecking = true
    const result = await checking
    this.#isChecking = false
    if (this.#downstream.isClosed) return
    if (result.ok) this.#enter(result, login)
    else if (result.isTrouble) this.#downstream.close(result.reason)
    else this.#refuse(result.reason)
    this.checked()
  }

  #refuse(reason: string): void {
    this.#downstream.numeric('464', reason)
    this.#downstream.close(reason)
  }

  /** Logged in: to its network, if it named one. */
  #enter(proven: Proven, login: Login): void {
    const downstream = this.#downstream
    const user = downstream.bouncer.users.get(proven.user.id)
    const network =
      this.boundNetworkId === undefined
        ? user?.networkNamed(login.network ?? '')
        : user?.networks.get(this.boundNetworkId)
    const obstacle = user && obstacleOf(user)
    if (obstacle) {
      downstream.close(obstacle)
      return
    }
    const problem = user && problemOf(user, network, login)
    if (!user || problem) {
      this.#refuse(problem ?? 'This account is no longer here')
      return
    }
    this.isDone = true
    this.close()
    this.#proven = proven
    downstream.wire.admitted()
    downstream.user = user
    downstream.isAppLogin = proven.by === 'app-password'
    downstream.network = network
    downstream.clientName = login.client ?? ''
    user.attach(downstream)
    welcome(downstream)
  }
}

/** Why a person cannot come in just now: no fault of her login, which 464 would make it for her client. */
function obstacleOf({ bouncer, downstreams }: User): string | undefined {
  const { clients } = bouncer.limits
  if (bouncer.isClosing) return 'The bouncer is being stopped'
  if (downstreams.size >= clients) return `Too many clients: ${clients} are allowed at once`
  return
}

/** Why a person cannot come in, or not there. */
function problemOf(
  { networks, record }: User,
  network: Network | undefined,
  { network: wanted }: Login,
): string | undefined {
  // Since she has logged in.
  if (!record.isEnabled) return 'This account is disabled'
  if (wanted === undefined || network) return
  const names = [...networks.values()].map(({ record }) => record.name).join(', ')
  return `You have no network ${wanted}; there are: ${names || 'none yet'}`
}

const NEEDED =
  'A password is needed: as the server password, USER/NETWORK@CLIENT:PASSWORD, or by SASL'

/** `PASS user/network@client:password`; or only a password, which may have a colon in it: then the rest is in USER. */
function passwordLogin(
  given: string,
  named: Login,
  bouncer: Bouncer,
): { login: Login; password: string } {
  const colon = given.indexOf(':')
  const login = parseLogin(given.slice(0, Math.max(colon, 0)))
  return bouncer.store.users.named(login.user)
    ? { login, password: given.slice(colon + 1) }
    : { login: named, password: given }
}

/** What the login does not say USER may, if it is about the same person. */
function withNamed(login: Login | undefined, named: Login): Login {
  if (!login) return named
  const isSame = login.user.toLowerCase() === named.user.toLowerCase()
  const { network, client } = isSame ? named : { network: undefined, client: undefined }
  return { ...login, network: login.network ?? network, client: login.client ?? client }
}
