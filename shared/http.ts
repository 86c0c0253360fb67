// The HTTP server of a service: Fastify with our limits and deadlines, request ids, counting, and one
// place where an unexpected error becomes a generic answer and a log line with its cause.
import { randomBytes } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  fastify,
  LogController,
} from 'fastify'
import { limitArrival } from './arrival.ts'
import { cannotListen } from './listen-failure.ts'
import type { Log } from './log.ts'
import type { Metrics } from './metrics.ts'
import type { Address } from './setting.ts'

export type HttpLimits = {
  /** Largest body; larger ones are answered 413. A route can set its own `bodyLimit`. */
  bodyBytes: number
  /** All header lines together; more is answered 431. */
  headerBytes: number
  /** From the first byte of a request to its last header line; then 408. */
  headersMs: number
  /** From the head of a request to its last byte; then 408. */
  requestMs: number
  /** The same for an upload that its route allows (`allowUpload`) and that is not too slow. */
  uploadMs: number
  /** How long a connection may stay silent within a request or an answer. */
  idleMs: number
  /** How long a connection stays open between requests. */
  keepAliveMs: number
  /** Longest path parameter, in characters; longer ones are answered 414. */
  paramLength: number
}

const defaultLimits: HttpLimits = {
  bodyBytes: 1024 ** 2,
  headerBytes: 16 * 1024,
  headersMs: 15_000,
  requestMs: 30_000,
  uploadMs: 0,
  idleMs: 60_000,
  keepAliveMs: 72_000,
  paramLength: 512,
}

export type HttpOptions = {
  log: Log
  metrics: Metrics
  /** Of the service, as a label of the metrics. */
  name: string
  /** Addresses or networks whose X-Forwarded-… headers count. */
  trustProxy?: readonly string[]
  limits?: Partial<HttpLimits>
  /** Answers an unknown address; undefined: with a line of plain text. */
  notFound?(request: FastifyRequest, reply: FastifyReply): FastifyReply | undefined
  /** Answers an address that cannot be decoded; undefined: as Fastify does. */
  badUrl?(request: FastifyRequest, reply: FastifyReply): FastifyReply
}

/** An error whose message the client may read. */
export class HttpError extends Error {
  readonly statusCode: number
  constructor(statusCode: number, message: string) {
    super(message)
    this.name = 'HttpError'
    this.statusCode = statusCode
  }
}

/** A server without routes. It writes no line per request; `request.log` is the service's log. */
export function createHttp({
  log,
  metrics,
  name,
  trustProxy,
  limits,
  notFound,
  badUrl,
}: HttpOptions): FastifyInstance {
  const { headerBytes, headersMs, ...rest } = { ...defaultLimits, ...limits }
  const app = fastify({
    loggerInstance: log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    childLoggerFactory: (logger) => logger,
    genReqId: requestIds(),
    trustProxy: trustProxy === undefined || trustProxy.length === 0 ? false : [...trustProxy],
    ...(badUrl && {
      frameworkErrors: (_: unknown, request: unknown, reply: unknown) =>
        void badUrl(request as FastifyRequest, reply as FastifyReply),
    }),
    bodyLimit: rest.bodyBytes,
    requestTimeout: Math.max(rest.requestMs, rest.uploadMs),
    connectionTimeout: rest.idleMs,
    keepAliveTimeout: rest.keepAliveMs,
    routerOptions: { maxParamLength: rest.paramLength },
    http: {
      maxHeaderSize: headerBytes,
      headersTimeout: headersMs,
      // Node looks every 30 s by itself, and a deadline of 15 s would be one of 45.
      connectionsCheckingInterval: 1_000,
    },
  })
  app.setErrorHandler(async (error: FastifyError, request, reply) => {
    const { status, message } = describe(error, request, log)
    return reply.code(status).type('text/plain; charset=utf-8').send(`${message}\n`)
  })
  app.setNotFoundHandler(
    async (request, reply) =>
      notFound?.(request, reply) ??
      reply.code(404).type('text/plain; charset=utf-8').send('Not found\n'),
  )
  limitArrival(app.server, rest.requestMs)
  count(app, metrics, name)
  closeWhenAnswered(app)
  return app
}

/** Begins to listen; the URL has the real port and, for a wildcard host, a loopback name. */
export async function listen(app: FastifyInstance, { host, port }: Address): Promise<string> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    throw cannotListen('HTTP', { host, port }, error as NodeJS.ErrnoException)
  }
  const bound = app.server.address()
  if (bound === null || typeof bound === 'string') throw new Error('the server has no port')
  return `http://${urlHost(host)}:${bound.port}`
}

/** `host` as it stands in a URL; a wildcard becomes a loopback address. */
export function urlHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return host.includes(':') ? `[${host}]` : host
}

/** What to answer; what went wrong on our side is logged here, and named by its request id only. */
function describe(
  error: FastifyError,
  request: FastifyRequest,
  log: Log,
): { status: number; message: string } {
  const status = error.statusCode ?? 500
  if (status >= 400 && status < 500) {
    const isReadable = error instanceof HttpError || error.code?.startsWith('FST_')
    return { status, message: isReadable ? error.message : (STATUS_CODES[status] ?? 'Bad request') }
  }
  const { id, method, url } = request
  log.error({ err: error, request: id, method, url }, 'request failed')
  if (error instanceof HttpError) return { status, message: error.message }
  return { status: 500, message: `Internal error (request ${id})` }
}

/** Short, unique across restarts, and cheap: a random beginning and a count. */
function requestIds(): () => string {
  const start = randomBytes(4).toString('hex')
  let count = 0
  return () => {
    count += 1
    return `${start}-${count.toString(36)}`
  }
}

/** Without this a connection that was answering when closing began would hold it up for `keepAliveMs`. */
function closeWhenAnswered(app: FastifyInstance): void {
  let isClosing = false
  app.addHook('preClose', (done) => {
    isClosing = true
    done()
  })
  app.addHook('onResponse', (_request, _reply, done) => {
    if (isClosing) setImmediate(() => app.server.closeIdleConnections())
    done()
  })
}

const seconds = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10]

function count(app: FastifyInstance, metrics: Metrics, service: string): void {
  const answers = ['1xx', '2xx', '3xx', '4xx', '5xx'].map((group) =>
    metrics.counter('fuchsbau_http_requests_total', 'HTTP requests answered, by class of status.', {
      service,
      class: group,
    }),
  )
  const duration = metrics.histogram(
    'fuchsbau_http_request_seconds',
    'Time from the head of a request to the end of its answer.',
    seconds,
    { service },
  )
  app.addHook('onResponse', (_request, reply, done) => {
    answers[Math.floor(reply.statusCode / 100) - 1]?.inc()
    duration.observe(reply.elapsedTime / 1000)
    done()
  })
}
