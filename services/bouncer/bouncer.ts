// All persons of this bouncer and their clients, and the turns of the event loop: whatever a turn stores is committed at its
// end, in one transaction, and only then is anything written to clients. So a line that reached a client is stored.
import type { Clock, Timer } from '@fuchsbau/shared/clock.ts'
import { StoreUnavailable } from '@fuchsbau/shared/database/unavailable.ts'
import type { Log } from '@fuchsbau/shared/log.ts'
import type { Metrics } from '@fuchsbau/shared/metrics.ts'
import { createSerial, type Serial } from '@fuchsbau/shared/serial.ts'
import { Logins } from './account/logins.ts'
import type { TokenCheck } from './account/token.ts'
import { Dialing } from './dialing.ts'
import { Downstream } from './downstream/downstream.ts'
import { flushGuarded } from './downstream/fault.ts'
import type { Wire } from './downstream/socket.ts'
import { ALIVE, ALIVE_EVERY_MS } from './gap.ts'
import { Holding, type HoldingOptions } from './holding.ts'
import type { Network } from './network.ts'
import { Push, type PushOptions } from './push/push.ts'
import type { UserRecord } from './store/records.ts'
import type { Store } from './store/store.ts'
import { countTraffic, type Traffic } from './traffic.ts'
import { MemberPool } from './upstream/member-pool.ts'
import { User } from './user.ts'

/** How much there may be of what people make. */
export interface Limits {
  users: number
  /** Of a user. */
  networks: number
  /** Of a user at once. */
  clients: number
  /** Of a user's history; 0: any number. */
  lines: number
}

export const DEFAULT_LIMITS: Limits = { users: 100, networks: 50, clients: 50, lines: 0 }

/** As the settings have them. */
export function limitsOf(own: {
  maxUsers: number
  maxNetworks: number
  maxClients: number
  historyQuota: number
}): Limits {
  const { maxUsers: users, maxNetworks: networks, maxClients: clients, historyQuota: lines } = own
  return { users, networks, clients, lines }
}

/** How often a store that failed is tried. */
const STORE_EVERY_MS = 5_000

export interface BouncerOptions {
  store: Store
  clock: Clock
  log: Log
  metrics: Metrics
  /** Name of our own server, as clients see it. */
  serverName: string
  limits?: Limits
  tokens?: TokenCheck | undefined
  push?: PushOptions
  /** Where clients upload files, if they can. */
  uploadsUrl?: string | undefined
  /** Whether CTCP is answered for who has no client connected; true when absent. */
  answersCtcp?: boolean
  random?: () => number
  /** Has the connections to the networks in its hands, so that they outlast this process. */
  holder?: HoldingOptions | undefined
}

export class Bouncer {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  readonly serverName: string
  readonly limits: Limits
  readonly random: () => number
  readonly dialing: Dialing
  readonly logins: Logins
  readonly traffic: Traffic
  /** Checks access tokens of the identity provider, if there is one. */
  readonly tokens: TokenCheck | undefined
  /** Commands to BouncerServ that take time, one after the other for each person. */
  readonly desk: Serial = createSerial({ limit: 20 })
  readonly push: Push
  readonly uploadsUrl: string | undefined
  readonly answersCtcp: boolean
  readonly holding: Holding | undefined
  readonly startedAt: number
  /** People in the channels, of all networks together. */
  readonly members = new MemberPool()
  /** By row number. */
  readonly users = new Map<number, User>()
  readonly downstreams = new Set<Downstream>()
  isClosing = false
  readonly #written = new Set<Downstream>()
  #lastClient = 0
  #storeTimer: Timer | undefined
  #aliveTimer: Timer | undefined

