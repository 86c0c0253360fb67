// The bouncer as a real process on a temp directory, its people and networks written to the store before it starts: it can
// be killed, and started again on the same data and port.
import { join } from 'node:path'
import { systemClock } from '@fuchsbau/shared/clock.ts'
import { hashPassword } from '@fuchsbau/shared/password.ts'
import { NETWORK_DEFAULTS, type NetworkRecord } from '../../services/bouncer/store/records.ts'
import { openStore, type Store } from '../../services/bouncer/store/store.ts'
import { freePorts } from './daemon.ts'
import { connect, type IrcClient } from './irc-client.ts'
import { launcher, PASSWORD, serviceProcess } from './service-process.ts'
import { makeTempData, removeTempData } from './temp-data.ts'

/** A person with one network. The first one is an administrator. */
export interface Person {
  name: string
  /** Of the network on 127.0.0.1. */
  port: number
  /** What she calls it; `den` when absent. */
  network?: string
  channels?: readonly string[]
  /** More of the network. */
  record?: Partial<NetworkRecord>
}

export interface BouncerProcessOptions {
  /** None: it starts for the first time, and makes its owner. */
  people: readonly Person[]
  /** The command to run; `fuchsbau.js` unless told otherwise. */
  program?: string
  /** Options of Node, such as `--cpu-prof`. */
  nodeOptions?: readonly string[]
  env?: Record<string, string>
}

/** A running bouncer, or a stopped one that can be started again. */
export interface BouncerProcess extends AsyncDisposable {
  /** Without TLS. */
  readonly port: number
  readonly data: string
  /** Directory of the store. */
  readonly directory: string
  readonly management: string
  pid(): number
  log(): string
  /** Again, with more in its environment, this time only. */
  start(env?: Record<string, string>): Promise<void>
  /** SIGTERM, and waits for the end. */
  stop(): Promise<void>
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>
  /** How a client of a person logs in: PASS and the name in USER. */
  login(person: string, client?: string): { pass: string; user: string }
  /** A client that has logged in as `person/network@client`. Without `caps` there is no CAP at all. */
  client(person: string, client?: string, caps?: readonly string[]): Promise<IrcClient>
}

/** Writes the data and starts it; resolves when it listens. */
export async function startBouncer(options: BouncerProcessOptions): Promise<BouncerProcess> {
  const { people, program = launcher, nodeOptions = [] } = options
  const data = makeTempData('bouncer')
  const directory = join(data, 'bouncer')
  if (people.length > 0) await seed(directory, people)
  const [port = 0] = await freePorts(1)
  const env = {
    ...process.env,
    NODE_OPTIONS: '',
    FUCHSBAU_DATA: data,
    FUCHSBAU_BOUNCER_LISTEN: '127.0.0.1:0',
    FUCHSBAU_BOUNCER_PLAIN_LISTEN: `127.0.0.1:${port}`,
    FUCHSBAU_BOUNCER_WEB_LISTEN: '127.0.0.1:0',
    FUCHSBAU_BOUNCER_MAX_CLIENTS: '1000',
    FUCHSBAU_MANAGEMENT_LISTEN: '127.0.0.1:0',
    FUCHSBAU_OWNER_PASSWORD: PASSWORD,
    ...options.env,
  }
  const networkNames = new Map(people.map(({ name, network = 'den' }) => [name, network]))
  const words = [...nodeOptions, program, 'bouncer', 'serve']
  const child = serviceProcess([process.execPath, words], { env, readyMs: 30_000 })
  let management = ''
  const start = async (more?: Record<string, string>) => {
    management = (await child.start(more)).management
  }

  const login = (person: string, client = '') => ({
    pass: PASSWORD,
    user: `${person}/${networkNames.get(person) ?? ''}${client && `@${client}`}`,
  })
  await start()
  return {
    port,
    data,
    directory,
    get management() {
      return management
    },
    pid: child.pid,
    log: child.log,
    start,
    stop: () => child.end('SIGTERM'),
    kill: () => child.end('SIGKILL'),
    login,
    async client(person, name, caps) {
      const client = await connect({ port })
      await client.register({ nick: person, ...login(person, name), ...(caps && { caps }) })
      return client
    },
    async [Symbol.asyncDispose]() {
      await child.end('SIGKILL')
      removeTempData(data)
    },
  }
}

/** Opens the store of a bouncer that is stopped. Close it. */
export function openBouncerStore({ directory }: Pick<BouncerProcess, 'directory'>): Store {
  return openStore({ directory, clock: systemClock() })
}

async function seed(directory: string, people: readonly Person[]): Promise<void> {
  const password = await hashPassword(PASSWORD)
  const store = openStore({ directory, clock: systemClock() })
  for (const [index, person] of people.entries()) {
    const { name, channels = [] } = person
    const user = store.users.add({
      name,
      password,
      isAdmin: index === 0,
      isEnabled: true,
      nick: name,
      realname: name,
      bindAddress: '',
      createdAt: Date.now(),
      subject: '',
    })
    if (!user) throw new Error(`${name} is there twice`)
    const network = store.networks.add({ ...networkOf(person), userId: user.id })
    for (const channel of channels) {
      store.channels.add({
        networkId: network?.id ?? 0,
        name: channel,
        key: '',
        isDetached: false,
        reattachOn: 'none',
        relayDetached: 'none',
        detachAfterMs: 0,
      })
    }
  }
  store.close()
}

const networkOf = ({
  name: nick,
  port,
  network = 'den',
  record = {},
}: Person): Omit<NetworkRecord, 'id' | 'userId'> => ({
  ...NETWORK_DEFAULTS,
  name: network,
  host: '127.0.0.1',
  port,
  transport: 'plain',
  nick,
  username: nick,
  realname: nick,
  ...record,
})
