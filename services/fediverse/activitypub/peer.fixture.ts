// For the tests of what we fetch and post: a real HTTP server on loopback that stands for another server,
// and a client that may talk to it.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type Clock, systemClock } from '@fuchsbau/shared/clock.ts'
import { Remote, type RemoteOptions } from './remote.ts'

/** A request that a peer got, its body read. */
export interface PeerRequest {
  method: string
  url: string
  headers: IncomingMessage['headers']
  body: Buffer
}

export type PeerHandler = (request: PeerRequest, response: ServerResponse) => void

export interface Peer {
  origin: string
  requests: PeerRequest[]
  /** Answers what comes from now on. */
  handler: PeerHandler
  close: () => Promise<void>
}

/** Starts a peer on a free port; 404 for everything until it gets a handler. */
export async function startPeer(handler: PeerHandler = notFound): Promise<Peer> {
  const server = createServer((incoming, response) => {
    const { method = '', url = '', headers } = incoming
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      const request = { method, url, headers, body: Buffer.concat(chunks) }
      peer.requests.push(request)
      peer.handler(request, response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const peer: Peer = {
    origin: `http://127.0.0.1:${port}`,
    requests: [],
    handler,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return peer
}

function notFound(_: PeerRequest, response: ServerResponse): void {
  response.writeHead(404).end()
}

/** Answers with a document as ActivityPub servers do. */
export function sendActivity(response: ServerResponse, document: unknown): void {
  response.writeHead(200, { 'content-type': 'application/activity+json; charset=utf-8' })
  response.end(JSON.stringify(document))
}

/** A client that may talk to peers on loopback. */
export function createTestRemote(
  options: Partial<RemoteOptions> = {},
  clock: Clock = systemClock(),
): Remote {
  const userAgent = 'Fuchsbau/0.1 (+https://local.example)'
  return new Remote({ allowPrivateAddress: true, clock, userAgent, timeoutMs: 2000, ...options })
}
