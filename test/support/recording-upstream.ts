// An upstream registry for tests that remembers what it was asked, and answers plausibly without keeping anything.
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface SeenByUpstream {
  method: string
  url: string
  headers: IncomingHttpHeaders
}

export interface RecordingUpstream extends AsyncDisposable {
  url: string
  seen: SeenByUpstream[]
}

const UNKNOWN = JSON.stringify({ errors: [{ code: 'MANIFEST_UNKNOWN', message: 'none' }] })

export async function startRecordingUpstream(): Promise<RecordingUpstream> {
  const seen: SeenByUpstream[] = []
  const server = createServer((request, response) => {
    const { method = '', url = '', headers } = request
    seen.push({ method, url, headers })
    request.resume().once('end', () => {
      if (method === 'POST')
        response.writeHead(202, { location: `${url.split('?')[0]}some-upload` })
      else if (method === 'PUT') response.writeHead(201, { location: url })
      else if (method === 'PATCH' || method === 'DELETE') response.writeHead(202, { location: url })
      else response.writeHead(404, { 'content-type': 'application/json' })
      response.end(method === 'GET' ? UNKNOWN : undefined)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await once(server.close(), 'close')
    },
  }
}
