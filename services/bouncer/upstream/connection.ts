// One connection to a network, by irc-framework's client at its raw layer: it opens the transport and sends CAP LS, PASS,
// NICK and USER, and what we write. Every line that comes is ours, straight from the transport: its own handlers would
// answer CTCP and re-write lines, and its parser and events would take a fifth of the time that a line takes here.
import irc from 'irc-framework'
import { type OpenSocket, type Received, transportOn } from './transport.ts'

export interface ConnectionOptions {
  open: OpenSocket
  nick: string
  username: string
  realname: string
  /** Server password; empty: none. */
  password: string
}

export interface ConnectionEvents extends Received {
  /** The socket is open (and its certificate is right); the opening lines are sent. */
  onOpen(): void
  /** Ended, or never came to be. Called once. */
  onClose(reason: Error | undefined): void
}

export interface Connection {
  /** Sends one line (latin1) at once. */
  write(line: string): void
  /** Sends a last line, if any, and ends. */
  end(lastLine?: string): void
  /** Ends without waiting for anything. */
  destroy(): void
}

/** Begins to connect. */
export function connect(options: ConnectionOptions, events: ConnectionEvents): Connection {
  let isClosed = false
  const client = new irc.Client({
    transport: transportOn(options.open, {
      onLine(line) {
        if (!isClosed) events.onLine(line)
      },
      onTooLong: () => events.onTooLong(),
    }),
    nick: options.nick,
    username: options.username,
    gecos: options.realname,
    password: options.password,
    // Without this the server password is sent as a SASL password, too.
    account: {},
    encoding: 'latin1',
    version: null,
    auto_reconnect: false,
    ping_interval: 0,
    ping_timeout: 0,
  })
  const closed = (reason: Error | false | undefined) => {
    if (isClosed) return
    isClosed = true
    events.onClose(reason || undefined)
  }
  client.on('socket connected', () => events.onOpen())
  client.on('socket close', closed)
  client.connect()
  return {
    write: (line) => void client.connection.write(line),
    end(lastLine) {
      client.connection.end(lastLine)
    },
    destroy() {
      client.connection.transport?.disposeSocket()
      closed(undefined)
    },
  }
}
