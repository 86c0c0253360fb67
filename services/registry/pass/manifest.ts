// Manifests that come and go: the one moment at which tags change. Tags that are immutable stay, others need the right to
// overwrite.
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { verdict } from '../account/rights.ts'
import type { Endpoint } from '../endpoint.ts'
import { OciError } from '../errors.ts'
import {
  type Digest,
  formatReference,
  parseDigest,
  parseTag,
  type Reference,
  type Repository,
  type Tag,
} from '../name.ts'
import { immutableLine } from '../policy/decide.ts'
import { addressOf, audit, mustStore } from '../registry.ts'
import { ask, type Exchange, goneOf, passBack } from './exchange.ts'
import { toUpstream } from './headers.ts'
import { jsonOf } from './read-answer.ts'
import type { UpstreamAnswer } from './upstream.ts'

type ManifestEndpoint = Extract<Endpoint, { kind: 'manifest' }>

/** Of everything that a manifest can be. */
const ACCEPT = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  '*/*',
].join(', ')
/** Tags are read in pages of so many before a manifest is deleted by its digest. */
const PAGE = 1_000
const MAX_PAGES = 100
const MAX_PAGE_BYTES = 4 * 1024 * 1024
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
  return await inTurn(exchange, repository, tags, async () => {
    const said = reference.kind === 'digest' ? reference.digest : undefined
    const algorithm = said?.split(':')[0] ?? 'sha256'
    const digest = `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}` as Digest
    for (const tag of tags) await mayTag(exchange, repository, tag, said ?? digest)
    const more = reference.kind === 'digest' ? tags.map((tag) => `tag=${tag}`).join('&') : ''
    const answer = await ask(exchange, {
      method: 'PUT',
      path: `${exchange.path}${more === '' ? '' : `?${more}`}`,
      headers: toUpstream(request.headers),
      body: { stream: Readable.from([bytes]), length: bytes.length },
    })
    if (answer.status < 300) {
      const stored = parseDigest(answer.headers.get('docker-content-digest') ?? '') ?? digest
      const names = tags.length > 0 ? tags : [formatReference(reference)]
      for (const name of names) changed(exchange, 'push', repository, name, stored)
    }
    return await passBack(exchange, answer)
  })
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

/** Two pushes of one tag at once: the second sees what the first has done. Sorted, they never wait for each other. */
async function inTurn<T>(
  exchange: Exchange,
  repository: Repository,
  [tag, ...others]: readonly Tag[],
  task: () => Promise<T>,
): Promise<T> {
  if (tag === undefined) return await task()
  return await exchange.registry.tagChanges.run(`${repository} ${tag}`, () =>
    inTurn(exchange, repository, others, task),
  )
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
  if (reference.kind === 'tag') refuseImmutable(exchange, repository, reference.tag)
  else await refuseTagged(exchange, repository, reference.digest)
  return await registry.tagChanges.run(`${repository} ${formatReference(reference)}`, async () => {
    const signal = goneOf(exchange.reply)
    const answer = await ask(exchange, { method: 'DELETE', path, headers, signal })
    if (answer.status < 300) {
      const digest = reference.kind === 'digest' ? reference.digest : undefined
      changed(exchange, 'delete', repository, formatReference(reference), digest)
    }
    return answer
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
  audit(registry, { event, caller, address: addressOf(request), repository, reference, digest })
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
  deny(exchange, repository, tag, why, addressOf(request))
}

function refuseImmutable(exchange: Exchange, repository: Repository, tag: Tag): void {
  const line = immutableLine(exchange.registry.policy.current, repository, tag)
  if (line === undefined) return
  const why = `The tag ${tag} is immutable (line ${line} of the policy).`
  deny(exchange, repository, tag, why, addressOf(exchange.request))
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
  const all: string[] = []
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const last = all.at(-1)
    const answer = await ask(asReader(exchange, repository), {
      method: 'GET',
      path: `/v2/${repository}/tags/list?n=${PAGE}${last === undefined ? '' : `&last=${last}`}`,
      headers: {},
    })
    if (answer.status === 404) {
      answer.discard()
      return all
    }
    if (answer.status !== 200) {
      answer.discard()
      break
    }
    const body = (await jsonOf(answer, MAX_PAGE_BYTES)) as { tags?: unknown } | null
    const tags = (Array.isArray(body?.tags) ? body.tags : []).flatMap(
      (tag) => parseTag(String(tag)) ?? [],
    )
    all.push(...tags)
    const hasMore = tags.length > 0 && (answer.headers.has('link') || tags.length >= PAGE)
    if (!hasMore) return all
  }
  throw new OciError('UNAVAILABLE', 'The registry behind this one did not say which tags it has.')
}

/** We look by ourselves: her token may be for pushing alone. */
function asReader(exchange: Exchange, repository: Repository): Exchange {
  const identified = { ...exchange.identified, token: undefined, claims: undefined }
  return { ...exchange, identified, need: { right: 'pull', repository } }
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
  throw new OciError('SIZE_INVALID', 'The manifest is too large.', { status: 413 })
}
