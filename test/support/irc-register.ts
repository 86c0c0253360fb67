// How the raw IRC client of tests logs in: PASS, capabilities, SASL, until the end of the MOTD.
import type { Expected, ExpectOptions, IrcLine } from './irc-line.ts'
import { scramClient } from './scram.ts'

/** How to prove who one is. `authzid` may name another identity, as `user/network@client`. */
export type Sasl =
  | { mechanism: 'PLAIN'; account: string; password: string; authzid?: string }
  | { mechanism: 'SCRAM-SHA-256'; account: string; password: string }
  | { mechanism: 'OAUTHBEARER'; account?: string; token: string }
  | { mechanism: 'EXTERNAL'; authzid?: string }

/** Who logs in. */
export interface Login {
  nick: string
  pass?: string
  /** The nick when absent. */
  user?: string
  realname?: string
  /** Capabilities to ask for; all must be granted. Without this and `sasl` there is no CAP at all, as with old clients. */
  caps?: readonly string[]
  sasl?: Sasl
  /** Sent before CAP END: `BOUNCER BIND 1` and the like. */
  beforeEnd?: readonly string[]
  /** Deadline of each step; 10 s when absent. */
  timeoutMs?: number
}

/** What registration brought. */
export interface Welcome {
  /** Capabilities offered, with their values; '' for none. */
  offered: Map<string, string>
  /** The account that SASL logged in to; '' without. */
  account: string
  /** Tokens of 005 with their values; '' for none. */
  isupport: Map<string, string>
  /** All lines from the start to the end of the MOTD. */
  lines: IrcLine[]
}

interface Registrant {
  readonly lines: IrcLine[]
  send(...lines: string[]): void
  expect(expected: Expected, options?: ExpectOptions): Promise<IrcLine>
}

const refusals = /^(ERROR|43[1236]|46[1245]|90[24567])$/

/** Logs a connected client in; rejects when the server refuses. */
export async function register(client: Registrant, login: Login): Promise<Welcome> {
  const { nick, pass, user = nick, realname = nick, caps, sasl, timeoutMs = 10_000 } = login
  const wanted = [...(caps ?? []), ...(sasl && !caps?.includes('sasl') ? ['sasl'] : [])]
  const negotiates = caps !== undefined || sasl !== undefined
  const welcome: Welcome = { offered: new Map(), account: '', isupport: new Map(), lines: [] }
  /** Waits for the next of these commands. */
  const next = async (...commands: string[]) => {
    const line = await client.expect(
      ({ command }) => commands.includes(command) || refusals.test(command),
      { timeoutMs },
    )
    if (!commands.includes(line.command)) throw new Error(`${nick} was refused: ${line.raw}`)
    return line
  }

  if (negotiates) client.send('CAP LS 302')
  if (pass !== undefined) client.send(`PASS :${pass}`)
  client.send(`NICK ${nick}`, `USER ${user} 0 * :${realname}`)
  if (negotiates) await readOffer(welcome.offered, next)
  if (wanted.length > 0) {
    client.send(`CAP REQ :${wanted.join(' ')}`)
    let granted = 0
    while (granted < wanted.length) {
      const { raw, params } = await next('CAP')
      if (params[1] === 'NAK') throw new Error(`${nick}: capabilities refused: ${raw}`)
      if (params[1] === 'ACK') granted += params[2]?.trim().split(' ').length ?? 0
    }
  }
  if (sasl) welcome.account = await authenticate(client, sasl, next)
  client.send(...(login.beforeEnd ?? []))
  if (negotiates) client.send('CAP END')
  await next('001')
  await next('376', '422')
  welcome.lines = [...client.lines]
  for (const { command, params } of client.lines) {
    if (command !== '005') continue
    for (const token of params.slice(1, -1)) {
      const [key = '', ...value] = token.split('=')
      welcome.isupport.set(key, value.join('='))
    }
  }
  return welcome
}

type Next = (...commands: string[]) => Promise<IrcLine>

/** CAP LS 302, over as many lines as it takes. */
async function readOffer(offered: Map<string, string>, next: Next): Promise<void> {
  let isLast = false
  while (!isLast) {
    const { params } = await next('CAP')
    if (params[1] !== 'LS') continue
    isLast = params[2] !== '*'
    for (const cap of params.at(-1)?.trim().split(' ') ?? []) {
      const [name = '', ...value] = cap.split('=')
      offered.set(name, value.join('='))
    }
  }
}

/** SASL as of https://ircv3.net/specs/extensions/sasl-3.1: payloads of 400 bytes at most; returns the account. */
async function authenticate(
  client: Pick<Registrant, 'send'>,
  sasl: Sasl,
  next: Next,
): Promise<string> {
  const answer = answers(sasl)
  client.send(`AUTHENTICATE ${sasl.mechanism}`)
  let account = ''
  for (;;) {
    const line = await next('AUTHENTICATE', '900', '903')
    if (line.command === '903') return account
    if (line.command === '900') {
      account = line.params[2] ?? ''
      continue
    }
    const [said = '+'] = line.params
    const text = said === '+' ? '' : Buffer.from(said, 'base64').toString()
    const payload = Buffer.from(answer(text)).toString('base64')
    for (let start = 0; start <= payload.length; start += 400) {
      const part = payload.slice(start, start + 400)
      if (part !== '' || start === 0 || payload.length % 400 === 0) {
        client.send(`AUTHENTICATE ${part || '+'}`)
      }
    }
  }
}

function answers(sasl: Sasl): (said: string) => string {
  switch (sasl.mechanism) {
    case 'PLAIN':
      return () => `${sasl.authzid ?? ''}\0${sasl.account}\0${sasl.password}`
    case 'EXTERNAL':
      return () => sasl.authzid ?? ''
    case 'SCRAM-SHA-256':
      return scramClient(sasl.account, sasl.password)
    case 'OAUTHBEARER': {
      // After an error the server sends its reason, which a client answers with one byte (RFC 7628, 3.2.3).
      const first = `n,${sasl.account ? `a=${sasl.account}` : ''},\u0001auth=Bearer ${sasl.token}\u0001\u0001`
      return (said) => (said === '' ? first : '\u0001')
    }
  }
}
