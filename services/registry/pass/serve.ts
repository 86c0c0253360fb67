// Every request below /v2/: which endpoint it means, whether its sender may, and how it gets to the upstream and back. Only
// manifests that are pushed are held in memory; everything else streams.
import { allowUpload } from '@fuchsbau/shared/arrival.ts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { endpointOf } from '../endpoint.ts'
import { OciError } from '../errors.ts'
import { formatReference } from '../name.ts'
import { addressOf, audit, mustStore, type Registry } from '../registry.ts'
import { serveCatalog } from './catalog.ts'
import { ask, type Exchange, goneOf, passBack, passOn } from './exchange.ts'
import { toUpstream } from './headers.ts'
import { demand, identify } from './identify.ts'
import { deleteManifest, putManifest } from './manifest.ts'
import { mountQuery } from './mount.ts'
import { needOf } from './needs.ts'
import { pullManifest } from './pull-manifest.ts'
import { unmarkUpload } from './upload-owner.ts'

/** An upload has to bring so many bytes in each half minute. */
const LEAST_UPLOAD_BYTES = 1
/** A connection on which an upload is may be silent for so long: the upstream may have to read a large blob once more. */
const UPLOAD_SILENCE_MS = 600_000

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

async function pull(exchange: Exchange): Promise<FastifyReply> {
  const { registry, request, identified, endpoint } = exchange
  if (endpoint.kind === 'manifest' && request.method === 'GET') {
    audit(registry, {
      event: 'pull',
      caller: identified.caller,
      address: addressOf(request),
      repository: endpoint.repository,
      reference: formatReference(endpoint.reference),
    })
    return await pullManifest(exchange, endpoint.repository, endpoint.reference)
  }
  return await passOn(exchange)
}

/** Something that is asked of the upstream and told in the audit when it was done. */
async function change(exchange: Exchange, event: string): Promise<FastifyReply> {
  const { registry, request, reply, identified, endpoint } = exchange
  mustStore(registry)
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
      address: addressOf(request),
      repository: endpoint.repository,
      digest: 'digest' in endpoint ? endpoint.digest : undefined,
    })
    registry.store.commitTurn()
  }
  return await passBack(exchange, answer)
}

async function beginUpload(exchange: Exchange): Promise<FastifyReply> {
  mayTakeLong(exchange.request)
  return await passOn(exchange, mountQuery(exchange))
}

/** An upload of somebody else is unknown to who asks. */
async function goOn(exchange: Exchange): Promise<FastifyReply> {
  const { registry, identified, path, query, request } = exchange
  const own = unmarkUpload(registry.issue.keys, identified.caller, path, query)
  if (own === undefined) throw new OciError('BLOB_UPLOAD_UNKNOWN', 'There is no such upload.')
  mayTakeLong(request)
  return await passOn(exchange, own)
}

function mayTakeLong(request: FastifyRequest): void {
  allowUpload(request, LEAST_UPLOAD_BYTES)
  // The next request on this connection has the usual deadline again.
  request.raw.socket.setTimeout(UPLOAD_SILENCE_MS)
}
