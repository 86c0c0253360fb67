// A real ngIRCd for tests: an old network without IRCv3 but multi-prefix, with nicks of 9 letters and ASCII casemapping.
import type { Ca } from './ca.ts'
import {
  type Daemon,
  freePorts,
  isListening,
  makePeerHome,
  programInside,
  startDaemon,
} from './daemon.ts'

/** A running ngIRCd. `/OPER oper oper` gives KILL, KLINE and GLINE. */
export interface Ngircd extends Daemon {
  host: '127.0.0.1'
  /** Without TLS. */
  port: number
  tlsPort: number
}

/** Makes and starts one; resolves when both ports answer. */
export async function startNgircd({
  ca,
  password,
}: {
  ca: Ca
  /** Of the server; none when absent. */
  password?: string
}): Promise<Ngircd> {
  const home = makePeerHome('ngircd')
  const [port = 0, tlsPort = 0] = await freePorts(2)
  const { cert, key } = await ca.issue('127.0.0.1', 'localhost', 'irc.test')
  const file = home.write(
    'ngircd.conf',
    `[Global]
Name = ngircd.test
Info = Tests
Listen = 127.0.0.1
Ports = ${port}
MotdPhrase = "Welcome."
Network = Old
PidFile = ${home.inside}/pid
${password === undefined ? '' : `Password = ${password}`}
[Limits]
MaxConnectionsIP = 0
MaxJoins = 0
MaxPenaltyTime = 0
PingTimeout = 120
[Options]
DNS = no
Ident = no
PAM = no
SyslogFacility = local1
[SSL]
CertFile = ${home.write('cert.pem', cert)}
KeyFile = ${home.write('key.pem', key)}
Ports = ${tlsPort}
[Operator]
Name = oper
Password = oper
`,
  )
  const daemon = await startDaemon({
    name: 'ngIRCd',
    home,
    program: programInside('ngircd'),
    args: ['--nodaemon', '--config', file],
    isReady: async () => (await isListening(port)) && (await isListening(tlsPort)),
  })
  return Object.assign(daemon, { host: '127.0.0.1' as const, port, tlsPort })
}
