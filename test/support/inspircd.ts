// A real InspIRCd for tests, 3.15 of this machine or 4.7 of the trixie tree: plain and TLS, limits relaxed so that it
// neither slows nor kills a bouncer, and a place for services to link to.
import type { Ca, Certificate } from './ca.ts'
import {
  type Daemon,
  freePorts,
  isListening,
  makePeerHome,
  programInside,
  startDaemon,
} from './daemon.ts'

/** What to start. */
export interface InspircdOptions {
  /** Of the tests: signs its certificate. */
  ca: Ca
  /** 4 when absent. */
  version?: 3 | 4
  /** Its network's name; `Inspired` when absent. */
  network?: string
  /** More configuration, in its own language. */
  config?: string
  /** False leaves its own limits: fakelag, command rate, connections of one address. */
  relaxed?: boolean
}

/** A running InspIRCd. `/OPER oper oper` gives all powers: KILL, KLINE, … */
export interface Inspircd extends Daemon {
  version: 3 | 4
  host: '127.0.0.1'
  /** Without TLS. */
  port: number
  tlsPort: number
  /** Where services link: `atheme.ts`. */
  link: { port: number; password: string; services: string; server: string }
  /** What it listens with; `replaceCertificate` gives it another one and makes it load it. */
  certificate: Certificate
  replaceCertificate(certificate: Certificate): void
}

const common = `
  alias botmode cap chghost customprefix deaf hidechans ircv3 ircv3_accounttag ircv3_batch ircv3_capnotify ircv3_chghost
  ircv3_ctctags ircv3_echomessage ircv3_invitenotify ircv3_labeledresponse ircv3_msgid ircv3_servertime knock md5
  monitor namedmodes pbkdf2 sasl setname sha1 spanningtree ssl_gnutls sslinfo swhois timedbans uhnames`
const modules = {
  3: `${common} namesx regex_glob servprotect services_account sha256 svshold`,
  4: `${common} account multiprefix services sha2`,
} as const

/** Makes and starts one; resolves when both ports answer. */
export async function startInspircd(options: InspircdOptions): Promise<Inspircd> {
  const { ca, version = 4, network = 'Inspired' } = options
  const peer = version === 3 ? 'inspircd3' : 'inspircd4'
  const home = makePeerHome(peer, ca)
  const [port = 0, tlsPort = 0, linkPort = 0] = await freePorts(3)
  const certificate = await ca.issue('127.0.0.1', 'localhost', 'irc.test')
  const link = {
    port: linkPort,
    password: 'link',
    services: 'services.test',
    server: `inspircd${version}.test`,
  }
  const writeCertificate = ({ cert, key }: Certificate) => {
    home.write('cert.pem', cert)
    home.write('key.pem', key)
  }
  writeCertificate(certificate)
  home.write('motd', 'Welcome.\n')
  const inside = home.inside
  const text = configure({ ...options, version, network }, { port, tlsPort, link, inside })
  const file = home.write('inspircd.conf', text)
  const daemon = await startDaemon({
    name: `InspIRCd ${version}`,
    home,
    program: programInside(peer),
    args: ['--nofork', '--nopid', '--nolog', '--config', file],
    isReady: async () => (await isListening(port)) && (await isListening(tlsPort)),
  })
  const inspircd: Inspircd = Object.assign(daemon, {
    version,
    host: '127.0.0.1' as const,
    port,
    tlsPort,
    link,
    certificate,
    replaceCertificate(next: Certificate) {
      writeCertificate(next)
      inspircd.certificate = next
      // Rehashes, which loads the certificate again.
      daemon.signal('SIGHUP')
    },
  })
  return inspircd
}

interface Places {
  port: number
  tlsPort: number
  inside: string
  link: Inspircd['link']
}

function configure(
  {
    version,
    network,
    config = '',
    relaxed = true,
  }: Required<Pick<InspircdOptions, 'version' | 'network'>> & InspircdOptions,
  { port, tlsPort, inside, link }: Places,
): string {
  const names = modules[version].split(/\s+/).filter((name) => name !== '')
  const limits = relaxed
    ? `recvq="1048576" softsendq="104857600" hardsendq="104857600" threshold="1000000" commandrate="1000000000" fakelag="no"`
    : `recvq="8192" softsendq="8192" hardsendq="1048576" threshold="10" commandrate="1000" fakelag="yes"`
  const services =
    version === 3
      ? `<uline server="${link.services}" silent="yes">`
      : `<services server="${link.services}" silent="yes">`
  return `<config format="xml">
<server name="${link.server}" description="Tests" network="${network}" id="001">
<admin name="Tests" description="Tests" nick="tests" email="tests@irc.test">
${names.map((name) => `<module name="${name}">`).join('\n')}
<bind address="127.0.0.1" port="${port}" type="clients">
<bind address="127.0.0.1" port="${tlsPort}" type="clients" sslprofile="tests">
<bind address="127.0.0.1" port="${link.port}" type="servers">
<sslprofile name="tests" provider="gnutls" certfile="${inside}/cert.pem" keyfile="${inside}/key.pem" hash="sha256" requestclientcert="yes">
<gnutls onrehash="yes">
<connect name="main" allow="*" mask="*" timeout="60" pingfreq="120" ${limits}
  localmax="5000" globalmax="5000" maxchans="1000" resolvehostnames="no" uselogintitle="no" useconnectban="no" useconnflood="no">
<performance netbuffersize="65534" somaxconn="1024" softlimit="10000" quietbursts="yes" clonesonconnect="no" timeskipwarn="0">
<options defaultmodes="not" prefixquit="Quit: " nosnoticestack="no" syntaxhints="no" modesinlist="no">
<limits maxnick="30" maxchan="64" maxmodes="20" maxident="12" maxtopic="390" maxkick="300" maxreal="130" maxaway="200">
<security hideserver="" userstats="Pu" flatlinks="no" announceinvites="dynamic">
<maxlist chan="*" mode="*" limit="100">
<dns server="127.0.0.1" timeout="1">
<pid file="${inside}/inspircd.pid">
<log method="stderr" target="stderr" type="* -USERINPUT -USEROUTPUT" level="default">
<file motd="${inside}/motd"><files motd="${inside}/motd">
<class name="all" commands="*" privs="*" usermodes="*" chanmodes="*" snomasks="*">
<type name="all" classes="all">
<oper name="oper" password="oper" host="*@*" type="all">
<link name="${link.services}" ipaddr="127.0.0.1" port="${link.port}" allowmask="127.0.0.0/8" sendpass="${link.password}" recvpass="${link.password}">
${services}
<sasl target="${link.services}" requiressl="no">
${config}
`
}
