// One allowed request to the upstream, and its answer on the way back: what goes on is chosen here, and streams.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Endpoint } from '../endpoint.ts'
import { CODES, OciError } from '../errors.ts'
import type { Registry } from '../registry.ts'
import { type Access, accessOf, type Scope } from '../scope.ts'
import { ClientGone, UpstreamFailure } from './failure.ts'
import { HARMLESS, pathOf, toClient, toUpstream } from './headers.ts'
import { type Identified, upstreamAuthorization } from './identify.ts'
import { mountFrom } from './mount.ts'
import { type Need, scopesOf } from './needs.ts'
import { textOf, unreadable } from './read-answer.ts'
import { markUpload } from './upload-owner.ts'
import type { UpstreamAnswer, UpstreamRequest } from './upstream.ts'

/** A request that is known to be allowed. */
export interface Exchange {
  registry: Registry
  request: FastifyRequest
  reply: FastifyReply
  identified: Identified
  endpoint: Endpoint
  /** Without the query. */
  path: string
  /** Without the question mark. */
  query: string
  need: Need | undefined
}

/** Passes a request on, with its body, and the answer back. `query`: another than it came with. */
export async function passOn(exchange: Exchange, query?: string): Promise<FastifyReply> {
  return await passBack(exchange, await askOn(exchange, query))
}

/** The first half of that. */
export async function askOn(exchange: Exchange, query = exchange.query): Promise<UpstreamAnswer> {
  const { request, reply } = exchange
  return await ask(exchange, {
    method: request.method,
    path: `${exchange.path}${query === '' ? '' : `?${query}`}`,
    headers: toUpstream(request.headers),
    body: bodyOf(request),
    signal: goneOf(reply),
  })
}

/** Asks the upstream, in the name of who asks us. Throws OciError when it cannot be reached, or does not let us in. */
export async function ask(
  { registry, identified, need, endpoint }: Exchange,
  request: UpstreamRequest,
): Promise<UpstreamAnswer> {
  const own = ownAccess(endpoint, request)
  const { caller, token } = identified
  const authorization = own
    ? await upstreamAuthorization(registry, { caller, token: undefined }, own)
    : await upstreamAuthorization(registry, { caller, token }, [
        ...accessOf(scopesOf(need)),
        ...(endpoint.kind === 'uploads' ? accessOf(mountScopes(request)) : []),
      ])
  const headers = { ...request.headers, ...authorization }
  let answer: UpstreamAnswer
  try {
    answer = await registry.upstream.request({ ...request, headers })
  } catch (error) {
    if (!(error instanceof UpstreamFailure)) throw error
    if (!(error instanceof ClientGone)) {
      registry.log.warn({ reason: error.message }, 'the upstream does not answer')
    }
    throw unavailable
  }
  if (answer.status !== 401 && answer.status !== 403) return answer
  answer.discard()
  registry.log.error({ status: answer.status }, 'the upstream does not accept our tokens')
  throw new OciError('UNAVAILABLE', 'The registry behind this one did not let us in.', {
    status: 502,
  })
}

/**
 * Where the upstream wants a right that no client asks for. Zot goes by the method: who cancels her own upload has to be one
 * who may delete, and extensions are a repository without a name.
 */
function ownAccess(endpoint: Endpoint, { method }: UpstreamRequest): Access[] | undefined {
  if (endpoint.kind === 'extension') {
    return [{ type: 'repository', name: '', actions: [method === 'POST' ? 'push' : 'pull'] }]
  }
  if (endpoint.kind !== 'upload' || method !== 'DELETE') return
  return [{ type: 'repository', name: endpoint.repository, actions: ['push', 'delete'] }]
}

/** A mount reads elsewhere, too: there it is allowed, or `mountQuery` would have left it out. */
function mountScopes({ path }: UpstreamRequest): Scope[] {
  const from = mountFrom(path.split('?')[1] ?? '')
  return from ? [{ type: 'repository', name: from, actions: ['pull'] }] : []
}

