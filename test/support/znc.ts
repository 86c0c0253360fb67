// A real ZNC for tests and benchmarks, 1.9.1 of the trixie tree or 1.8.2 of this machine, with a configuration of its own.
import { createHash, randomBytes } from 'node:crypto'
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

/** A network that a ZNC user is on. */
export interface ZncNetwork {
  name: string
  port: number
  /** 127.0.0.1 when absent. */
  host?: string
  /** TLS; any certificate is trusted. */
  tls?: boolean
  /** Of the server. */
  password?: string
  /** `#name` or `#name key`. */
  channels?: readonly string[]
  /** Modules with their arguments, such as `simple_away` and `nickserv secret`. */
  modules?: readonly string[]
  /** Further lines of its block. */
  config?: string
}

/** A user of a ZNC. */
export interface ZncUser {
  name: string
  password: string
  /** The name when absent. */
  nick?: string
  isAdmin?: boolean
  networks?: readonly ZncNetwork[]
  /** `log` and `chansaver` among others. */
  modules?: readonly string[]
  /** Lines kept for a channel; 50 when absent, which is ZNC's own. */
  bufferSize?: number
  /** Whether a buffer is gone once it was played; true when absent, as is ZNC's own. */
  autoClear?: boolean
  /** Further lines of her block. */
  config?: string
}

/** What to start. */
export interface ZncOptions {
  ca: Ca
  users: readonly ZncUser[]
  /** `znc` is 1.9.1, `znc18` is 1.8.2; the newer one when absent. */
  peer?: 'znc' | 'znc18'
  /** Over the tests' own global settings: no throttle, no delay between connects. */
  config?: string
}

/** A running ZNC. Log in by `PASS user/network:password`, or SASL PLAIN with `user/network`. */
export interface Znc extends Daemon {
  host: '127.0.0.1'
  /** Without TLS. */
  port: number
  tlsPort: number
  /** Its data directory, as this process sees it: `configs/znc.conf`, `users/`, `moddata/`. */
  directory: string
}

/** Writes a data directory and starts a ZNC on it, as nobody; resolves when it answers. */
export async function startZnc({
  ca,
  users,
  peer = 'znc',
  config = 'ServerThrottle = 0\nConnectDelay = 0',
}: ZncOptions): Promise<Znc> {
  const home = makePeerHome(peer, ca)
  const [port = 0, tlsPort = 0] = await freePorts(2)
  const { cert, key } = await ca.issue('127.0.0.1', 'localhost', 'znc.test')
  const data = home.mkdir('znc')
  const pem = home.write('znc/znc.pem', `${key}\n${cert}`)
  const version = peer === 'znc' ? '1.9.1' : '1.8.2'
  home.mkdir('znc/configs')
  home.write(
    'znc/configs/znc.conf',
    `Version = ${version}
AnonIPLimit = 10000
MaxBufferSize = 1000000
ProtectWebSessions = false
SSLCertFile = ${pem}
${config}
${listener('plain', port, false)}
${listener('tls', tlsPort, true)}
${users.map(userBlock).join('\n')}
`,
  )
  const daemon = await startDaemon({
    name: `ZNC ${version}`,
    home,
    program: programInside(peer),
    args: ['--foreground', '--no-color', '--datadir', data],
    isReady: async () => (await isListening(port)) && (await isListening(tlsPort)),
  })
  const directory = join(home.directory, 'znc')
  return Object.assign(daemon, { host: '127.0.0.1' as const, port, tlsPort, directory })
}

function listener(name: string, port: number, isTls: boolean): string {
  return `<Listener ${name}>
  Host = 127.0.0.1
  Port = ${port}
  IPv4 = true
  IPv6 = false
  SSL = ${isTls}
  AllowIRC = true
  AllowWeb = true
</Listener>`
}

function userBlock(user: ZncUser): string {
  const { name, password, nick = name, isAdmin = false, networks = [], modules = [] } = user
  const { bufferSize = 50, autoClear = true, config = '' } = user
  const salt = randomBytes(10).toString('hex')
  const hash = createHash('sha256').update(`${password}${salt}`).digest('hex')
  return `<User ${name}>
  Admin = ${isAdmin}
  Nick = ${nick}
  AltNick = ${nick}_
  Ident = ${name}
  RealName = ${name}
  MaxNetworks = 100
  MaxJoins = 0
  JoinTries = 10
  ChanBufferSize = ${bufferSize}
  QueryBufferSize = ${bufferSize}
  AutoClearChanBuffer = ${autoClear}
  AutoClearQueryBuffer = ${autoClear}
  ${modules.map((module) => `LoadModule = ${module}`).join('\n  ')}
  ${config}
  ${networks.map(networkBlock).join('\n  ')}
  <Pass password>
    Method = sha256
    Hash = ${hash}
    Salt = ${salt}
  </Pass>
</User>`
}

function networkBlock(network: ZncNetwork): string {
  const { name, host = '127.0.0.1', port, tls = false, password = '' } = network
  const { channels = [], modules = [], config = '' } = network
  const blocks = channels.map((channel) => {
    const [words = '', key] = channel.split(' ')
    return `<Chan ${words}>\n${key === undefined ? '' : `Key = ${key}\n`}</Chan>`
  })
  return `<Network ${name}>
    FloodBurst = 1000
    FloodRate = 1000.00
    IRCConnectEnabled = true
    JoinDelay = 0
    TrustAllCerts = true
    Server = ${host} ${tls ? '+' : ''}${port}${password && ` ${password}`}
    ${modules.map((module) => `LoadModule = ${module}`).join('\n    ')}
    ${config}
    ${blocks.join('\n    ')}
  </Network>`
}
