// The sockets that clients connect to: TLS, plain on loopback, each with PROXY headers from listed addresses; and each
// connection as the wire of a Downstream. WebSockets are in web-socket.ts.
import { type BlockList, createServer, isIPv6, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, TLSSocket } from 'node:tls'
import { cannotListen } from '@fuchsbau/shared/listen-failure.ts'
import type { Address } from '@fuchsbau/shared/setting.ts'
import type { Bouncer } from './bouncer.ts'
import { Admission } from './downstream/admission.ts'
import { Intake } from './downstream/intake.ts'
import { Keepalive } from './downstream/keepalive.ts'
import { readProxyHeader } from './downstream/proxy-header.ts'
import type { Wire } from './downstream/socket.ts'
import type { ServerCertificate } from './store/certificates.ts'

/** A connection says nothing for so long before TLS is up. */
const HANDSHAKE_MS = 15_000
/** A client that was said goodbye to has so long to read it. */
const GOODBYE_MS = 3_000

/** A listener; `address` is where it really is. */
export interface Listener {
  address: string
  /** Takes no more connections; resolves when all have ended, those that do not end by themselves after 3 s. */
  close(): Promise<void>
}

export interface ListenOptions {
  /** Connections from there begin with a PROXY header; from elsewhere none may. */
  proxies?: BlockList
  admission?: Admission
}

/** What a connection is, once it is known whose. */
interface Guest {
  address: string
  /** See Admission. */
  leave(): void
}

/** Listens with TLS. A renewed certificate counts from the next connection on. */
export async function listenTls(
  bouncer: Bouncer,
  at: Address,
  certificate: ServerCertificate,
  options: ListenOptions = {},
): Promise<Listener> {
  const guests = new Map<string, Guest>()
  const keyOf = ({ remoteAddress, remotePort }: Socket) => `${remoteAddress} ${remotePort}`
  // It never listens itself: a PROXY header comes before TLS.
  const tls = createTlsServer({
    ...certificate.current,
    handshakeTimeout: HANDSHAKE_MS,
    minVersion: 'TLSv1.2',
    // A client certificate says who the client is; who signed it does not matter.
    requestCert: true,
    rejectUnauthorized: false,
  })
  const forget = certificate.onChange((renewed) => tls.setSecureContext(renewed))
  tls.on('secureConnection', (socket) => {
    const guest = guests.get(keyOf(socket))
    if (guest) takeSocket(bouncer, socket, guest)
    else socket.destroy()
  })
  const listener = await listen(bouncer, at, options, (socket, guest) => {
    const key = keyOf(socket)
    guests.set(key, guest)
    socket.once('close', () => {
      guests.delete(key)
      guest.leave()
    })
    tls.emit('connection', socket)
  })
  return {
    address: listener.address,
    async close() {
      forget()
      await listener.close()
    },
  }
}

/** Listens without TLS: only for clients on this machine. */
export function listenPlain(
  bouncer: Bouncer,
  at: Address,
  options: ListenOptions = {},
): Promise<Listener> {
  return listen(bouncer, at, options, (socket, guest) => takeSocket(bouncer, socket, guest))
}

function listen(
  bouncer: Bouncer,
  { host, port }: Address,
  { proxies, admission = new Admission(Number.POSITIVE_INFINITY) }: ListenOptions,
  take: (socket: Socket, guest: Guest) => void,
): Promise<Listener> {
  const sockets = new Set<Socket>()
  const admit = (socket: Socket, address: string) => {
    const leave = admission.enter(address)
    if (leave) take(socket, { address, leave })
    else socket.destroy()
  }
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.on('error', () => {}) // 'close' follows
    const address = addressOf(socket)
    if (!proxies?.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')) admit(socket, address)
    else {
      readProxyHeader(socket, bouncer.clock, (client) => {
        if (client === undefined) socket.destroy()
        else admit(socket, withoutMapping(client))
      })
    }
  })
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(cannotListen('IRC', { host, port }, error)))
    server.listen(port, host, () => {
      server.removeAllListeners('error')
      // Too many open files, and the like: those that are connected stay.
      server.on('error', (error) => bouncer.log.error({ err: error }, 'a listener'))
      resolve({
        address: boundTo(server, { host, port }),
        close: () => end(server, sockets, bouncer),
      })
    })
  })
}

function boundTo(server: Server, { host, port }: Address): string {
  const bound = server.address()
  const real = typeof bound === 'object' && bound ? bound : { address: host, port }
  return real.address.includes(':')
    ? `[${real.address}]:${real.port}`
    : `${real.address}:${real.port}`
}

async function end(server: Server, sockets: Set<Socket>, { clock }: Bouncer): Promise<void> {
  const timer = clock.after(GOODBYE_MS, () => {
    for (const socket of sockets) socket.destroy()
  })
  await new Promise<void>((resolve) => server.close(() => resolve()))
  timer.cancel()
}

function addressOf(socket: Socket): string {
  return withoutMapping(socket.remoteAddress ?? '')
}

/** An IPv4 address as it is, also where the socket is of IPv6. */
const withoutMapping = (address: string) => address.replace(/^::ffff:(?=\d+\.)/i, '')

/** Lets a socket be a client. */
function takeSocket(bouncer: Bouncer, socket: Socket, guest: Guest): void {
  const downstream = bouncer.accept(wireOf(bouncer, socket, guest))
  const intake = new Intake(downstream)
  const keepalive = new Keepalive(downstream)
  socket.setNoDelay(true)
  socket.setKeepAlive(true, 60_000)
  let isFirst = true
  socket.on('data', (bytes: Buffer) => {
    keepalive.heard()
    if (isFirst && bytes.subarray(0, 6).toString('latin1') === 'PROXY ') {
      downstream.close('PROXY headers are taken from configured addresses only')
    }
    isFirst = false
    intake.take(bytes)
  })
  // Behind a PROXY header it stands still.
  socket.resume()
  socket.on('drain', () => downstream.catchUp.step())
  socket.on('error', () => {}) // 'close' follows
  socket.on('close', () => {
    intake.close()
    keepalive.close()
    guest.leave()
    downstream.lost()
  })
}

function wireOf({ clock }: Bouncer, socket: Socket, { address, leave }: Guest): Wire {
  const isSecure = socket instanceof TLSSocket
  const shown = isSecure ? socket.getPeerCertificate().fingerprint256 : undefined
  return {
    address,
    fingerprint: shown?.replaceAll(':', '').toLowerCase(),
    isSecure,
    get unsent() {
      return socket.writableLength
    },
    write: (text) => void socket.write(text),
    end() {
      const timer = clock.after(GOODBYE_MS, () => socket.destroy())
      socket.once('close', () => timer.cancel())
      // What it still sends is not looked at, but must be read for the end to be seen.
      socket.resume()
      socket.end()
    },
    destroy: () => void socket.destroy(),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    admitted: leave,
  }
}
