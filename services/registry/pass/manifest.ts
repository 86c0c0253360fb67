// Manifests that come and go: the one moment at which tags change. Tags that are immutable stay, others need the right to
// overwrite.
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { verdict } from '../account/rights.ts'
import type { Endpoint } from '../endpoint.ts'
import { OciError } from '../errors.ts'
import { type Digest, formatReference, parseDigest, type Repository, type Tag } from '../name.ts'
import { immutableLine } from '../policy/decide.ts'
import { audit } from '../registry.ts'
import { toUpstream } from './headers.ts'
import { ask, type Exchange, goneOf, passBack } from './serve.ts'

type ManifestEndpoint = Extract<Endpoint, { kind: 'manifest' }>

/** Of everything that a manifest can be. */
const ACCEPT = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  '*/*',
].join(', ')
/** Immutable tags that are looked at before a manifest is deleted by its digest. */
const MAX_TAGS = 10_000

/** A push: whole in memory, so that its digest is known before the tag is touched. */
export async function putManifest(
  exchange: Exchange,
  endpoint: ManifestEndpoint,
): Promise<FastifyReply> {
  const { registry, request } = exchange
  const bytes = await bodyOf(exchange)
  const { repository, reference } = endpoint
  const key = `${repository} ${formatReference(reference)}`
  // Two pushes of one tag at once: the second sees what the first has done.
  return await registry.tagChanges.run(key, async () => {
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest
    if (reference.kind === 'tag') await mayTag(exchange, repository, reference.tag, digest)
    const answer = await ask(exchange, {
      method: 'PUT',
      path: exchange.path + (exchange.query === '' ? '' : `?${exchange.query}`),
      headers: toUpstream(request.headers),
      body: { stream: Readable.from([bytes]), length: bytes.length },
    })
    if (answer.status < 300) {
      const stored = parseDigest(answer.headers.get('docker-content-digest') ?? '') ?? digest
      changed(exchange, 'push', repository, formatReference(reference), stored)
    }
    return await passBack(exchange, answer)
  })
}

/** A tag alone, or a manifest with all its tags. */
export async function deleteManifest(
  exchange: Exchange,
  endpoint: ManifestEndpoint,
): Promise<FastifyReply> {
  const { registry, request, reply } = exchange
  const { repository, reference } = endpoint
  if (reference.kind === 'tag') refuseImmutable(exchange, repository, reference.tag)
  else await refuseTagged(exchange, repository, reference.digest)
  return await registry.tagChanges.run(`${repository} ${formatReference(reference)}`, async () => {
    const answer = await ask(exchange, {
      method: 'DELETE',
      path: exchange.path,
      headers: toUpstream(request.headers),
      signal: goneOf(reply),
    })
    if (answer.status < 300) {
      const digest = reference.kind === 'digest' ? reference.digest : undefined
      changed(exchange, 'delete', repository, formatReference(reference), digest)
    }
    return await passBack(exchange, answer)
  })
}

/** On disk before the client is told. */
function changed(
  { registry, request, identified }: Exchange,
  event: 'push' | 'delete',
  repository: Repository,
  reference: string,
  digest: Digest | undefined,
): void {
  const { caller } = identified
  audit(registry, { event, caller, address: request.ip, repository, reference, digest })
  registry.store.commitTurn()
}

/** A tag that is new may be pushed; one that names something else may be moved by who may overwrite, if at all. */
async function mayTag(
  exchange: Exchange,
  repository: Repository,
  tag: Tag,
  digest: Digest,
): Promise<void> {
  const before = await digestOf(exchange, repository, tag)
  if (before === undefined || before === digest) return
  refuseImmutable(exchange, repository, tag)
  const { registry, identified, request } = exchange
  const found = verdict(registry.policy.current, identified.caller, 'overwrite', repository)
  if (found.isAllowed) return
  const why = `The tag ${tag} exists already. ${found.why}`
  deny(exchange, repository, tag, why, request.ip)
}

function refuseImmutable(exchange: Exchange, repository: Repository, tag: Tag): void {
  const line = immutableLine(exchange.registry.policy.current, repository, tag)
  if (line === undefined) return
  const why = `The tag ${tag} is immutable (line ${line} of the policy).`
  deny(exchange, repository, tag, why, exchange.request.ip)
}

function deny(
  { registry, identified }: Exchange,
  repository: Repository,
  reference: string,
  why: string,
  address: string,
): never {
  const { caller } = identified
  audit(registry, { event: 'denied', caller, address, repository, reference, outcome: why })
  throw new OciError('DENIED', why)
}

/** What is deleted by its digest takes its tags along. */
async function refuseTagged(
  exchange: Exchange,
  repository: Repository,
  digest: Digest,
): Promise<void> {
  const { registry } = exchange
  const policy = registry.policy.current
  if (policy.immutable.length === 0) return
  for (const tag of await tagsOf(exchange, repository)) {
    if (immutableLine(policy, repository, tag) === undefined) continue
    if ((await digestOf(exchange, repository, tag)) === digest) {
      refuseImmutable(exchange, repository, tag as Tag)
    }
  }
}

async function digestOf(
  exchange: Exchange,
  repository: Repository,
  tag: string,
): Promise<Digest | undefined> {
  const answer = await ask(asReader(exchange, repository), {
    method: 'HEAD',
    path: `/v2/${repository}/manifests/${tag}`,
    headers: { accept: ACCEPT },
  })
  answer.discard()
  if (answer.status === 404) return
  const digest = parseDigest(answer.headers.get('docker-content-digest') ?? '')
  if (answer.status === 200 && digest) return digest
  throw new OciError('UNAVAILABLE', 'The registry behind this one did not say what the tag names.')
}

async function tagsOf(exchange: Exchange, repository: Repository): Promise<string[]> {
  const answer = await ask(asReader(exchange, repository), {
    method: 'GET',
    path: `/v2/${repository}/tags/list?n=${MAX_TAGS}`,
    headers: {},
  })
  if (answer.status === 404) {
    answer.discard()
    return []
  }
  const body = JSON.parse((await answer.bytes(4 * 1024 * 1024)).toString('utf8')) as {
    tags?: string[] | null
  }
  return body.tags ?? []
}

/** We look by ourselves: her token may be for pushing alone. */
function asReader(exchange: Exchange, repository: Repository): Exchange {
  const identified = { ...exchange.identified, token: undefined, claims: undefined }
  return { ...exchange, identified, need: { right: 'pull', repository } }
}

async function bodyOf({ request, registry }: Exchange): Promise<Buffer> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of request.raw) {
    bytes += (part as Buffer).length
    if (bytes > registry.maxManifestBytes) {
      throw new OciError('SIZE_INVALID', 'The manifest is too large.', { status: 413 })
    }
    parts.push(part as Buffer)
  }
  return Buffer.concat(parts)
}
