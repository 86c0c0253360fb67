// Every request below /v2/: which endpoint it means, whether its sender may, and how it gets to the upstream and back. Only
// manifests that are pushed are held in memory; everything else streams.
import { allowUpload } from '@fuchsbau/shared/arrival.ts'
import { addressGroup } from '@fuchsbau/shared/throttle.ts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Caller, nameOf } from '../account/caller.ts'
import { type Endpoint, endpointOf } from '../endpoint.ts'
import { OciError } from '../errors.ts'
import { type Digest, formatReference, type Repository } from '../name.ts'
import { addressOf, audit, mustStore, type Registry } from '../registry.ts'
import { serveCatalog } from './catalog.ts'
import { noteKind } from './count-request.ts'
import { ask, type Exchange, goneOf, passBack, passOn } from './exchange.ts'
import { toUpstream } from './headers.ts'
import { demand, identify } from './identify.ts'
import { refuseNeeded } from './immutable.ts'
import { deleteManifest, putManifest } from './manifest.ts'
import { mountQuery } from './mount.ts'
import { needOf } from './needs.ts'
import { pullManifest } from './pull-manifest.ts'
import { unmarkUpload } from './upload-owner.ts'

/** An upload has to bring so many bytes in each half minute. */
const LEAST_UPLOAD_BYTES = 1
/** A connection on which an upload is may be silent for as long as the upstream may be. */
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
  noteKind(registry.counts, request, endpoint.kind)
  const need = needOf(endpoint, method)
  const identified = await identify(registry, request, need)
  if (need) demand(registry, identified, need, request, referenceOf(endpoint))
  if (endpoint.kind === 'base') {
    return reply.header('docker-distribution-api-version', 'registry/2.0').send({})
  }
  takePlace(registry, identified.caller, request, reply)
  const exchange = { registry, request, reply, identified, endpoint, path, query, need }
  switch (endpoint.kind) {
    case 'catalog':
      return await serveCatalog(exchange)
    case 'manifest':
      if (method === 'PUT') return await putManifest(exchange, endpoint)
      if (method === 'DELETE') return await deleteManifest(exchange, endpoint)
      if (method === 'HEAD') return await passOn(exchange)
      return await pullManifest(exchange, endpoint.repository, endpoint.reference)
    case 'blob':
      return await (method === 'DELETE' ? deleteBlob(exchange, endpoint) : passOn(exchange))
    case 'uploads':
      return await beginUpload(exchange)
    case 'upload':
      return await goOn(exchange)
    default:
      return await passOn(exchange)
  }
}

/** What a request names, beside the repository. */
function referenceOf(endpoint: Endpoint): string | undefined {
  if (endpoint.kind === 'manifest') return formatReference(endpoint.reference)
  return 'digest' in endpoint ? endpoint.digest : undefined
}

/** Until the answer is whole, or its client gone. Nobody in particular is one for each address. */
function takePlace(
  { places }: Registry,
  caller: Caller,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const isNobody = caller.account.kind === 'anonymous'
  const leave = places.take(isNobody ? addressGroup(addressOf(request)) : nameOf(caller))
  if (!leave) throw tooMany
  if (reply.raw.destroyed) leave()
  else reply.raw.once('close', leave)
}

const tooMany = new OciError(
  'TOOMANYREQUESTS',
  'Too many requests of yours are under way here: let some of them end first.',
  { headers: { 'retry-after': '5' } },
)

/** On disk, in the audit, before the client is told. */
async function deleteBlob(
  exchange: Exchange,
  { repository, digest }: { repository: Repository; digest: Digest },
): Promise<FastifyReply> {
  const { registry, request, reply, identified } = exchange
  mustStore(registry)
  return await registry.changes.run(repository, async () => {
    await refuseNeeded(exchange, repository, digest)
    const answer = await ask(exchange, {
      method: 'DELETE',
      path: exchange.path,
      headers: toUpstream(request.headers),
      signal: goneOf(reply),
    })
    if (answer.status < 300) {
      const { caller } = identified
      audit(registry, { event: 'delete', caller, address: addressOf(request), repository, digest })
      registry.store.commitTurn()
    }
    return await passBack(exchange, answer)
  })
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
