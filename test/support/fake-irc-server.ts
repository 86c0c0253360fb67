// An IRC network in this process for tests: clients register and talk on it as on a real one, and the test makes
// everything else happen (`fake-irc/drive.ts`), changes how it behaves (`settings`), or answers a command itself (`on`).
import { once } from 'node:events'
import { createServer as createTcp, type Server, type Socket } from 'node:net'
import { createServer as createTls, type TLSSocket, Server as TlsServer } from 'node:tls'
import type { Certificate } from './ca.ts'
import { quit } from './fake-irc/acts.ts'
import { command } from './fake-irc/commands.ts'
import { type FakeConnection, makeConnection } from './fake-irc/connection.ts'
import { driveWorld, type FakeIrcDrive } from './fake-irc/drive.ts'
import { registerCommands, welcomeWhenReady } from './fake-irc/register.ts'
import {
  defaultSettings,
  type FakeIrcOptions,
  type FakeIrcSettings,
  fold,
  type Handler,
  type ReceivedLine,
  type World,
} from './fake-irc/world.ts'
import { type Expected, type ExpectOptions, makeLineLog, parseLine } from './irc-line.ts'

/** A running network. */
export interface FakeIrcServer extends FakeIrcDrive, AsyncDisposable {
  readonly port: number
  /** May be changed at any time. */
  readonly settings: FakeIrcSettings
  /** Every line received since the start, oldest first; `at` says when. */
  readonly received: ReceivedLine[]
  /** Connections that are open. */
  readonly connections: FakeConnection[]
  /** When each connection was accepted, ms on the clock of `performance.now()`. */
  readonly accepted: number[]
  /** The connection of a nick; throws when there is none. */
  client(nick: string): FakeConnection
  /** The folded names of a channel's members; empty when there is no such channel. */
  members(channel: string): string[]
  /** The next line that clients send, as `LineLog.expect`. */
  expectLine(expected: Expected, options?: ExpectOptions): Promise<ReceivedLine>
  /** Handles a command before the network does; true: nothing else is done with it. Undefined takes it away. */
  on(command: string, handler: Handler | undefined): void
  /** A line as it is, to one nick or to all connections. Bytes must end in a newline. */
  raw(line: string | Buffer, to?: string): void
  /** KILL or K-line: ERROR and the end of a client's connection. */
  kill(nick: string, reason?: string): void
  /** All connections are reset, without a word. */
  cut(): void
  /** All connections fall silent: nothing is read, nothing written, none is closed. New ones are not accepted. */
  freeze(): void
  /** Undoes `freeze`; what was written meanwhile is lost. */
  thaw(): void
  /** Serves another certificate to connections from now on. */
  setCertificate(certificate: Certificate): void
  /** Closes all connections and the port; the people without connections and their channels stay. */
  stop(): Promise<void>
  /** Listens again on the same port. */
  start(): Promise<void>
}

