// The management port: /livez, /readyz and /metrics, apart from what the public may reach.
import { createServer, type ServerResponse } from 'node:http'
import { urlHost } from './http.ts'
import { cannotListen } from './listen-failure.ts'
import type { Metrics } from './metrics.ts'
import type { Address } from './setting.ts'

export type ManagementOptions = {
  listen: Address
  metrics: Metrics
  /** Why the process is not ready, one reason a line; empty when it is. */
  notReady: () => string[]
}

export type Management = {
  /** `http://host:port` with the real port. */
  url: string
  close(): Promise<void>
}

/** Begins to serve. `/livez` is 200 as long as the process answers; `/readyz` is 503 with the reasons. */
export async function startManagement(options: ManagementOptions): Promise<Management> {
  const { host, port } = options.listen
  const server = createServer(
    { requestTimeout: 10_000, maxHeaderSize: 8192 },
    (request, response) => answer(request.url ?? '', response, options),
  )
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(cannotListen('management', options.listen, error)))
    server.listen(port, host, () => {
      server.removeAllListeners('error')
      resolve()
    })
  })
  const bound = server.address()
  if (bound === null || typeof bound === 'string') throw new Error('the server has no port')
  return {
    url: `http://${urlHost(host)}:${bound.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function answer(path: string, response: ServerResponse, options: ManagementOptions): void {
  const { status, text } = page(path, options)
  const type = path === '/metrics' ? 'text/plain; version=0.0.4' : 'text/plain'
  response.writeHead(status, { 'content-type': `${type}; charset=utf-8` }).end(text)
}

function page(path: string, options: ManagementOptions): { status: number; text: string } {
  if (path === '/livez') return { status: 200, text: 'ok\n' }
  if (path === '/metrics') return { status: 200, text: options.metrics.text() }
  if (path !== '/readyz') return { status: 404, text: 'Not found\n' }
  const reasons = options.notReady()
  if (reasons.length === 0) return { status: 200, text: 'ok\n' }
  return { status: 503, text: `${reasons.join('\n')}\n` }
}
