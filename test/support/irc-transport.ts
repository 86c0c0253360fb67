// The wire below the raw IRC client of tests: TCP, TLS or WebSocket, with means to stall and to cut it.
import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { WebSocket } from 'ws'

/** TLS: the PEM of the CA to trust, and a client's certificate if it has one. */
export interface IrcTls {
  ca: string
  /** The name to verify; the host when absent. */
  servername?: string
  cert?: string
  key?: string
}

/** Where to connect. */
export interface IrcEndpoint {
  port: number
  /** 127.0.0.1 when absent. */
  host?: string
  /** Where it comes from; chosen by the system when absent. */
  localAddress?: string
  tls?: IrcTls
  /** WebSocket at this path (https://ircv3.net/specs/extensions/websocket). */
  path?: string
  /** Subprotocol offered there; `text.ircv3.net` when absent. */
  protocol?: 'text.ircv3.net' | 'binary.ircv3.net'
  /** More headers of the WebSocket's request. */
  headers?: Record<string, string>
  /** Sent as the first bytes of the connection, before TLS: a PROXY header. */
  preamble?: string | Buffer
}

/** What is told of the connection. */
export interface IrcWireEvents {
  line(bytes: Buffer): void
  closed(reason: string): void
}

/** An open connection. */
export interface IrcWire {
  /** The socket under all, for addresses and certificates. */
  socket: Socket
  /** The subprotocol that a WebSocket agreed on; empty for others. */
  protocol: string
  /** Writes one line, or bytes as they are when they end in a newline. */
  write(line: string | Buffer): void
  /** Stops reading: the other side's buffers fill. */
  pause(): void
  resume(): void
  /** Ends it in order. */
  end(): void
  /** Ends it with a reset. */
  cut(): void
}

/** Opens a connection; rejects when it fails. */
export async function openWire(endpoint: IrcEndpoint, events: IrcWireEvents): Promise<IrcWire> {
  const { port, host = '127.0.0.1', localAddress, tls, preamble } = endpoint
  const tcp = connectTcp({ port, host, ...(localAddress && { localAddress }) })
  tcp.setNoDelay(true)
  await once(tcp, 'connect')
  if (preamble !== undefined) tcp.write(preamble)
  const secured = tls ? connectTls({ socket: tcp, servername: host, ...withoutIp(tls, host) }) : tcp
  if (secured !== tcp) await once(secured, 'secureConnect')
  if (endpoint.path !== undefined) return openWebSocket(endpoint, { tcp, secured, events })
  let reason = 'the connection was closed'
  secured.on('error', (error) => {
    reason = error.message
  })
  secured.once('close', () => events.closed(reason))
  secured.on('data', lineReader(events.line))
  return {
    socket: secured,
    protocol: '',
    write(line) {
      const isWhole = typeof line !== 'string' && line.at(-1) === 0x0a
      secured.write(isWhole ? line : Buffer.concat([Buffer.from(line), Buffer.from('\r\n')]))
    },
    // Both: the one over the other goes on reading into its own buffer.
    pause: () => secured.pause() && tcp.pause(),
    resume: () => tcp.resume() && secured.resume(),
    end: () => secured.end(),
    cut: () => tcp.resetAndDestroy(),
  }
}

/** Cuts a stream of bytes into lines, without their ends; nothing bounds a line. */
export function lineReader(onLine: (bytes: Buffer) => void): (chunk: Buffer) => void {
  let rest: Buffer[] = []
  return (chunk) => {
    let start = 0
    for (let end = chunk.indexOf(0x0a); end !== -1; end = chunk.indexOf(0x0a, start)) {
      rest.push(chunk.subarray(start, end))
      const line = rest.length === 1 && rest[0] ? rest[0] : Buffer.concat(rest)
      rest = []
      start = end + 1
      onLine(line.at(-1) === 0x0d ? line.subarray(0, -1) : line)
    }
    if (start < chunk.length) rest.push(chunk.subarray(start))
  }
}

async function openWebSocket(
  { host = '127.0.0.1', port, path, tls, headers, protocol = 'text.ircv3.net' }: IrcEndpoint,
  { tcp, secured, events }: { tcp: Socket; secured: Socket; events: IrcWireEvents },
): Promise<IrcWire> {
  const url = `${tls ? 'wss' : 'ws'}://${host}:${port}${path}`
  const socket = new WebSocket(url, [protocol], {
    createConnection: () => secured,
    perMessageDeflate: false,
    ...(headers && { headers }),
  })
  let reason = 'the WebSocket was closed'
  const opened = once(socket, 'open')
  socket.on('error', (error) => {
    reason = error.message
  })
  socket.on('close', (code) => events.closed(`${reason} (${code})`))
  socket.on('message', (data) => {
    events.line(Buffer.isBuffer(data) ? data : Buffer.concat([data].flat().map(toBuffer)))
  })
  await opened
  return {
    socket: secured,
    protocol: socket.protocol,
    write: (line) => socket.send(line, { binary: socket.protocol === 'binary.ircv3.net' }),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    end: () => socket.close(1000),
    cut: () => tcp.resetAndDestroy(),
  }
}

function toBuffer(data: Buffer | ArrayBuffer): Buffer {
  return Buffer.isBuffer(data) ? data : Buffer.from(data)
}

/** A server name may not be an address (RFC 6066, 3); Node then verifies the address given as host. */
function withoutIp(tls: IrcTls, host: string): IrcTls & { host: string } {
  const { servername = /^[\d.]+$|:/.test(host) ? '' : host, ...rest } = tls
  return { ...rest, servername, host }
}
