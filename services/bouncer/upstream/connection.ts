// One connection to a network, by irc-framework's client at its raw layer: it opens the transport and sends CAP LS, PASS,
// NICK and USER; every line then comes to us, and none to its own handlers, which would answer CTCP and re-write lines.
import irc from 'irc-framework'
import { type OpenSocket, transportOn } from './transport.ts'

export interface ConnectionOptions {
  open: OpenSocket
  nick: string
  username: string
  realname: string
  /** Server password; empty: none. */
  password: string
}

export interface ConnectionEvents {
  /** The socket is open (and its certificate is right); the opening lines are sent. */
  onOpen(): void
  /** One line, as latin1, without its end. */
  onLine(line: string): void
  /** A line of more than 16 KiB was dropped. */
  onTooLong(): void
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
  const client = new irc.Client({
    transport: transportOn(options.open),
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
  let isClosed = false
  const closed = (reason: Error | false | undefined) => {
    if (isClosed) return
    isClosed = true
    events.onClose(reason || undefined)
  }
  client.use((_, raw) => raw.use(() => {})) // the chain ends here: nothing is dispatched
  client.on('socket connected', () => events.onOpen())
  client.on('raw', ({ line, from_server }) => {
    if (from_server && !isClosed) events.onLine(line)
  })
  client.connection.on('line too long', () => events.onTooLong())
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
