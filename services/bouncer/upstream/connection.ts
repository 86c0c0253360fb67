// One connection to a network, by irc-framework's client at its raw layer: it opens the transport and sends CAP LS, PASS,
// NICK and USER, and what we write. Every line that comes is ours, straight from the transport: its own handlers would
// answer CTCP and re-write lines, and its parser and events would take a fifth of the time that a line takes here.
import type { Duplex } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import irc from 'irc-framework'
import type { Held } from '../hold/frames.ts'
import type { NetworkRecord } from '../store/records.ts'
import type { NetworkTime } from './network-time.ts'
import type { TextCodec } from './text.ts'
import { LineTransport, type OpenSocket, type Received, transportOn } from './transport.ts'

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
  /** The beginning of a line that is not whole yet. */
  rest(): Buffer
}

/** A connection of the process before us: it is registered, and nothing is said by itself. */
export interface Continued extends Connection {
  /** Bytes of the network that came meanwhile. */
  feed(bytes: Buffer): void
  /** Reads what comes now. */
  read(): void
}

/** Who we are to a network, as bytes of its encoding. */
export function identityOf(
  { nick, username, realname, serverPassword }: NetworkRecord,
  { encode }: TextCodec,
): Omit<ConnectionOptions, 'open'> {
  return {
    nick: encode(nick),
    username: encode(username || nick),
    realname: encode(realname || nick),
    password: encode(serverPassword),
  }
}

/** Begins to connect. */
export function connect(options: ConnectionOptions, events: ConnectionEvents): Connection {
  let isClosed = false
  let transport: LineTransport | undefined
  const received: Received = {
    onLine(line) {
      if (!isClosed) events.onLine(line)
    },
    onTooLong: () => events.onTooLong(),
  }
  const client = new irc.Client({
    transport: transportOn(options.open, received, (made) => {
      transport = made
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
    rest: () => transport?.rest() ?? Buffer.alloc(0),
  }
}

/** Goes on with a socket on which somebody else has registered: irc-framework would begin with CAP LS, NICK and USER. */
export function goOn(socket: Duplex, events: ConnectionEvents): Continued {
  let isClosed = false
  const received: Received = {
    onLine(line) {
      if (!isClosed) events.onLine(line)
    },
    onTooLong: () => events.onTooLong(),
  }
  const transport = new LineTransport(() => Promise.resolve(socket), received)
  const closed = (reason: Error | false | undefined) => {
    if (isClosed) return
    isClosed = true
    events.onClose(reason || undefined)
  }
  transport.on('close', closed)
  transport.adopt(socket)
  return {
    write: (line) => transport.writeLine(line),
    end(lastLine) {
      if (lastLine === undefined) transport.close()
      else transport.writeLine(lastLine, () => transport.close())
    },
    destroy() {
      transport.disposeSocket()
      closed(undefined)
    },
    rest: () => transport.rest(),
    feed: (bytes) => transport.feed(bytes),
    read: () => transport.read(),
  }
}

/** Takes what was held, each piece with the time of its arrival, and then what comes now. */
export async function takeHeld(
  connection: Continued,
  time: NetworkTime,
  held: readonly Held[],
): Promise<void> {
  for (const { time: arrival, bytes } of held) {
    time.arrival = arrival
    connection.feed(bytes)
    time.arrival = undefined
    // Others have their turn, and the store commits.
    await nextTurn()
  }
  connection.read()
}