  constructor(options: BouncerOptions) {
    const { store, clock, log, metrics, serverName, limits = DEFAULT_LIMITS } = options
    this.store = store
    this.clock = clock
    this.log = log
    this.metrics = metrics
    this.serverName = serverName
    this.limits = limits
    this.random = options.random ?? Math.random
    this.dialing = new Dialing(clock)
    this.logins = new Logins(clock, metrics)
    this.traffic = countTraffic(metrics)
    this.tokens = options.tokens
    this.uploadsUrl = options.uploadsUrl
    this.answersCtcp = options.answersCtcp ?? true
    this.holding = options.holder && new Holding(options.holder, store)
    const subject = `mailto:irc@${serverName}`
    this.push = new Push(this, options.push ?? { subject, allowPrivateAddress: false })
    this.startedAt = clock.now()
    for (const record of store.users.list()) this.adopt(record)
    store.onCommitted(() => this.#flush())
    store.onFailed((reason) => this.#failed(reason))
  }

  /** Connects everybody's networks. */
  start(): void {
    const wanted = [...this.#networks()].filter(
      ({ record, user }) => record.isEnabled && user.record.isEnabled,
    )
    void this.holding?.sweep(wanted.map(({ record }) => record.id))
    for (const user of this.users.values()) user.start()
    this.#noteAlive()
  }

  /** Resolves when the connections that the holder kept go on here, with what was said on them meanwhile. */
  async goneOn(): Promise<void> {
    await Promise.all([...this.#networks()].map(({ keeper }) => keeper.asked))
  }

  /** A person who is new here. */
  adopt(record: UserRecord): User {
    const user = new User(this, record)
    this.users.set(record.id, user)
    return user
  }

  /** The person of this name, without case. */
  userNamed(name: string): User | undefined {
    const record = this.store.users.named(name)
    return record && this.users.get(record.id)
  }

  /** Takes a client that has just connected. */
  accept(wire: Wire): Downstream {
    this.#lastClient += 1
    const downstream = new Downstream(this, wire, this.#lastClient)
    this.downstreams.add(downstream)
    return downstream
  }

  forget(downstream: Downstream): void {
    this.downstreams.delete(downstream)
    this.#written.delete(downstream)
  }

  /** Something waits for this client: it is written at the end of the turn. */
  wrote(downstream: Downstream): void {
    this.#written.add(downstream)
    this.store.endSoon()
  }

  /** Leaves the connections that can be kept to the holder, if there is one: how many. */
  async handOver(): Promise<number> {
    if (!this.holding) return 0
    this.isClosing = true
    const kept = await Promise.all([...this.#networks()].map(({ keeper }) => keeper.handOver()))
    const count = kept.filter((isKept) => isKept).length
    this.log.info({ kept: count }, 'connections are handed over')
    return count
  }

  *#networks(): Generator<Network> {
    for (const { networks } of this.users.values()) yield* networks.values()
  }

  /** Says goodbye to all clients and networks. */
  async close(reason: string, toClients = reason): Promise<void> {
    this.isClosing = true
    this.#storeTimer?.cancel()
    this.#aliveTimer?.cancel()
    this.push.close()
    for (const downstream of [...this.downstreams]) downstream.close(toClients)
    for (const user of this.users.values()) user.stop(reason)
    this.store.commitTurn()
  }

  /** The turn is stored: now it may be seen. */
  #flush(): void {
    const written = [...this.#written]
    this.#written.clear()
    for (const downstream of written) flushGuarded(downstream)
  }

  /**
   * The disk takes no more: what could not be stored is not shown to anybody. The networks are left, because what they
   * would say from now on would be lost, and tried again until it works.
   */
  #failed(reason: string): void {
    this.log.error({ reason }, 'the history cannot be written: the networks are left until it can')
    for (const downstream of this.#written) downstream.discard()
    for (const user of this.users.values())
      user.suspend(`the bouncer cannot store lines: ${reason}`)
    this.#storeTimer = this.clock.after(STORE_EVERY_MS, () => this.#tryStore())
  }

  #tryStore(): void {
    if (this.isClosing) return
    if (!this.store.tryAgain()) {
      this.#storeTimer = this.clock.after(STORE_EVERY_MS, () => this.#tryStore())
      return
    }
    this.log.info('the history can be written again')
    for (const user of this.users.values()) user.resume()
  }

  /** A process that was killed knows by this until when it was there. */
  #noteAlive(): void {
    if (this.isClosing) return
    this.#aliveTimer = this.clock.after(ALIVE_EVERY_MS, () => this.#noteAlive())
    if (this.store.failure !== undefined) return
    try {
      this.store.properties.set(ALIVE, String(this.clock.now()))
    } catch (error) {
      // The listeners of failures know.
      if (!(error instanceof StoreUnavailable)) throw error
    }
  }
}
