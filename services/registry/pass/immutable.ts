// What must not go away: tags that the policy calls immutable, and whatever their images are made of. It is found by reading
// what the upstream has, at the moment at which somebody wants to delete.
import type { Denial } from '../counts.ts'
import { OciError } from '../errors.ts'
import { MANIFEST_TYPES } from '../images/document.ts'
import { type Digest, parseDigest, parseTag, type Repository, type Tag } from '../name.ts'
import { immutableLine } from '../policy/decide.ts'
import { addressOf, audit } from '../registry.ts'
import { ask, type Exchange } from './exchange.ts'
import { digestIn, jsonOf } from './read-answer.ts'
import type { UpstreamAnswer } from './upstream.ts'

/** Of everything that a manifest can be. */
const ACCEPT = [...MANIFEST_TYPES, '*/*'].join(', ')
/** Tags are read in pages of so many. */
const PAGE = 1_000
const MAX_PAGES = 100
const MAX_PAGE_BYTES = 4 * 1024 * 1024
/** Manifests that are read before something is deleted, at most: some seconds. */
const MAX_READ = 10_000

/** Throws when the policy says that this tag stays what it is. */
export function refuseImmutable(exchange: Exchange, repository: Repository, tag: Tag): void {
  const line = immutableLine(exchange.registry.policy.current, repository, tag)
  if (line === undefined) return
  const why = `The tag ${tag} is immutable (line ${line} of the policy).`
  denyImmutable(exchange, repository, tag, why, line)
}

function denyImmutable(
  exchange: Exchange,
  repository: Repository,
  reference: Tag | Digest,
  why: string,
  line: number,
): never {
  const next = exchange.need?.right === 'delete' ? 'Nobody may delete it.' : 'Push another tag.'
  deny(exchange, {
    by: 'immutable',
    repository,
    reference,
    why,
    next,
    detail: { repository, line },
  })
}

export interface Denied {
  by: Denial
  repository: Repository
  reference: string
  why: string
  /** What she can do. */
  next: string
  detail: Readonly<Record<string, unknown>>
}

export function deny(
  { registry, identified, request }: Exchange,
  { by, repository, reference, why, next, detail }: Denied,
): never {
  registry.counts.denied(by)
  const entry = { event: 'denied', repository, reference, outcome: why }
  audit(registry, { ...entry, caller: identified.caller, address: addressOf(request) })
  throw new OciError('DENIED', `${why} ${next}`, { detail })
}

/**
 * Throws when an immutable tag names this manifest, or when it or the blob is a part of what such a tag names: a manifest of
 * an index, a configuration, a layer.
 */
export async function refuseNeeded(
  exchange: Exchange,
  repository: Repository,
  digest: Digest,
): Promise<void> {
  const policy = exchange.registry.policy.current
  if (policy.immutable.length === 0) return
  const read = new Set<string>()
  for (const tag of await tagsOf(exchange, repository)) {
    const line = immutableLine(policy, repository, tag)
    if (line === undefined || !(await isNeededBy(exchange, repository, tag, digest, read))) continue
    const why = `The immutable tag ${tag} needs it (line ${line} of the policy).`
    denyImmutable(exchange, repository, digest, why, line)
  }
}

/** `read`: what was read before, and did not need it. */
async function isNeededBy(
  exchange: Exchange,
  repository: Repository,
  tag: Tag,
  wanted: Digest,
  read: Set<string>,
): Promise<boolean> {
  const waiting: string[] = [tag]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (read.has(next)) continue
    read.add(next)
    if (read.size > MAX_READ) {
      throw new OciError('DENIED', 'There is too much here to tell what immutable tags need.')
    }
    const answer = await get(exchange, repository, `manifests/${next}`)
    if (answer.status === 404) {
      answer.discard()
      continue
    }
    const digest = mustSayDigest(answer)
    const { parts, manifests } = referencesOf(
      await jsonOf(answer, exchange.registry.maxManifestBytes),
    )
    if (digest === wanted || parts.includes(wanted) || manifests.includes(wanted)) return true
    waiting.push(...manifests)
  }
  return false
}

/** What a manifest of any kind is made of. https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md */
function referencesOf(json: unknown): { parts: Digest[]; manifests: Digest[] } {
  const { config, layers, blobs, manifests } = (json ?? {}) as Record<string, unknown>
  const digests = (value: unknown) =>
    (Array.isArray(value) ? value : []).flatMap(
      (one: { digest?: unknown } | null) => parseDigest(String(one?.digest)) ?? [],
    )
  return {
    parts: [[config], layers, blobs].flatMap(digests),
    manifests: digests(manifests),
  }
}

/** What a tag names now; undefined when there is no such tag. */
export async function digestOfTag(
  exchange: Exchange,
  repository: Repository,
  tag: Tag,
): Promise<Digest | undefined> {
  const answer = await get(exchange, repository, `manifests/${tag}`, 'HEAD')
  answer.discard()
  return answer.status === 404 ? undefined : mustSayDigest(answer)
}

function mustSayDigest(answer: UpstreamAnswer): Digest {
  const digest = digestIn(answer)
  if (answer.status === 200 && digest) return digest
  throw new OciError('UNAVAILABLE', 'The registry behind this one did not say what the tag names.')
}

async function tagsOf(exchange: Exchange, repository: Repository): Promise<Tag[]> {
  const all: Tag[] = []
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const last = all.at(-1)
    const after = last === undefined ? '' : `&last=${last}`
    const answer = await get(exchange, repository, `tags/list?n=${PAGE}${after}`)
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
async function get(
  exchange: Exchange,
  repository: Repository,
  path: string,
  method = 'GET',
): Promise<UpstreamAnswer> {
  const identified = { ...exchange.identified, token: undefined, claims: undefined }
  return await ask(
    { ...exchange, identified, need: { right: 'pull', repository } },
    { method, path: `/v2/${repository}/${path}`, headers: { accept: ACCEPT } },
  )
}
