// Every request below /v2/: which endpoint it means, whether its sender may, and how it gets to the upstream and back. Only
// manifests that are pushed are held in memory; everything else streams.
import { allowUpload } from '@fuchsbau/shared/arrival.ts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Endpoint, endpointOf } from '../endpoint.ts'
import { CODES, OciError } from '../errors.ts'
import { formatReference } from '../name.ts'
import { audit, type Registry } from '../registry.ts'
import type { Scope } from '../scope.ts'
import { serveCatalog } from './catalog.ts'
import { pathOf, toClient, toUpstream } from './headers.ts'
import { demand, type Identified, identify, upstreamAuthorization } from './identify.ts'
import { deleteManifest, putManifest } from './manifest.ts'
import { mountFrom, mountQuery } from './mount.ts'
import { type Need, needOf, scopesOf } from './needs.ts'
import { markUpload, unmarkUpload } from './upload-owner.ts'
import { type UpstreamAnswer, UpstreamFailure, type UpstreamRequest } from './upstream.ts'

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

/** An upload has to bring so many bytes in each half minute. */
const LEAST_UPLOAD_BYTES = 1

/** Answers one request. Throws OciError. */
export async function serveRegistry(
  registry: Registry,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { method } = request
  const [path = '', query = ''] = (request.raw.url ?? '').split('?', 2)
  const endpoint = endpointOf(method, path)
  const need = needOf(endpoint, method)
  const identified = await identify(registry, request, need)
  if (need) demand(registry, identified, need, request)
  const exchange = { registry, request, reply, identified, endpoint, path, query, need }
  switch (endpoint.kind) {
    case 'base':
      return reply.header('docker-distribution-api-version', 'registry/2.0').send({})
    case 'catalog':
      return await serveCatalog(exchange)
    case 'manifest':
      if (method === 'PUT') return await putManifest(exchange, endpoint)
      if (method === 'DELETE') return await deleteManifest(exchange, endpoint)
      return await pull(exchange)
    case 'blob':
      return method === 'DELETE' ? await change(exchange, 'delete') : await pull(exchange)
    case 'uploads':
      return await beginUpload(exchange)
    case 'upload':
      return await goOn(exchange)
    default:
      return await pull(exchange)
  }
}

/** Passes a request on, with its body, and the answer back. `query`: another than it came with. */
export async function passOn(exchange: Exchange, query = exchange.query): Promise<FastifyReply> {
  const { request, reply } = exchange
  const answer = await ask(exchange, {
    method: request.method,
    path: `${exchange.path}${query === '' ? '' : `?${query}`}`,
    headers: toUpstream(request.headers),
    body: bodyOf(request),
    signal: goneOf(reply),
  })
  return await passBack(exchange, answer)
}

/** Asks the upstream, in the name of who asks us. Throws OciError when it cannot be reached, or does not let us in. */
export async function ask(
  { registry, identified, need }: Pick<Exchange, 'registry' | 'identified' | 'need'>,
  request: UpstreamRequest,
): Promise<UpstreamAnswer> {
  const authorization = await upstreamAuthorization(registry, identified, scopesFor(need, request))
  const headers = { ...request.headers, ...authorization }
  let answer: UpstreamAnswer
  try {
    answer = await registry.upstream.request({ ...request, headers })
  } catch (error) {
    if (!(error instanceof UpstreamFailure)) throw error
    registry.log.warn({ reason: error.message }, 'the upstream does not answer')
    throw unavailable
  }
  if (answer.status !== 401 && answer.status !== 403) return answer
  answer.discard()
  registry.log.error({ status: answer.status }, 'the upstream does not accept our tokens')
  throw new OciError('UNAVAILABLE', 'The registry behind this one did not let us in.', {
    status: 502,
  })
}

/** A mount reads elsewhere, too. */
function scopesFor(need: Need | undefined, { path }: UpstreamRequest): Scope[] {
  const from = mountFrom(path.split('?')[1] ?? '')
  const scopes = scopesOf(need)
  return from ? [...scopes, { type: 'repository', name: from, actions: ['pull'] }] : scopes
}

const unavailable = new OciError(
  'UNAVAILABLE',
  'The registry behind this one does not answer now.',
  {
    headers: { 'retry-after': '5' },
  },
)

/** The answer of the upstream becomes ours: its body as it comes, its addresses as ours. */
export async function passBack(
  { registry, reply, request, path, identified, endpoint }: Exchange,
  answer: UpstreamAnswer,
): Promise<FastifyReply> {
  const { status } = answer
  if (status >= 400) return await passError(reply, request, answer)
  const isUpload = endpoint.kind === 'upload' || endpoint.kind === 'uploads'
  const rewrite = (location: string) => {
    const ours = pathOf(location, registry.upstream.prefix)
    const isOfUpload = isUpload && ours !== undefined && /\/blobs\/uploads\/[^/]+/.test(ours)
    return isOfUpload ? markUpload(registry.issue.keys, identified.caller, ours) : ours
  }
  const headers = toClient(answer.headers, rewrite)
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
  reply.code(status).type('application/json')
  if (method === 'HEAD') {
    answer.discard()
    return reply.send()
  }
  const text = (await answer.bytes(MAX_ERROR_BYTES)).toString('utf8')
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

async function pull(exchange: Exchange): Promise<FastifyReply> {
  const { registry, request, identified, endpoint } = exchange
  if (endpoint.kind === 'manifest' && request.method === 'GET') {
    audit(registry, {
      event: 'pull',
      caller: identified.caller,
      address: request.ip,
      repository: endpoint.repository,
      reference: formatReference(endpoint.reference),
    })
  }
  return await passOn(exchange)
}

/** Something that is asked of the upstream and told in the audit when it was done. */
async function change(exchange: Exchange, event: string): Promise<FastifyReply> {
  const { registry, request, reply, identified, endpoint } = exchange
  const answer = await ask(exchange, {
    method: request.method,
    path: exchange.path,
    headers: toUpstream(request.headers),
    signal: goneOf(reply),
  })
  if (answer.status < 300 && 'repository' in endpoint) {
    audit(registry, {
      event,
      caller: identified.caller,
      address: request.ip,
      repository: endpoint.repository,
      digest: 'digest' in endpoint ? endpoint.digest : undefined,
    })
    registry.store.commitTurn()
  }
  return await passBack(exchange, answer)
}

async function beginUpload(exchange: Exchange): Promise<FastifyReply> {
  allowUpload(exchange.request, LEAST_UPLOAD_BYTES)
  return await passOn(exchange, mountQuery(exchange))
}

/** An upload of somebody else is unknown to who asks. */
async function goOn(exchange: Exchange): Promise<FastifyReply> {
  const { registry, identified, path, query, request } = exchange
  const own = unmarkUpload(registry.issue.keys, identified.caller, path, query)
  if (own === undefined) throw new OciError('BLOB_UPLOAD_UNKNOWN', 'There is no such upload.')
  allowUpload(request, LEAST_UPLOAD_BYTES)
  return await passOn(exchange, own)
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
  raw.once('close', () => {
    if (!raw.writableFinished) gone.abort()
  })
  return gone.signal
}
