// How long the body of a request may take. Node has one deadline for all requests of a server; here every body has the
// short one, unless its route allows an upload: that may take as long as enough of it keeps coming.

import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { FastifyRequest } from 'fastify'

type Arrival = { timer?: NodeJS.Timeout; seen: number; leastBytes: number }

const ARRIVAL = Symbol('arrival')

type Watched = IncomingMessage & { [ARRIVAL]?: Arrival }

/**
 * Ends requests whose body has not come within `requestMs` of their head, those that never get to a route too: 408,
 * where nothing was answered yet.
 */
export function limitArrival(server: Server, requestMs: number): void {
  // First of all: the route may allow an upload at once.
  server.prependListener('request', (request: Watched, response: ServerResponse) => {
    if (hasBody(request)) watch(request, response, requestMs)
  })
}

/**
 * Lets the body of this request take longer, as long as `leastBytes` come in each `requestMs`. Call it when it is known
 * who sends: it is for people who are signed in.
 */
export function allowUpload({ raw }: FastifyRequest, leastBytes: number): void {
  const arrival = (raw as Watched)[ARRIVAL]
  if (arrival) arrival.leastBytes = leastBytes
}

function hasBody({ headers }: IncomingMessage): boolean {
  const { 'content-length': length = '0' } = headers
  return length !== '0' || headers['transfer-encoding'] !== undefined
}

function watch(request: Watched, response: ServerResponse, requestMs: number): void {
  const { socket } = request
  const arrival: Arrival = { seen: socket.bytesRead, leastBytes: Number.POSITIVE_INFINITY }
  const look = () => {
    if (request.complete || socket.destroyed) return
    const { bytesRead } = socket
    if (bytesRead - arrival.seen < arrival.leastBytes) return giveUp(request, response)
    arrival.seen = bytesRead
    again()
  }
  const again = () => {
    arrival.timer = setTimeout(look, requestMs).unref()
  }
  request[ARRIVAL] = arrival
  request.once('close', () => clearTimeout(arrival.timer))
  again()
}

function giveUp({ socket }: IncomingMessage, { headersSent }: ServerResponse): void {
  if (!headersSent) socket.write('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n')
  socket.destroySoon()
}
