// Counts the requests of the registry protocol as they end: what for, how they ended, and how many bytes they moved.
import type { ServerResponse } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Counts, RequestKind } from '../counts.ts'

/** What a request brought along. */
interface Begun {
  kind: RequestKind
  isUpload: boolean
  read: number
  written: number
}

/** A kind that a handler has found out; until then it is `none`. */
const begun = new WeakMap<FastifyRequest, Begun>()

/** Has all requests of this scope counted. */
export function countRequests(scope: FastifyInstance, counts: Counts): void {
  scope.addHook('onRequest', (request, reply, done) => {
    const { bytesRead: read, bytesWritten: written } = request.raw.socket
    const one: Begun = { kind: 'none', isUpload: false, read, written }
    begun.set(request, one)
    // Not `onResponse`: that says nothing of a client that went away.
    reply.raw.once('close', () => end(counts, request, one, reply.raw))
    done()
  })
}

/** What a request is for, as soon as that is known. */
export function noteKind(counts: Counts, request: FastifyRequest, kind: RequestKind): void {
  const known = begun.get(request)
  if (!known) return
  known.kind = kind
  known.isUpload =
    kind === 'uploads' || ((kind === 'upload' || kind === 'manifest') && hasBody(request))
  if (known.isUpload) counts.uploads += 1
}

function end(
  counts: Counts,
  request: FastifyRequest,
  { kind, isUpload, read, written }: Begun,
  { statusCode, writableFinished }: ServerResponse,
): void {
  counts.request(kind, statusCode, writableFinished)
  const { socket, complete, headers } = request.raw
  if (isUpload) {
    counts.uploads -= 1
    // The first of a body came together with its head: what is known exactly is better.
    const said = complete ? Number(headers['content-length'] ?? 0) : 0
    counts.pushed.inc(said > 0 ? said : socket.bytesRead - read)
  } else if (kind === 'blob' || kind === 'manifest')
    counts.pulled.inc(socket.bytesWritten - written)
}

const hasBody = ({ method }: FastifyRequest) => method === 'PUT' || method === 'PATCH'
