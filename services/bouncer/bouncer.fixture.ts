// A bouncer between a fake network and raw clients, in process: `await using scene = await startScene()`.
import {
  type Clock,
  type SettableClock,
  settableClock,
  systemClock,
} from '@fuchsbau/shared/clock.ts'
import { silentLog } from '@fuchsbau/shared/log.ts'
import { createMetrics } from '@fuchsbau/shared/metrics.ts'
import { hashPassword } from '@fuchsbau/shared/password.ts'
import type { FakeIrcOptions } from '../../test/support/fake-irc/world.ts'
import { type FakeIrcServer, startFakeIrc } from '../../test/support/fake-irc-server.ts'
import { connect, type IrcClient, type IrcClientOptions } from '../../test/support/irc-client.ts'
import { makeTempData, removeTempData } from '../../test/support/temp-data.ts'
import { Bouncer, type BouncerOptions } from './bouncer.ts'
import type { Network } from './network.ts'
import { type Listener, listenPlain } from './server.ts'
import { NETWORK_DEFAULTS, type NetworkRecord, type UserRecord } from './store/records.ts'
import { openStore, type Store } from './store/store.ts'
import type { User } from './user.ts'

export interface SceneOptions {
  /** The fake network: `{ caps, isupport, … }`. */
  server?: FakeIrcOptions
  /** Over the network's record. */
  network?: Partial<NetworkRecord>
  /** Over the person's record; her name is `you`, her password `secret`. */
  user?: Partial<UserRecord>
  clock?: Clock
  /** Channels that she is in from the start; the scene waits until the bouncer has their members. */
  channels?: readonly string[]
  /** Over the bouncer's own options. */
  bouncer?: Partial<BouncerOptions>
  /** False does not wait for the network. */
  isConnected?: boolean
}

/** How a client logs in. */
export interface SceneLogin extends Partial<IrcClientOptions> {
  nick?: string
  /** Whose client: `you` when absent. */
  user?: string
  /** Name of the network, `den` when absent; '' for none. */
  network?: string
  password?: string
}

export interface Scene extends AsyncDisposable {
  readonly server: FakeIrcServer
  readonly store: Store
  readonly bouncer: Bouncer
  readonly user: User
  readonly network: Network
  readonly clock: Clock
  /** Port of the plain listener. */
  readonly port: number
  /** A client that has logged in as `you/den@name`. `caps` undefined: an old client, without CAP. */
  client(name?: string, caps?: readonly string[], login?: SceneLogin): Promise<IrcClient>
  /** One more person with a network of the same kind; password `secret`. */
  addPerson(name: string, record?: Partial<NetworkRecord>): Promise<User>
  /** Resolves when the fake network has been heard up to here: what it said before is stored and put out. */
  settled(): Promise<void>
  /** Ends the bouncer and begins another one on the same data; clients are gone. */
  restart(): Promise<void>
}

export const networkRecord = (port: number): Omit<NetworkRecord, 'id' | 'userId'> => ({
  ...NETWORK_DEFAULTS,
  name: 'den',
  host: '127.0.0.1',
  port,
  transport: 'plain',
  nick: 'fox',
  username: 'fox',
  realname: 'Fox',
})

/** Starts everything; ends with its owner's scope. */
export async function startScene(options: SceneOptions = {}): Promise<Scene> {
  const { clock = systemClock(), channels = [], isConnected = true } = options
  const server = await startFakeIrc(options.server)
  const directory = makeTempData('bouncer')
  const hashed = await hashPassword('secret')
  let running = await start(directory, clock, options.bouncer)
  let barriers = 0

  async function addPerson(
    name: string,
    record: Partial<NetworkRecord> = {},
    person: Partial<UserRecord> = {},
  ): Promise<User> {
    const { bouncer, store } = running
    const user = store.users.add({
      name,
      password: hashed,
      isAdmin: false,
      isEnabled: true,
      nick: name,
      realname: name,
      bindAddress: '',
      createdAt: clock.now(),
      subject: '',
      ...person,
    })
    if (!user) throw new Error(`${name} is there already`)
    const adopted = bouncer.adopt(user)
    adopted.addNetwork({ ...networkRecord(server.port), nick: name, ...record })
    return adopted
  }

  await addPerson('you', { nick: 'fox', ...options.network }, { isAdmin: true, ...options.user })
  const network = () => {
    const found = running.bouncer.userNamed('you')?.networks.values().next().value
    if (!found) throw new Error('there is no network')
    return found
  }
  const until = async (isSo: () => boolean) => {
    for (const end = performance.now() + 10_000; !isSo(); await nextTurn()) {
      if (performance.now() > end) throw new Error('waited 10 s in vain')
    }
  }
  const connected = () => until(() => network().upstream?.isReady === true)
  if (isConnected) {
    await connected()
    for (const channel of channels) network().upstream?.send(joining(channel))
    await until(() => channels.every((each) => network().upstream?.channels.get(each)?.isReady))
  }
  return {
    server,
    clock,
    get store() {
      return running.store
    },
    get bouncer() {
      return running.bouncer
    },
    get user() {
      return network().user
    },
    get network() {
      return network()
    },
    get port() {
      return running.port
    },
    async client(name = '', caps, login = {}) {
      const { nick = 'fox', user = 'you', network = 'den', password = 'secret', ...how } = login
      const one = await connect({ port: running.port, ...how })
      const who = `${user}${network && `/${network}`}${name && `@${name}`}`
      await one.register({ nick, pass: `${who}:${password}`, ...(caps && { caps }) })
      return one
    },
    addPerson,
    async settled() {
      // The network tells something that nothing else changes: when it is known, all before it is.
      barriers += 1
      const token = `barrier-${barriers}`
      const nick = network().upstream?.nick
      server.raw(`:${server.settings.name} 004 ${nick} ${token} fake ao imnst`, nick)
      await until(() => network().upstream?.welcome.get('004')?.[0] === token)
    },
    async restart() {
      await running.end()
      running = await start(directory, clock, options.bouncer)
      running.bouncer.start()
      await connected()
    },
    async [Symbol.asyncDispose]() {
      await running.end()
      await server.stop()
      removeTempData(directory)
    },
  }
}

/** A scene in which time stands still once `arrive` is done: connections and logins need it to go on. */
export async function startStillScene<T>(
  options: SceneOptions,
  arrive: (scene: Scene) => Promise<T>,
): Promise<{ scene: Scene; clock: SettableClock; arrived: T }> {
  const clock = settableClock(Date.UTC(2026, 0, 1, 12))
  const ticking = setInterval(() => clock.advance(1), 1)
  try {
    const scene = await startScene({ clock, ...options })
    return { scene, clock, arrived: await arrive(scene) }
  } finally {
    clearInterval(ticking)
  }
}

async function start(directory: string, clock: Clock, options: Partial<BouncerOptions> = {}) {
  const store = openStore({ directory, clock })
  const bouncer = new Bouncer({
    store,
    clock,
    log: silentLog(),
    metrics: createMetrics(),
    serverName: 'fuchsbau.test',
    ...options,
  })
  const listener: Listener = await listenPlain(bouncer, { host: '127.0.0.1', port: 0 })
  return {
    store,
    bouncer,
    port: Number(listener.address.split(':').at(-1)),
    async end() {
      await bouncer.close('the test is over')
      await listener.close()
      store.close()
    },
  }
}

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve))

const joining = (channel: string) => ({
  tags: new Map(),
  source: undefined,
  command: 'JOIN',
  params: [channel],
})
