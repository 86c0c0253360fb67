// An upstream registry for tests of lists: one repository with as many tags as wanted, all made up; it counts what it is asked,
// and how much at once, and can be silent about some of it.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { digestOf, MANIFEST } from './registry-image.ts'

export interface ListingUpstream extends AsyncDisposable {
  url: string
  /** `METHOD /path` of every request, in order. */
  asked: string[]
  /** Requests that were open at the same time, at most. */
  mostAtOnce: number
  /** Requests whose path this matches are never answered. */
  silentOn: RegExp | undefined
  /** What a DELETE is answered. */
  deletion: { status: number; code?: string }
}

const CONFIG = JSON.stringify({
  os: 'linux',
  architecture: 'amd64',
  created: '2026-02-03T04:05:06Z',
})

export async function startListingUpstream(name: string, tags: readonly string[]) {
  const images = new Map(tags.map((tag) => [tag, manifestOf(tag)]))
  const byDigest = new Map([...images.values()].map((body) => [digestOf(body), body]))
  let open = 0
  const upstream: ListingUpstream = {
    url: '',
    asked: [],
    mostAtOnce: 0,
    silentOn: undefined,
    deletion: { status: 202 },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await once(server.close(), 'close')
    },
  }
  const server = createServer((request, response) => {
    const { method = '', url = '' } = request
    upstream.asked.push(`${method} ${url}`)
    if (upstream.silentOn?.test(url)) return
    open += 1
    upstream.mostAtOnce = Math.max(upstream.mostAtOnce, open)
    response.once('close', () => {
      open -= 1
    })
    request.resume().once('end', () => setImmediate(() => answer(request, response)))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  upstream.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return upstream

  function answer(request: IncomingMessage, response: ServerResponse): unknown {
    const { method, url = '' } = request
    const { pathname, searchParams } = new URL(url, upstream.url)
    const last = pathname.split('/').at(-1) ?? ''
    if (method === 'DELETE') {
      const { status, code } = upstream.deletion
      return send(response, status, JSON.stringify({ errors: [{ code, message: 'x' }] }))
    }
    if (pathname === '/v2/_catalog')
      return send(response, 200, JSON.stringify({ repositories: [name] }))
    if (!pathname.startsWith(`/v2/${name}/`)) return send(response, 404)
    if (pathname.endsWith('/tags/list')) {
      const sorted = [...images.keys()].sort()
      const from = sorted.findIndex((tag) => tag > (searchParams.get('last') ?? ''))
      const page = from < 0 ? [] : sorted.slice(from, from + Number(searchParams.get('n')))
      return send(response, 200, JSON.stringify({ name, tags: page }))
    }
    if (last === digestOf(CONFIG)) return send(response, 200, CONFIG)
    const body = pathname.includes('/manifests/')
      ? (images.get(last) ?? byDigest.get(last))
      : undefined
    return send(response, body === undefined ? 404 : 200, body)
  }
}

function send(response: ServerResponse, status: number, body = '{}'): void {
  const headers = { 'content-type': MANIFEST, 'docker-content-digest': digestOf(body) }
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) })
  response.end(response.req.method === 'HEAD' ? undefined : body)
}

function manifestOf(word: string): string {
  const config = {
    mediaType: 'application/vnd.oci.image.config.v1+json',
    digest: digestOf(CONFIG),
    size: CONFIG.length,
  }
  const layer = { mediaType: 'application/x-layer', digest: digestOf(word), size: 5_000_000 }
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST,
    config,
    layers: [layer],
    annotations: { word },
  })
}
