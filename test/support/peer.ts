// A fake remote server: actors with keys, documents, WebFinger and inboxes on ports of 127.0.0.1, each port a host of its
// own. It signs what it posts and remembers what it got; how it answers is the test's to say.
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { type Answer, ask } from './http-post.ts'
import { type RequestSigner, type Signing, signPost } from './sign.ts'

export type Json = Record<string, unknown>

/** A request that the peer got. */
export interface PeerRequest {
  method: string
  /** Scheme, host and path. */
  url: string
  headers: IncomingMessage['headers']
  body: Buffer
}

/** How to answer a request: a status (202 for inboxes, 200 else), after a while, with what. */
export interface PeerAnswer {
  status?: number
  headers?: Record<string, string>
  body?: string | Json
  delayMs?: number
}

export interface PeerActor extends RequestSigner {
  readonly id: string
  readonly inbox: string
  readonly origin: string
  /** As served; changes count from the next request on. */
  document: Json
  /** A new id on this host. */
  newId(kind?: string): string
  /** A Create of a Note with new ids, to these addresses; `changes` of the Note. */
  create(content: string, to: readonly string[], changes?: Json): Json & { id: string }
  /** Any activity with a new id. */
  activity(type: string, object: unknown, changes?: Json): Json & { id: string }
  /** Posts to an inbox, signed unless `signing` says otherwise. */
  post(inbox: string, activity: Json | string | Buffer, signing?: Signing): Promise<Answer>
}

export interface Peer extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` of each host. */
  readonly origins: readonly string[]
  readonly origin: string
  /** All requests but POSTs, in order. */
  readonly asked: PeerRequest[]
  /** All POSTs, in order of arrival. */
  readonly posted: PeerRequest[]
  /** Connections that were opened to it. */
  connections: number
  /** Makes an actor on the first host, or another one, with the peer's key, or its own. */
  actor(name: string, options?: { origin?: string; privateKey?: KeyObject }): PeerActor
  /** Serves a document under its id, or an answer under a URL. */
  serve(document: Json & { id: string }): void
  serve(url: string, answer: PeerAnswer | ((request: PeerRequest) => PeerAnswer)): void
  /** Answers POSTs from now on; 202 by default. */
  onPost: (request: PeerRequest) => PeerAnswer
}

export const PUBLIC = 'https://www.w3.org/ns/activitystreams#Public'
const ACTIVITY_JSON = 'application/activity+json'

/** Makes an RSA key as servers have them. */
export function makeKey(): KeyObject {
  return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
}

/** Starts a peer with so many hosts. */
export async function startPeer({ hosts = 1 }: { hosts?: number } = {}): Promise<Peer> {
  const privateKey = makeKey()
  const served = new Map<string, (request: PeerRequest) => PeerAnswer>()
  const servers: Server[] = []
  const origins: string[] = []

  const peer: Peer = {
    origins,
    get origin() {
      return origins[0] ?? ''
    },
    asked: [],
    posted: [],
    connections: 0,
    onPost: () => ({}),
    actor(name, options = {}) {
      const actor = makeActor(name, { origin: peer.origin, privateKey, ...options })
      served.set(actor.id, () => ({ body: actor.document }))
      return actor
    },
    serve(what: string | (Json & { id: string }), answer: unknown = {}) {
      if (typeof what !== 'string') served.set(what.id, () => ({ body: what }))
      else if (typeof answer === 'function') served.set(what, answer as () => PeerAnswer)
      else served.set(what, () => answer as PeerAnswer)
    },
    async [Symbol.asyncDispose]() {
      for (const server of servers) server.closeAllConnections()
      await Promise.all(servers.map((server) => new Promise((done) => server.close(done))))
    },
  }

  async function handle(origin: string, incoming: IncomingMessage, response: ServerResponse) {
    const { method = '', url = '', headers } = incoming
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk)
    const request = { method, url: `${origin}${url}`, headers, body: Buffer.concat(chunks) }
    if (method === 'POST') {
      peer.posted.push(request)
      await send(response, 202, peer.onPost(request))
      return
    }
    peer.asked.push(request)
    const answer = served.get(request.url) ?? webFinger(served, origin, request.url)
    await send(response, 200, answer?.(request) ?? { status: 404 })
  }

  for (let count = 0; count < hosts; count += 1) {
    const server = createServer((incoming, response) => {
      // What breaks on the way is the sender's loss, as with any server.
      handle(`http://${incoming.headers.host}`, incoming, response).catch(() => response.destroy())
    })
    server.on('connection', () => {
      peer.connections += 1
    })
    servers.push(server.listen(0, '127.0.0.1'))
  }
  for (const server of servers) {
    if (!server.listening) await once(server, 'listening')
    origins.push(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  }
  return peer
}