const unavailable = new OciError(
  'UNAVAILABLE',
  'The registry behind this one does not answer now.',
  {
    headers: { 'retry-after': '5' },
  },
)

/** The answer of the upstream becomes ours: its body as it comes, its addresses as ours. */
export async function passBack(exchange: Exchange, answer: UpstreamAnswer): Promise<FastifyReply> {
  const { registry, reply, request, path } = exchange
  const { status } = answer
  if (status >= 400) return await passError(reply, request, answer)
  if (status >= 300 && status !== 304) {
    // Somewhere that our clients cannot reach, or should not without us.
    answer.discard()
    registry.log.error({ status, path }, 'the upstream sends clients elsewhere: that must be off')
    throw unreadable
  }
  const headers = clientHeaders(exchange, answer)
  reply.hijack()
  reply.raw.writeHead(status, headers)
  if (request.method === 'HEAD' || status === 204 || status === 304) {
    answer.discard()
    reply.raw.end()
    return reply
  }
  try {
    await answer.pipe(reply.raw)
    reply.raw.end()
  } catch (error) {
    // What was promised cannot be kept: only the end of the connection says so.
    reply.raw.destroy()
    registry.log.info({ path, reason: (error as Error).message }, 'an answer broke off')
  }
  return reply
}

/** Of an answer that goes on to the client. */
export function clientHeaders(
  { registry, identified, endpoint }: Exchange,
  answer: UpstreamAnswer,
): Record<string, string> {
  const isUpload = endpoint.kind === 'upload' || endpoint.kind === 'uploads'
  const rewrite = (location: string) => {
    const ours = pathOf(location, registry.upstream.prefix)
    const isOfUpload = isUpload && ours !== undefined && /\/blobs\/uploads\/[^/]+/.test(ours)
    return isOfUpload ? markUpload(registry.issue.keys, identified.caller, ours) : ours
  }
  return toClient(answer.headers, rewrite)
}

const MAX_ERROR_BYTES = 64 * 1024

/** Errors of the upstream in the form of the specification; anything else it says is not for clients. */
async function passError(
  reply: FastifyReply,
  { method }: FastifyRequest,
  answer: UpstreamAnswer,
): Promise<FastifyReply> {
  const { status, headers } = answer
  if (status >= 500) {
    answer.discard()
    throw new OciError('UNKNOWN', 'The registry behind this one failed.', { status })
  }
  for (const name of ['range', 'docker-upload-uuid', 'retry-after'] as const) {
    const value = headers.get(name)
    if (value !== undefined) reply.header(name, value)
  }
  reply.code(status).headers(HARMLESS).type('application/json')
  if (method === 'HEAD') {
    answer.discard()
    return reply.send()
  }
  const text = await textOf(answer, MAX_ERROR_BYTES)
  return reply.send(isErrorBody(text) ? text : errorOf(status).body)
}

function isErrorBody(text: string): boolean {
  try {
    const body = JSON.parse(text) as { errors?: { code?: unknown }[] } | null
    const errors = body?.errors
    return Array.isArray(errors) && errors.every(({ code }) => typeof code === 'string')
  } catch {
    return false
  }
}

function errorOf(status: number): OciError {
  const known = Object.entries(CODES).find(([, usual]) => usual === status)
  const code = (known?.[0] ?? 'UNKNOWN') as keyof typeof CODES
  return new OciError(code, `The registry behind this one answered ${status}.`, { status })
}

function bodyOf({ raw, method }: FastifyRequest): UpstreamRequest['body'] {
  if (method === 'GET' || method === 'HEAD') return
  const { 'content-length': length, 'transfer-encoding': coding } = raw.headers
  if (coding !== undefined) return { stream: raw, length: undefined }
  return length === undefined || length === '0'
    ? undefined
    : { stream: raw, length: Number(length) }
}

/** Aborted when the client is gone before the answer is whole. */
export function goneOf({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController()
  // While it was found out who asks, she may have gone.
  if (raw.destroyed) gone.abort()
  raw.once('close', () => {
    if (!raw.writableFinished) gone.abort()
  })
  return gone.signal
}
