// The other side of a benchmark: one host with any number of actors, who share one key. It serves their documents, counts
// what is delivered to them, and signs activities ahead of time, so that signing is not measured.
import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A POST that needs only to be sent. */
export interface SignedPost {
  headers: Record<string, string | number>
  body: Buffer
}

export interface LoadHost extends AsyncDisposable {
  /** Where it really listens. */
  upstream: string
  /** Different inboxes that received something since `reset`. */
  reached(): number
  reset(): void
  /** How long each inbox takes to answer, ms. */
  setDelay(ms: number): void
  /** Signs an activity of an actor, cavage as every peer in use does. */
  post(actor: string, to: { host: string; path: string }, activity: object): SignedPost
}

/** Starts it; its actors live below `base`, which a TLS front or this address itself serves. */
export async function startLoadHost(base: (upstream: string) => string): Promise<LoadHost> {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const publicKeyPem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const reached = new Set<string>()
  let delayMs = 0
  let root = ''
  const server = createServer((request, response) => {
    if (request.method === 'POST') return take(request, response)
    const id = `${root}${request.url}`
    response.setHeader('content-type', 'application/activity+json')
    response.end(JSON.stringify(actorDocument(id, publicKeyPem)))
  })
  function take(request: IncomingMessage, response: ServerResponse) {
    request.resume().on('end', () => {
      setTimeout(() => {
        reached.add(request.url ?? '')
        response.writeHead(202).end()
      }, delayMs)
    })
  }
  server.keepAliveTimeout = 60_000
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const upstream = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  root = base(upstream)
  return {
    upstream,
    reached: () => reached.size,
    reset: () => reached.clear(),
    setDelay(ms) {
      delayMs = ms
    },
    post(actor, { host, path }, activity) {
      const body = Buffer.from(JSON.stringify(activity))
      const digest = `SHA-256=${createHash('sha256').update(body).digest('base64')}`
      const date = new Date().toUTCString()
      const text = `(request-target): post ${path}\nhost: ${host}\ndate: ${date}\ndigest: ${digest}`
      const signature = sign('sha256', Buffer.from(text), privateKey).toString('base64')
      const covered = 'headers="(request-target) host date digest"'
      return {
        body,
        headers: {
          host,
          date,
          digest,
          'content-type': 'application/activity+json',
          'content-length': body.length,
          signature: `keyId="${actor}#main-key",algorithm="rsa-sha256",${covered},signature="${signature}"`,
        },
      }
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

const actorDocument = (id: string, publicKeyPem: string) => ({
  '@context': ['https://www.w3.org/ns/activitystreams', 'https://w3id.org/security/v1'],
  id,
  type: 'Person',
  preferredUsername: id.split('/').pop(),
  name: 'Load',
  inbox: `${id}/inbox`,
  outbox: `${id}/outbox`,
  followers: `${id}/followers`,
  following: `${id}/following`,
  url: id,
  publicKey: { id: `${id}#main-key`, owner: id, publicKeyPem },
})