async function send(response: ServerResponse, usual: number, answer: PeerAnswer): Promise<void> {
  const { status = usual, headers = {}, body = '', delayMs = 0 } = answer
  if (delayMs > 0) await pause(delayMs)
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  response.writeHead(status, { 'content-type': ACTIVITY_JSON, ...headers }).end(text)
}

/** `acct:NAME@HOST` of the actors of a host. */
function webFinger(served: ReadonlyMap<string, unknown>, origin: string, url: string) {
  const { pathname, searchParams } = new URL(url)
  const resource = searchParams.get('resource') ?? ''
  const [, name, host] = /^acct:([^@]+)@(.+)$/.exec(resource) ?? []
  const id = `${origin}/users/${name}`
  const isHere = origin.endsWith(`/${host}`) && served.has(id)
  if (pathname !== '/.well-known/webfinger' || !isHere) return
  const links = [{ rel: 'self', type: ACTIVITY_JSON, href: id }]
  const headers = { 'content-type': 'application/jrd+json' }
  return (): PeerAnswer => ({ headers, body: { subject: resource, links } })
}

function makeActor(
  name: string,
  { origin, privateKey }: { origin: string; privateKey: KeyObject },
): PeerActor {
  const id = `${origin}/users/${name}`
  const keyId = `${id}#main-key`
  let count = 0
  const newId = (kind = 'things') => `${id}/${kind}/${++count}`
  const activity = (type: string, object: unknown, changes: Json = {}) => ({
    '@context': 'https://www.w3.org/ns/activitystreams',
    id: newId('activities'),
    type,
    actor: id,
    object,
    ...changes,
  })
  return {
    id,
    keyId,
    privateKey,
    origin,
    inbox: `${id}/inbox`,
    document: actorDocument(id, name, privateKey),
    newId,
    activity,
    create(content, to, changes = {}) {
      const addresses = { to, cc: [], published: new Date().toISOString() }
      const note = {
        id: newId('notes'),
        type: 'Note',
        attributedTo: id,
        content,
        ...addresses,
        ...changes,
      }
      return activity('Create', note, addresses)
    },
    async post(inbox, what, signing) {
      const url = new URL(inbox)
      const body = Buffer.isBuffer(what)
        ? what
        : Buffer.from(typeof what === 'string' ? what : JSON.stringify(what))
      return ask(url, { body, headers: signPost(url, body, { keyId, privateKey }, signing) })
    },
  }
}

/** An actor as she is served, with the public half of the key. */
export function actorDocument(id: string, name: string, privateKey: KeyObject): Json {
  return {
    '@context': ['https://www.w3.org/ns/activitystreams', 'https://w3id.org/security/v1'],
    id,
    type: 'Person',
    preferredUsername: name,
    name,
    inbox: `${id}/inbox`,
    outbox: `${id}/outbox`,
    followers: `${id}/followers`,
    featured: `${id}/featured`,
    publicKey: { id: `${id}#main-key`, owner: id, publicKeyPem: publicPem(privateKey) },
  }
}

const pems = new WeakMap<KeyObject, string>()

/** The public half of a key as PEM; made once. */
export function publicPem(privateKey: KeyObject): string {
  let pem = pems.get(privateKey)
  if (pem === undefined) {
    pem = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString()
    pems.set(privateKey, pem)
  }
  return pem
}
