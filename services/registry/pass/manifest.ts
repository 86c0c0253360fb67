// Manifests that come and go: the one moment at which tags change. Tags that are immutable stay, others need the right to
// overwrite. Changes of one repository come one after the other: what was looked at is still so when it is changed.
import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { verdict, whatNext } from '../account/rights.ts'
import type { Endpoint } from '../endpoint.ts'
import { OciError } from '../errors.ts'
import {
  type Digest,
  digestLike,
  formatReference,
  parseTag,
  type Reference,
  type Repository,
  type Tag,
} from '../name.ts'
import { addressOf, audit, mustStore } from '../registry.ts'
import { describeManifest, type PushedManifest } from '../webhook/event.ts'
import { ask, type Exchange, goneOf, passBack } from './exchange.ts'
import { toUpstream } from './headers.ts'
import { deny, digestOfTag, refuseImmutable, refuseNeeded } from './immutable.ts'
import { digestIn } from './read-answer.ts'
import type { UpstreamAnswer } from './upstream.ts'

type ManifestEndpoint = Extract<Endpoint, { kind: 'manifest' }>

const MAX_PUSHED_TAGS = 100

/** A push: whole in memory, so that its digest is known before the tag is touched. */
export async function putManifest(
  exchange: Exchange,
  endpoint: ManifestEndpoint,
): Promise<FastifyReply> {
  const { registry, request } = exchange
  const { repository, reference } = endpoint
  const tags = tagsOfPush(exchange, reference)
  const bytes = await bodyOf(exchange)
  mustStore(registry)
  const push = async () => {
    const said = reference.kind === 'digest' ? reference.digest : undefined
    const digest = digestLike(said, bytes)
    for (const tag of tags) await mayTag(exchange, repository, tag, said ?? digest)
    const more = reference.kind === 'digest' ? tags.map((tag) => `tag=${tag}`).join('&') : ''
    const answer = await ask(exchange, {
      method: 'PUT',
      path: `${exchange.path}${more === '' ? '' : `?${more}`}`,
      headers: toUpstream(request.headers),
      body: { stream: Readable.from([bytes]), length: bytes.length },
    })
    if (answer.status < 300) {
      const stored = digestIn(answer) ?? digest
      const names = tags.length > 0 ? tags : [formatReference(reference)]
      const pushed = registry.webhooks.hasHooks
        ? describeManifest(bytes, request.headers['content-type'] ?? '', tags)
        : undefined
      for (const name of names) changed(exchange, 'push', repository, name, stored, pushed)
    }
    return await passBack(exchange, answer)
  }
  // What touches no tag need not wait.
  return await (tags.length === 0 ? push() : registry.changes.run(repository, push))
}

/**
 * The tags that a push makes: that of its address, or those that it asks for beside its digest.
 * https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-manifests
 */
function tagsOfPush({ query }: Exchange, reference: Reference): Tag[] {
  if (reference.kind === 'tag') return [reference.tag]
  const words = new Set(new URLSearchParams(query).getAll('tag'))
  if (words.size > MAX_PUSHED_TAGS) {
    throw new OciError('MANIFEST_INVALID', `At most ${MAX_PUSHED_TAGS} tags at once.`)
  }
  return [...words].sort().map((word) => {
    const tag = parseTag(word)
    if (!tag) throw new OciError('MANIFEST_INVALID', 'The parameter "tag" must be a tag.')
    return tag
  })
}

export async function deleteManifest(
  exchange: Exchange,
  endpoint: ManifestEndpoint,
): Promise<FastifyReply> {
  const { request } = exchange
  const answer = await removeManifest(exchange, endpoint, toUpstream(request.headers))
  return await passBack(exchange, answer)
}

/** A tag alone, or a manifest with all its tags; answers what the upstream said. Clients and pages delete by this. */
export async function removeManifest(
  exchange: Exchange,
  { repository, reference }: ManifestEndpoint,
  headers: Readonly<Record<string, string>>,
): Promise<UpstreamAnswer> {
  const { registry, path } = exchange
  mustStore(registry)
  return await registry.changes.run(repository, async () => {
    if (reference.kind === 'tag') refuseImmutable(exchange, repository, reference.tag)
    else await refuseNeeded(exchange, repository, reference.digest)
    const digest =
      reference.kind === 'digest'
        ? reference.digest
        : await digestToTell(exchange, repository, reference.tag)
    const signal = goneOf(exchange.reply)
    const answer = await ask(exchange, { method: 'DELETE', path, headers, signal })
    if (answer.status < 300) {
      changed(exchange, 'delete', repository, formatReference(reference), digest)
    }
    return answer
  })
}

/** For the audit alone: an upstream that does not say what a tag names may delete it nevertheless. */
async function digestToTell(
  exchange: Exchange,
  repository: Repository,
  tag: Tag,
): Promise<Digest | undefined> {
  try {
    return await digestOfTag(exchange, repository, tag)
  } catch (error) {
    if (error instanceof OciError) return
    throw error
  }
}

/** On disk before the client is told. */
function changed(
  { registry, request, identified }: Exchange,
  event: 'push' | 'delete',
  repository: Repository,
  reference: string,
  digest: Digest | undefined,
  manifest?: PushedManifest,
): void {
  const { caller } = identified
  const address = addressOf(request)
  const { id, method, headers } = request
  audit(registry, {
    event,
    caller,
    address,
    repository,
    reference,
    digest,
    manifest,
    request: { id, method, userAgent: headers['user-agent'] ?? '' },
  })
  registry.store.commitTurn()
}

/** A tag that is new may be pushed; one that names something else may be moved by who may overwrite, if at all. */
async function mayTag(
  exchange: Exchange,
  repository: Repository,
  tag: Tag,
  digest: Digest,
): Promise<void> {
  const before = await digestOfTag(exchange, repository, tag)
  if (before === undefined || before === digest) return
  refuseImmutable(exchange, repository, tag)
  const { registry, identified } = exchange
  const found = verdict(registry.policy.current, identified.caller, 'overwrite', repository)
  if (found.isAllowed) return
  const why = `The tag ${tag} exists already. ${found.why}`
  const next = `Push another tag. ${whatNext(registry, identified.caller, found)}`
  const detail = { right: 'overwrite', repository, line: found.line }
  const by = found.isByLimits ? 'token' : 'policy'
  deny(exchange, { by, repository, reference: tag, why, next, detail })
}

async function bodyOf({ request, registry }: Exchange): Promise<Buffer> {
  const parts: Buffer[] = []
  let bytes = 0
  try {
    // The connection is still needed for the answer.
    for await (const part of request.raw.iterator({ destroyOnReturn: false })) {
      bytes += part.length
      if (bytes > registry.maxManifestBytes) break
      parts.push(part)
    }
  } catch {
    throw new OciError('MANIFEST_INVALID', 'The manifest broke off.')
  }
  if (bytes <= registry.maxManifestBytes) return Buffer.concat(parts)
  // The next request on this connection comes behind it.
  request.raw.resume()
  throw new OciError('SIZE_INVALID', 'The manifest is too large.', { status: 413 })
}
