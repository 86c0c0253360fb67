// The sockets that clients connect to, and each as a wire for a Downstream.
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type SecureContext, TLSSocket } from 'node:tls'
import type { Address } from '@fuchsbau/shared/setting.ts'
import type { Bouncer } from './bouncer.ts'
import { LineReader, type Wire } from './downstream/socket.ts'

/** A connection says nothing for so long before TLS is up. */
const HANDSHAKE_MS = 15_000

/** A listener; `address` is where it really is. */
export interface Listener {
  address: string
  /** Takes no more connections. */
  close(): Promise<void>
}

/** Listens with TLS. The context is asked for at each connection, so that a renewed certificate counts at once. */
export function listenTls(
  bouncer: Bouncer,
  at: Address,
  context: () => SecureContext,
): Promise<Listener> {
  const server = createTlsServer({
    handshakeTimeout: HANDSHAKE_MS,
    minVersion: 'TLSv1.2',
    // A client certificate says who the client is; who signed it does not matter.
    requestCert: true,
    rejectUnauthorized: false,
    SNICallback: (_, done) => done(null, context()),
  })
  server.on('secureConnection', (socket) => takeSocket(bouncer, socket))
  return listen(server, at)
}

/** Listens without TLS: only for clients on this machine. */
export function listenPlain(bouncer: Bouncer, at: Address): Promise<Listener> {
  return listen(
    createServer((socket) => takeSocket(bouncer, socket)),
    at,
  )
}

function listen(server: Server, { host, port }: Address): Promise<Listener> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      const bound = server.address()
      const address =
        typeof bound === 'object' && bound ? `${bound.address}:${bound.port}` : `${host}:${port}`
      resolve({ address, close: () => new Promise((done) => server.close(() => done())) })
    })
  })
}

/** Lets a socket be a client. */
function takeSocket(bouncer: Bouncer, socket: Socket): void {
  const wire = wireOf(socket)
  const downstream = bouncer.accept(wire)
  const reader = new LineReader(
    (line) => downstream.receive(line),
    () => downstream.numeric('417', 'Input line was too long'),
  )
  socket.setNoDelay(true)
  socket.setKeepAlive(true, 60_000)
  socket.on('data', (bytes: Buffer) => reader.read(bytes))
  socket.on('drain', () => downstream.catchUp.step())
  socket.on('error', () => {}) // 'close' follows
  socket.on('close', () => downstream.lost())
}

function wireOf(socket: Socket): Wire {
  const isSecure = socket instanceof TLSSocket
  const shown = isSecure ? socket.getPeerCertificate().fingerprint256 : undefined
  return {
    address: socket.remoteAddress ?? '',
    fingerprint: shown?.replaceAll(':', '').toLowerCase(),
    isSecure,
    get unsent() {
      return socket.writableLength
    },
    write: (text) => void socket.write(text),
    end: () => void socket.end(),
    destroy: () => void socket.destroy(),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
  }
}