/** Starts a network on 127.0.0.1. */
export async function startFakeIrc(options: FakeIrcOptions = {}): Promise<FakeIrcServer> {
  const { tls, port: wantedPort = 0, ...changes } = options
  const world: World = {
    settings: { ...defaultSettings(), ...changes },
    users: new Map(),
    channels: new Map(),
    connections: new Set(),
    handlers: new Map(),
    count: 0,
  }
  const { settings } = world
  const log = makeLineLog<ReceivedLine>(() => settings.name)
  const accepted: number[] = []
  const sockets = new Set<Socket>()
  let port = wantedPort
  let certificate = tls
  let server: Server | TlsServer | undefined
  let isFrozen = false

  function accept(socket: Socket): void {
    accepted.push(performance.now())
    const connection = makeConnection(world, socket, (bytes) => receive(connection, bytes))
    world.connections.add(connection)
    if (settings.refuse !== '') connection.end(settings.refuse)
    socket.on('close', () => {
      world.connections.delete(connection)
      connection.isClosed = true
      const { user } = connection
      if (world.users.get(fold(world, user.nick)) !== user) return
      if (connection.isRegistered) quit(world, user, 'Connection closed')
      else world.users.delete(fold(world, user.nick))
    })
  }

  function receive(connection: FakeConnection, bytes: Buffer): void {
    if (connection.isClosed) return
    const line: ReceivedLine = { ...parseLine(bytes.toString()), connection, bytes }
    const { label } = line.tags
    if (line.command === '') return
    if (label !== undefined && connection.caps.has('labeled-response')) {
      world.count += 1
      connection.labelled(label, () => handle(line))
    } else handle(line)
    // Behind the effects: whoever waits for the line sees them.
    log.push(line)
  }

  function handle(line: ReceivedLine): void {
    const { connection } = line
    if (isFlooding(connection)) {
      quit(world, connection.user, 'Excess Flood')
      connection.end('Closing link: (Excess Flood)')
      return
    }
    if (world.handlers.get(line.command)?.(line, connection) === true) return
    const register = registerCommands[line.command]
    if (line.command === 'PING') {
      if (settings.answersPing)
        connection.tell(`:${settings.name} PONG ${settings.name} :${line.params[0] ?? ''}`)
    } else if (line.command === 'QUIT') {
      const reason = `Quit: ${line.params[0] ?? ''}`
      if (connection.isRegistered) quit(world, connection.user, reason)
      connection.end(`Closing link: (${reason})`)
    } else if (register) {
      register(world, connection, line)
      welcomeWhenReady(world, connection)
    } else if (line.command !== 'PONG') {
      if (connection.isRegistered) command(world, connection, line)
      else connection.numeric('451', 'You have not registered')
    }
  }

  function isFlooding(connection: FakeConnection): boolean {
    if (settings.maxLinesPerSecond === 0) return false
    const now = performance.now()
    connection.recent = [...connection.recent.filter((at) => at > now - 1000), now]
    return connection.recent.length > settings.maxLinesPerSecond
  }

  async function start(): Promise<void> {
    if (server) return
    const started = certificate
      ? createTls({ ...pem(certificate), requestCert: true, rejectUnauthorized: false })
      : createTcp()
    started.on('connection', (socket: Socket) => {
      if (isFrozen) socket.pause()
      sockets.add(socket)
      socket.on('error', () => socket.destroy())
      socket.once('close', () => sockets.delete(socket))
    })
    // A handshake that fails is the client's affair.
    started.on('tlsClientError', () => undefined)
    if (certificate) started.on('secureConnection', (socket: TLSSocket) => accept(socket))
    else started.on('connection', accept)
    started.listen(port, '127.0.0.1')
    await once(started, 'listening')
    const address = started.address()
    port = typeof address === 'object' && address ? address.port : port
    server = started
    log.reopen()
  }

  async function stop(): Promise<void> {
    const ending = server
    server = undefined
    if (!ending) return
    const closed = once(ending, 'close')
    ending.close()
    for (const socket of sockets) socket.destroy()
    await closed
    log.end('the server is stopped')
  }

  function client(nick: string): FakeConnection {
    const connection = world.users.get(fold(world, nick))?.connection
    if (!connection) throw new Error(`${nick} is not connected to ${settings.name}`)
    return connection
  }

  await start()
  return {
    ...driveWorld(world),
    get port() {
      return port
    },
    settings,
    received: log.lines,
    get connections() {
      return [...world.connections]
    },
    accepted,
    client,
    members: (channel) =>
      [...(world.channels.get(fold(world, channel))?.members.keys() ?? [])].map(({ nick }) => nick),
    expectLine: log.expect,
    on(name, handler) {
      if (handler) world.handlers.set(name, handler)
      else world.handlers.delete(name)
    },
    raw(line, to) {
      for (const connection of world.connections) {
        if (to !== undefined && fold(world, connection.user.nick) !== fold(world, to)) continue
        // As it is: without tags that a label or a capability would add.
        connection.tell(Buffer.isBuffer(line) ? line : Buffer.from(`${line}\r\n`))
      }
    },
    kill(nick, reason = 'Killed') {
      const connection = client(nick)
      const { user } = connection
      quit(world, user, reason)
      connection.end(`Closing link: (${user.user}@${user.host}) [${reason}]`)
    },
    cut() {
      for (const socket of sockets) socket.resetAndDestroy()
    },
    freeze() {
      isFrozen = true
      for (const socket of sockets) socket.pause()
      for (const connection of world.connections) connection.isClosed = true
    },
    thaw() {
      isFrozen = false
      for (const connection of world.connections) connection.isClosed = false
      for (const socket of sockets) socket.resume()
    },
    setCertificate(next) {
      certificate = next
      if (server instanceof TlsServer) server.setSecureContext(pem(next))
    },
    stop,
    start,
    [Symbol.asyncDispose]: stop,
  }
}

function pem({ cert, key }: Certificate): { cert: string; key: string } {
  return { cert, key }
}
