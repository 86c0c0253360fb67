// A real Ergo for tests, built by hand and named by FUCHSBAU_ERGO: the one network here with SCRAM, history, multiline and
// accounts that several connections share. Limits relaxed, history in memory, TLS by the tests' CA.
import type { Ca } from './ca.ts'
import { type Daemon, freePorts, isListening, makePeerHome, startDaemon } from './daemon.ts'
import { connect } from './irc-client.ts'
import { programOf } from './peers.ts'

export interface ErgoOptions {
  /** Of the tests: signs its certificate. */
  ca: Ca
  /** Plain connections are told to use TLS (STS). */
  sts?: boolean
  /** Lines of one answer to CHATHISTORY; 1,000 when absent. */
  historyPage?: number
  /** False leaves Ergo's own fakelag. */
  relaxed?: boolean
}

/** A running Ergo. `/OPER oper oper` gives KILL, KLINE and the rest. */
export interface Ergo extends Daemon {
  host: '127.0.0.1'
  /** Without TLS. */
  port: number
  tlsPort: number
  /** Registers an account, whose nick is its name; a certificate with this fingerprint (SHA-256, hex) logs in there, too. */
  addAccount(name: string, password: string, fingerprint?: string): Promise<void>
}

/** Makes and starts one; resolves when both ports answer. */
export async function startErgo(options: ErgoOptions): Promise<Ergo> {
  const { ca } = options
  const home = makePeerHome('ergo', ca)
  const program = programOf('ergo')
  const [port = 0, tlsPort = 0] = await freePorts(2)
  const { cert, key } = await ca.issue('127.0.0.1', 'localhost', 'irc.test')
  home.write('cert.pem', cert)
  home.write('key.pem', key)
  home.write('motd', 'Welcome.\n')
  const hash = await home.run(program, ['genpasswd'], 'oper\n')
  const text = configuration(options, { port, tlsPort, inside: home.inside, hash: hash.trim() })
  const file = home.write('ircd.yaml', text)
  const daemon = await startDaemon({
    name: 'Ergo',
    home,
    program,
    args: ['run', '--conf', file],
    isReady: async () => (await isListening(port)) && (await isListening(tlsPort)),
  })
  return Object.assign(daemon, {
    host: '127.0.0.1' as const,
    port,
    tlsPort,
    async addAccount(name: string, password: string, fingerprint?: string) {
      await using client = await connect({ port: tlsPort, tls: { ca: ca.pem } })
      await client.register({ nick: name })
      client.send(`NS REGISTER ${password}`)
      await client.expect(/NOTICE \S+ :You're now logged in/)
      if (fingerprint === undefined) return
      client.send(`NS CERT ADD ${fingerprint}`)
      await client.expect(/NOTICE \S+ :.*added/i)
    },
  })
}

interface Places {
  port: number
  tlsPort: number
  inside: string
  /** Of the operator's password. */
  hash: string
}

function configuration(
  { sts = false, historyPage = 1_000, relaxed = true }: ErgoOptions,
  { port, tlsPort, inside, hash }: Places,
): string {
  return `network: { name: ErgoTest }
server:
  name: ergo.test
  listeners:
    "127.0.0.1:${port}": {}
    "127.0.0.1:${tlsPort}":
      tls: { cert: ${inside}/cert.pem, key: ${inside}/key.pem }
  sts: { enabled: ${sts}, duration: 1h, port: ${tlsPort} }
  casemapping: ascii
  enforce-utf8: true
  lookup-hostnames: false
  motd: ${inside}/motd
  max-sendq: 16M
  idle-timeouts: { registration: 60s, ping: 90s, disconnect: 150s }
  compatibility: { force-trailing: true, send-unprefixed-sasl: true }
  ip-limits: { count: false, throttle: false, exempted: [localhost] }
  ip-cloaking: { enabled: true, netname: irc, num-bits: 64 }
accounts:
  authentication-enabled: true
  registration: { enabled: true, allow-before-connect: true, bcrypt-cost: 4, throttling: { enabled: false } }
  login-throttling: { enabled: false }
  advertise-scram: true
  nick-reservation:
    enabled: true
    method: strict
    guest-nickname-format: "Guest-*"
    force-nick-equals-account: true
  multiclient: { enabled: true, allowed-by-default: true, always-on: opt-in, auto-away: opt-in }
channels:
  default-modes: +nt
  max-channels-per-client: 100
  registration: { enabled: true, max-channels-per-account: 15 }
oper-classes:
  all:
    title: Everything
    capabilities: [kill, ban, nofakelag, sajoin, samode, rehash, accreg, chanreg, history]
opers:
  oper: { class: all, password: "${hash}" }
logging:
  - { method: stderr, type: "* -userinput -useroutput", level: info }
lock-file: ${inside}/ircd.lock
datastore: { path: ${inside}/ircd.db, autoupgrade: true }
limits:
  nicklen: 32
  identlen: 20
  channellen: 64
  awaylen: 390
  kicklen: 390
  topiclen: 390
  monitor-entries: 100
  whowas-entries: 100
  chan-list-modes: 100
  registration-messages: 1024
  multiline: { max-bytes: 4096, max-lines: 100 }
fakelag: { enabled: ${!relaxed}, window: 1s, burst-limit: 5, messages-per-window: 2, cooldown: 2s }
history:
  enabled: true
  channel-length: 8192
  client-length: 512
  autoresize-window: 0
  autoreplay-on-join: 0
  chathistory-maxmessages: ${historyPage}
  restrictions: { expire-time: 1w, query-cutoff: none }
  retention: { allow-individual-delete: true }
  tagmsg-storage: { default: false, whitelist: ["+draft/react", "+react"] }
`
}
