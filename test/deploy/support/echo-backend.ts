// What stands behind Envoy: an HTTP server that answers with what it got, and takes every upgrade.
import { once } from 'node:events'
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request as it came through. */
export interface Echo {
  service: string
  method: string
  url: string
  headers: IncomingHttpHeaders
  bytes: number
}

export interface EchoBackend extends AsyncDisposable {
  port: number
}

/** Starts one that calls itself `service`. After an upgrade it sends back what it gets. */
export async function startEchoBackend(service: string): Promise<EchoBackend> {
  const answer = async (incoming: IncomingMessage, response: ServerResponse) => {
    const { method = '', url = '', headers } = incoming
    let bytes = 0
    for await (const chunk of incoming) bytes += (chunk as Buffer).length
    const echo: Echo = { service, method, url, headers, bytes }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(echo))
  }
  const server = createServer((incoming, response) => {
    answer(incoming, response).catch(() => response.destroy())
  })
  server.on('upgrade', ({ headers }, socket) => {
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: ${headers.upgrade}\r\n\r\n`,
    )
    socket.on('error', () => socket.destroy())
    socket.pipe(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}
