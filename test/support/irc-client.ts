// A raw IRC client for tests: sends lines as they are, remembers every line it got, waits for what is expected. It
// does nothing by itself but answer PING.
import {
  type Expected,
  type ExpectOptions,
  type IrcLine,
  makeLineLog,
  parseLine,
} from './irc-line.ts'
import { type Login, register, type Welcome } from './irc-register.ts'
import { type IrcEndpoint, openWire } from './irc-transport.ts'

/** Where to connect, and how. */
export interface IrcClientOptions extends IrcEndpoint {
  /** How bytes are read; utf8 when absent. */
  encoding?: 'utf8' | 'latin1'
  /** False leaves PING unanswered. */
  answersPing?: boolean
}

/** A connected client. */
export interface IrcClient extends AsyncDisposable {
  /** Everything received so far. */
  readonly lines: IrcLine[]
  /** As the server calls it; '*' before registration. */
  readonly nick: string
  readonly isClosed: boolean
  /** The subprotocol of a WebSocket; empty for others. */
  readonly protocol: string
  /** Resolves with the reason when the connection has ended. */
  readonly closed: Promise<string>
  /** Sends lines as they are; their ends are added. Bytes that end in a newline go out unchanged. */
  send(...lines: (string | Buffer)[]): void
  /** See `LineLog.expect`: the next line that is expected, in order. */
  expect(expected: Expected, options?: ExpectOptions): Promise<IrcLine>
  /** Sends PING and waits for its PONG: all lines behind the last match, up to it. */
  sync(options?: { timeoutMs?: number }): Promise<IrcLine[]>
  /** Logs in; resolves at the end of the MOTD, rejects when the server refuses. */
  register(login: Login): Promise<Welcome>
  /** Stops reading, as a stalled client does. */
  pause(): void
  resume(): void
  /** QUIT, and the end of the connection. */
  close(): Promise<void>
  /** Destroys the connection without QUIT. */
  cut(): void
}

/** Connects; rejects when the connection or TLS fails. */
export async function connect(options: IrcClientOptions): Promise<IrcClient> {
  const { encoding = 'utf8', answersPing = true } = options
  let nick = '*'
  let isClosed = false
  let pings = 0
  const log = makeLineLog<IrcLine>(() => `the client ${nick}`)
  const closed = Promise.withResolvers<string>()

  const wire = await openWire(options, {
    line(bytes) {
      const line = parseLine(bytes.toString(encoding))
      if (line.command === 'PING' && answersPing) wire.write(`PONG :${line.params[0] ?? ''}`)
      if (line.command === '001') nick = line.params[0] ?? nick
      if (line.command === 'NICK' && line.nick === nick) nick = line.params[0] ?? nick
      log.push(line)
    },
    closed(reason) {
      isClosed = true
      log.end(reason)
      closed.resolve(reason)
    },
  })

  const close = async () => {
    wire.resume()
    if (!isClosed) {
      wire.write('QUIT :done')
      wire.end()
      // A server that does not close its side is not waited for.
      const deadline = setTimeout(() => wire.cut(), 500)
      await closed.promise
      clearTimeout(deadline)
    }
  }
  const client: IrcClient = {
    lines: log.lines,
    get nick() {
      return nick
    },
    get isClosed() {
      return isClosed
    },
    protocol: wire.protocol,
    closed: closed.promise,
    send(...lines) {
      for (const line of lines) wire.write(line)
    },
    expect: log.expect,
    async sync(timing = {}) {
      const from = log.position()
      pings += 1
      const token = `sync-${pings}`
      wire.write(`PING ${token}`)
      const isOurs = ({ command, params }: IrcLine) => command === 'PONG' && params.at(-1) === token
      const pong = await log.expect(isOurs, timing)
      return log.lines.slice(from, log.lines.indexOf(pong, from))
    },
    register: (login) => register(client, login),
    pause: wire.pause,
    resume: wire.resume,
    close,
    cut: wire.cut,
    [Symbol.asyncDispose]: close,
  }
  return client
}
