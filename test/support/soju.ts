// A real soju 0.9 of the trixie tree for tests and benchmarks, with messages in its SQLite database.
import { join } from 'node:path'
import type { Ca } from './ca.ts'
import {
  type Daemon,
  freePorts,
  isListening,
  makePeerHome,
  programInside,
  startDaemon,
} from './daemon.ts'

/** A network to add: where it is and what a user is called there. */
export interface SojuNetwork {
  name: string
  port: number
  /** TLS, verified with the tests' CA. */
  tls?: boolean
  /** The user's name when absent. */
  nick?: string
  /** Server password. */
  password?: string
  /** More options of `network create`. */
  options?: readonly string[]
}

/** A running soju. Log in by SASL PLAIN, or PASS and USER, as `user/network@client`. */
export interface Soju extends Daemon {
  host: '127.0.0.1'
  /** Without TLS. */
  port: number
  tlsPort: number
  /** WebSocket at `/socket`, without TLS. */
  webPort: number
  /** Its SQLite database, as this process sees it. */
  database: string
  /** Runs a command of its own, as an administrator: `control('user', 'run', 'fox', 'network', 'status')`. */
  control(...words: string[]): Promise<string>
  addUser(name: string, password: string): Promise<void>
  addNetwork(user: string, network: SojuNetwork): Promise<void>
}

/** Makes and starts one without users; resolves when it answers. */
export async function startSoju({
  ca,
  config = '',
}: {
  ca: Ca
  /** More lines of its configuration. */
  config?: string
}): Promise<Soju> {
  const home = makePeerHome('soju', ca)
  const [port = 0, tlsPort = 0, webPort = 0] = await freePorts(3)
  const { cert, key } = await ca.issue('127.0.0.1', 'localhost', 'soju.test')
  const certFile = home.write('cert.pem', cert)
  const keyFile = home.write('key.pem', key)
  const { inside } = home
  const file = home.write(
    'config',
    `db sqlite3 ${inside}/soju.db
message-store db
hostname soju.test
tls ${certFile} ${keyFile}
listen irc+insecure://127.0.0.1:${port}
listen ircs://127.0.0.1:${tlsPort}
listen ws+insecure://127.0.0.1:${webPort}
listen unix+admin://${inside}/admin
${config}
`,
  )
  const program = programInside('soju')
  const options = ['-config', file]
  const daemon = await startDaemon({
    name: 'soju',
    home,
    program,
    args: options,
    isReady: async () => (await isListening(port)) && (await isListening(tlsPort)),
  })
  const control = (...words: string[]) => home.run(`${program}ctl`, [...options, ...words])
  return Object.assign(daemon, {
    host: '127.0.0.1' as const,
    port,
    tlsPort,
    webPort,
    database: join(home.directory, 'soju.db'),
    control,
    async addUser(name: string, password: string) {
      await control('user', 'create', '-username', name, '-password', password)
    },
    async addNetwork(user: string, network: SojuNetwork) {
      const address = `${network.tls ? 'ircs' : 'irc+insecure'}://127.0.0.1:${network.port}`
      const words = ['network', 'create', '-addr', address, '-name', network.name]
      if (network.nick !== undefined) words.push('-nick', network.nick)
      if (network.password !== undefined) words.push('-pass', network.password)
      await control('user', 'run', user, ...words, ...(network.options ?? []))
    },
  })
}
