// The bouncer as a real process on a temp directory, its people and networks written to the store before it starts: it can
// be killed, and started again on the same data and port.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { systemClock } from '@fuchsbau/shared/clock.ts'
import { hashPassword } from '@fuchsbau/shared/password.ts'
import { NETWORK_DEFAULTS, type NetworkRecord } from '../../services/bouncer/store/records.ts'
import { openStore, type Store } from '../../services/bouncer/store/store.ts'
import { freePorts } from './daemon.ts'
import { connect, type IrcClient } from './irc-client.ts'
import { makeTempData, removeTempData } from './temp-data.ts'
import { waitFor } from './wait-for.ts'

const launcher = join(import.meta.dirname, '../../fuchsbau.js')
/** Of everybody. */
const PASSWORD = 'correct horse battery staple'

/** A person with one network. The first one is an administrator. */
export interface Person {
  name: string
  /** Of the network on 127.0.0.1. */
  port: number
  /** What she calls it; `den` when absent. */
  network?: string
  channels?: readonly string[]
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
  start(): Promise<void>
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
  let child: ChildProcess | undefined
  let output = ''
  let management = ''

  async function start() {
    const starting = spawn(process.execPath, [...nodeOptions, program, 'bouncer', 'serve'], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    child = starting
    const killWithUs = () => starting.kill('SIGKILL')
    process.once('exit', killWithUs)
    starting.once('exit', () => process.off('exit', killWithUs))
    let fresh = ''
    const collect = (chunk: Buffer) => {
      fresh += chunk
      output = (output + chunk).slice(-1_000_000)
    }
    starting.stdout.on('data', collect)
    starting.stderr.on('data', collect)
    const findReady = () =>
      fresh.split('\n').find((text) => text.includes('"msg":"ready"') && text.endsWith('}'))
    const hasEnded = () => starting.exitCode !== null || starting.signalCode !== null
    await waitFor(() => hasEnded() || findReady(), {
      what: 'the bouncer to be ready',
      timeoutMs: 30_000,
      context: () => output,
    })
    const ready = findReady()
    if (!ready) throw new Error(`the bouncer did not start\n${output}`)
    management = (JSON.parse(ready) as { management: string }).management
  }

  async function end(signal: NodeJS.Signals) {
    const ending = child
    child = undefined
    if (!ending || ending.exitCode !== null || ending.signalCode !== null) return
    const exited = once(ending, 'exit')
    ending.kill(signal)
    await exited
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
    pid: () => child?.pid ?? 0,
    log: () => output,
    start,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    login,
    async client(person, name, caps) {
      const client = await connect({ port })
      await client.register({ nick: person, ...login(person, name), ...(caps && { caps }) })
      return client
    },
    async [Symbol.asyncDispose]() {
      await end('SIGKILL')
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
}: Person): Omit<NetworkRecord, 'id' | 'userId'> => ({
  ...NETWORK_DEFAULTS,
  name: network,
  host: '127.0.0.1',
  port,
  transport: 'plain',
  nick,
  username: nick,
  realname: nick,
})
