// Real services for tests: atheme 7.2, linked to an InspIRCd 3, which offers SASL while they are there.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Daemon, makePeerHome, programInside, startDaemon } from './daemon.ts'
import type { Inspircd } from './inspircd.ts'
import { connect } from './irc-client.ts'

/**
 * Running services. The first link brings CAP DEL and CAP NEW of `sasl`; `stop` takes it from CAP LS, and CAP REQ is
 * refused, but no CAP DEL is sent; `start` brings it back as quietly.
 */
export interface Atheme extends Daemon {
  /** Registers a nick, and certificates by their SHA-256 fingerprint (hex, lower case) for EXTERNAL. */
  addAccount(nick: string, password: string, fingerprint?: string): Promise<void>
}

/** Starts services for a network; resolves when it offers SASL. */
export async function startAtheme({ ircd }: { ircd: Inspircd }): Promise<Atheme> {
  if (ircd.version !== 3) throw new Error('atheme 7.2 does not speak the protocol of InspIRCd 4')
  const home = makePeerHome('atheme')
  const file = home.write('atheme.conf', configure(ircd))
  const data = home.mkdir('data')
  let links = 0
  /** Whether this start has linked, told everything, and is known to the network. */
  const isReady = async () => {
    const log = readFileSync(join(home.directory, 'data/log'), 'utf8')
    const told = log.split('finished synching with uplink').length - 1
    if (told <= links || !(await offersSasl(ircd))) return false
    links = told
    return true
  }
  const daemon = await startDaemon({
    name: 'atheme',
    home,
    program: programInside('atheme'),
    args: ['-n', '-c', file, '-D', data, '-l', `${data}/log`, '-p', `${data}/pid`],
    isReady,
  })
  /** InspIRCd 3 now and then does not see that a link was closed (its socket stays in CLOSE-WAIT). */
  const unlink = async () => {
    if (ircd.pid === undefined) return
    await using client = await connect({ port: ircd.port })
    await client.register({ nick: 'unlinker' })
    client.send('OPER oper oper', `SQUIT ${ircd.link.services}`)
    await client.sync()
  }
  const { stop, kill } = daemon
  return Object.assign(daemon, {
    stop: () => stop().then(unlink),
    kill: () => kill().then(unlink),
    async addAccount(nick: string, password: string, fingerprint?: string) {
      await using client = await connect({ port: ircd.port })
      await client.register({ nick })
      const tell = async (words: string, answer: RegExp) => {
        client.send(`PRIVMSG NickServ :${words}`)
        await client.expect(answer)
      }
      await tell(`REGISTER ${password} ${nick}@irc.test`, /is now registered/)
      if (fingerprint !== undefined) await tell(`CERT ADD ${fingerprint}`, /Added fingerprint/)
    },
  })
}

async function offersSasl({ port }: Inspircd): Promise<boolean> {
  const client = await connect({ port })
  try {
    client.send('CAP LS 302')
    const offer = await client.expect('CAP * LS', { timeoutMs: 1_000 })
    return /\bsasl\b/.test(offer.raw)
  } finally {
    client.cut()
  }
}

const modules = `
  protocol/inspircd backend/opensex crypto/pbkdf2v2 nickserv/main nickserv/register nickserv/identify nickserv/ghost
  nickserv/cert nickserv/group nickserv/release nickserv/set_core chanserv/main chanserv/register saslserv/main
  saslserv/plain saslserv/external operserv/main`

function configure({ link, host }: Inspircd): string {
  const names = modules.split(/\s+/).filter((name) => name !== '')
  const service = (name: string) =>
    `${name.toLowerCase()} { nick = "${name}"; user = "${name}"; host = "${link.services}"; real = "${name}"; };`
  return `${names.map((name) => `loadmodule "modules/${name}";`).join('\n')}
serverinfo {
  name = "${link.services}"; desc = "Services"; numeric = "00A"; recontime = 1; netname = "Inspired";
  hidehostsuffix = "users.test"; adminname = "Tests"; adminemail = "tests@irc.test"; registeremail = "noreply@irc.test";
  mta = "/bin/true"; loglevel = { error; info; admin; network; }; maxcertfp = 10; maxlogins = 1000; maxusers = 0;
  auth = none; casemapping = rfc1459;
};
uplink "${link.server}" {
  host = "${host}"; port = ${link.port}; send_password = "${link.password}"; receive_password = "${link.password}";
};
${['NickServ', 'ChanServ', 'OperServ', 'SaslServ'].map(service).join('\n')}
general { flood_msgs = 0; commit_interval = 1; silent; };
`
}
