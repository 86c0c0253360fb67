// A manifest that is pulled: from memory where it has just been pulled by its digest, else from the upstream. Head and body go
// to the client in one write.
import type { FastifyReply } from 'fastify'
import { type Digest, formatReference, type Reference, type Repository } from '../name.ts'
import { addressOf, audit } from '../registry.ts'
import { askOn, clientHeaders, type Exchange, passBack } from './exchange.ts'
import { UpstreamFailure } from './failure.ts'
import { type CachedManifest, MAX_CACHED_BYTES } from './manifest-cache.ts'
import { digestIn, unreadable } from './read-answer.ts'

/** Answers a GET that is known to be allowed. */
export async function pullManifest(
  exchange: Exchange,
  repository: Repository,
  reference: Reference,
): Promise<FastifyReply> {
  const { registry, request, reply, query } = exchange
  const { manifests } = registry
  const digest = reference.kind === 'digest' ? reference.digest : undefined
  const key = digest && manifests.keyOf(repository, digest, query, request.headers)
  const known = key === undefined ? undefined : manifests.find(key)
  if (known) {
    notePull(exchange, repository, reference, digest)
    return send(reply, known)
  }
  const keep = digest && key !== undefined ? manifests.begin(key, digest) : undefined
  const answer = await askOn(exchange)
  const { status, framing } = answer
  // Of what there is: what is not there is not pulled.
  if (status < 400) notePull(exchange, repository, reference, digestIn(answer))
  const isShort = framing.kind === 'length' && framing.bytes <= MAX_CACHED_BYTES
  if (status !== 200 || !isShort) return await passBack(exchange, answer)
  const headers = clientHeaders(exchange, answer)
  const body = await answer.bytes(MAX_CACHED_BYTES).catch((error: unknown) => {
    throw error instanceof UpstreamFailure ? unreadable : error
  })
  keep?.(headers, body)
  return send(reply, { headers, body: body.toString('latin1') })
}

function notePull(
  { registry, request, identified }: Exchange,
  repository: Repository,
  reference: Reference,
  digest: Digest | undefined,
): void {
  audit(registry, {
    event: 'pull',
    caller: identified.caller,
    address: addressOf(request),
    repository,
    reference: formatReference(reference),
    digest,
  })
}

function send(reply: FastifyReply, { headers, body }: CachedManifest): FastifyReply {
  reply.hijack()
  reply.raw.writeHead(200, headers)
  reply.raw.end(body, 'latin1')
  return reply
}
