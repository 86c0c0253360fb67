// An upstream for tests that is steered byte by byte: a socket server that reads heads of requests and says what it is told.
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'

/** A request as it came: everything up to its empty line. */
export interface RawRequest {
  head: string
  socket: Socket
  /** Which connection it came on, from 1. */
  connection: number
}

export interface RawUpstream extends AsyncDisposable {
  url: string
  /** All that came, bodies too, one text a connection. */
  received: string[]
  connections: number
  /** Connections that are open now. */
  open(): number
}

/** `answer` is called for each head; bodies of requests are only recorded. */
export async function startRawUpstream(
  answer: (request: RawRequest) => void,
  tls?: TlsOptions,
): Promise<RawUpstream> {
  const sockets = new Set<Socket>()
  const received: string[] = []
  const onSocket = (socket: Socket) => {
    const connection = received.push('')
    sockets.add(socket)
    let pending = ''
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
    socket.on('data', (bytes) => {
      const text = bytes.toString('latin1')
      received[connection - 1] += text
      pending += text
      for (let end = headEnd(pending); end >= 0; end = headEnd(pending)) {
        // Behind the body of the one before.
        const head = /[A-Z]+ \S+ HTTP\/1\.1\r\n.*$/s.exec(pending.slice(0, end))?.[0]
        pending = pending.slice(end)
        if (head !== undefined) answer({ head, socket, connection })
      }
    })
  }
  const server = tls ? createTlsServer(tls, onSocket) : createServer(onSocket)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    received,
    get connections() {
      return received.length
    },
    open: () => sockets.size,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await once(server.close(), 'close')
    },
  }
}

const headEnd = (text: string) => {
  const end = text.indexOf('\r\n\r\n')
  return end < 0 ? -1 : end + 4
}
