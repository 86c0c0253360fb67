// How long the body of a request may take. Node has one deadline for all requests of a server; here every body has the
// short one, unless its route allows an upload: that may take as long as enough of it keeps coming.

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

type Arrival = { timer?: NodeJS.Timeout; seen: number; leastBytes: number }

const ARRIVAL = Symbol('arrival')

type Watched = FastifyRequest & { [ARRIVAL]: Arrival | undefined }

/** Ends requests whose body has not come within `requestMs` of their head: 408, where nothing was answered yet. */
export function limitArrival(app: FastifyInstance, requestMs: number): void {
  app.decorateRequest(ARRIVAL, undefined)
  app.addHook('onRequest', (request, reply, done) => {
    if (hasBody(request)) watch(request as Watched, reply, requestMs)
    done()
  })
  app.addHook('onResponse', (request, _reply, done) => {
    // A body that nobody waited for still has its deadline: it holds the connection.
    if (request.raw.complete) clearTimeout((request as Watched)[ARRIVAL]?.timer)
    done()
  })
}

/**
 * Lets the body of this request take longer, as long as `leastBytes` come in each `requestMs`. Call it when it is known
 * who sends: it is for people who are signed in.
 */
export function allowUpload(request: FastifyRequest, leastBytes: number): void {
  const arrival = (request as Watched)[ARRIVAL]
  if (arrival) arrival.leastBytes = leastBytes
}

function hasBody({ headers }: FastifyRequest): boolean {
  const { 'content-length': length = '0' } = headers
  return length !== '0' || headers['transfer-encoding'] !== undefined
}

function watch(request: Watched, reply: FastifyReply, requestMs: number): void {
  const { raw } = request
  const arrival: Arrival = { seen: raw.socket.bytesRead, leastBytes: Number.POSITIVE_INFINITY }
  const look = () => {
    if (raw.complete !== false || raw.socket.destroyed) return
    const { bytesRead } = raw.socket
    if (bytesRead - arrival.seen < arrival.leastBytes) return giveUp(request, reply)
    arrival.seen = bytesRead
    again()
  }
  const again = () => {
    arrival.timer = setTimeout(look, requestMs).unref()
  }
  request[ARRIVAL] = arrival
  again()
}

function giveUp({ raw }: FastifyRequest, reply: FastifyReply): void {
  if (!reply.raw.headersSent)
    raw.socket.write('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n')
  raw.socket.destroySoon()
}
