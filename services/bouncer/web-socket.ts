// IRC over WebSocket, at /socket of the web listener. https://ircv3.net/specs/extensions/websocket
import type { IncomingMessage, Server } from 'node:http'
import { BlockList, isIPv6 } from 'node:net'
import type { Duplex } from 'node:stream'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'
import type { Bouncer } from './bouncer.ts'
import type { Admission } from './downstream/admission.ts'
import { Intake } from './downstream/intake.ts'
import { Keepalive } from './downstream/keepalive.ts'
import type { Wire } from './downstream/socket.ts'

export const WEB_SOCKET_PATH = '/socket'
const TEXT = 'text.ircv3.net'
const BINARY = 'binary.ircv3.net'
/** Of one message, which is one line. */
const MAX_MESSAGE = 16 * 1024
const GOODBYE_MS = 3_000

export interface WebSocketOptions {
  /** Pages of these origins may connect, besides our own. */
  origins: readonly string[]
  /** Whose X-Forwarded-… headers count. */
  trusted?: BlockList
  admission: Admission
}

/** Takes the upgrades of a web server. */
export function serveWebSockets(
  bouncer: Bouncer,
  server: Server,
  { origins, trusted = new BlockList(), admission }: WebSocketOptions,
): void {
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: MAX_MESSAGE,
    perMessageDeflate: false,
    handleProtocols: (offered) =>
      [...offered].find((each) => each === TEXT || each === BINARY) ?? false,
  })
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => {}) // 'close' follows
    if (request.url?.split('?', 1)[0] !== WEB_SOCKET_PATH) return refuse(socket, '404 Not Found')
    if (!isAllowed(request, origins, trusted)) return refuse(socket, '403 Forbidden')
    const address = clientAddress(request, trusted)
    const leave = admission.enter(address)
    if (!leave) return refuse(socket, '429 Too Many Requests')
    socket.once('close', leave)
    sockets.handleUpgrade(request, socket, head, (webSocket) =>
      takeWebSocket(bouncer, webSocket, { socket, address, leave }),
    )
  })
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

/** Programs send no Origin; a page must be ours, or listed. */
function isAllowed(
  { headers, socket }: IncomingMessage,
  origins: readonly string[],
  trusted: BlockList,
): boolean {
  const { origin } = headers
  if (origin === undefined || origins.includes(origin)) return true
  const forwarded = isIn(trusted, socket.remoteAddress) ? headers['x-forwarded-host'] : undefined
  const host = [forwarded].flat()[0] ?? headers.host
  return host !== undefined && URL.parse(origin)?.host === host.toLowerCase()
}

/** The last address that no proxy of ours has vouched for. */
function clientAddress({ headers, socket }: IncomingMessage, trusted: BlockList): string {
  const told = [headers['x-forwarded-for']].flat().join(',').split(',')
  let address = withoutMapping(socket.remoteAddress ?? '')
  for (const each of told.map((text) => text.trim()).reverse()) {
    if (each === '' || !isIn(trusted, address)) break
    address = withoutMapping(each)
  }
  return address
}

const withoutMapping = (address: string) => address.replace(/^::ffff:(?=\d+\.)/i, '')

const isIn = (list: BlockList, address = '') =>
  list.check(withoutMapping(address), isIPv6(withoutMapping(address)) ? 'ipv6' : 'ipv4')

interface Guest {
  /** Below the WebSocket. */
  socket: Duplex
  address: string
  leave(): void
}

const NEWLINE = Buffer.from('\n')

function takeWebSocket(bouncer: Bouncer, webSocket: WebSocket, guest: Guest): void {
  const downstream = bouncer.accept(wireOf(bouncer, webSocket, guest))
  const intake = new Intake(downstream)
  const keepalive = new Keepalive(downstream)
  webSocket.on('message', (data) => {
    keepalive.heard()
    intake.take(Buffer.concat([bytesOf(data), NEWLINE]))
  })
  guest.socket.on('drain', () => downstream.catchUp.step())
  webSocket.on('error', () => {}) // 'close' follows
  webSocket.on('close', () => {
    intake.close()
    keepalive.close()
    downstream.lost()
  })
}

const bytesOf = (data: RawData): Buffer =>
  Buffer.isBuffer(data)
    ? data
    : Buffer.concat([data].flat().map((part) => Buffer.from(part as Buffer)))

function wireOf({ clock }: Bouncer, webSocket: WebSocket, { socket, address, leave }: Guest): Wire {
  const binary = webSocket.protocol === BINARY
  return {
    address,
    fingerprint: undefined,
    isSecure: false,
    get unsent() {
      return webSocket.bufferedAmount
    },
    write(text) {
      if (webSocket.readyState !== webSocket.OPEN) return
      socket.cork()
      for (const line of text.split('\r\n')) if (line !== '') webSocket.send(line, { binary })
      socket.uncork()
    },
    end() {
      const timer = clock.after(GOODBYE_MS, () => webSocket.terminate())
      webSocket.once('close', () => timer.cancel())
      webSocket.resume()
      webSocket.close(1000)
    },
    destroy: () => webSocket.terminate(),
    pause: () => webSocket.pause(),
    resume: () => webSocket.resume(),
    admitted: leave,
  }
}
