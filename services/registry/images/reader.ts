// Reads images from the upstream for the pages, in the name of who looks at them: whoever calls has asked the policy. What one
// page may ask for is bounded: in time, in number, and in how much at once.
import { ANONYMOUS } from '../account/caller.ts'
import {
  type Digest,
  digestLike,
  formatReference,
  parseTag,
  type Reference,
  type Repository,
  referrersTag,
  type Tag,
} from '../name.ts'
import { UpstreamFailure } from '../pass/failure.ts'
import { pathOf } from '../pass/headers.ts'
import { upstreamAuthorization } from '../pass/identify.ts'
import { digestIn } from '../pass/read-answer.ts'
import type { UpstreamAnswer } from '../pass/upstream.ts'
import type { Registry } from '../registry.ts'
import { accessOf, type Scope } from '../scope.ts'
import {
  type Descriptor,
  descriptors,
  fieldsOf,
  type ImageConfig,
  MANIFEST_TYPES,
  type Manifest,
  parse,
  readConfig,
  readManifest,
} from './document.ts'
import type { ImageFacts } from './facts.ts'
import { Gate } from './gate.ts'
import { Kept } from './kept.ts'

const MIB = 1024 * 1024
const MAX_BYTES = 4 * MIB
/** Small blobs and manifests, by digest. */
const KEPT_BYTES = 16 * MIB
const KEPT_FACTS = 20_000
/** Of all pages together, and of one. */
const WIDTH = 32
const PAGE_WIDTH = 8
const DEADLINE_MS = 5_000
const MOST_REQUESTS = 600
const MOST_PAGES = 5
const ACCEPT = MANIFEST_TYPES.join(', ')

export interface FoundManifest {
  digest: Digest
  raw: Buffer
  /** Undefined when it is of no kind that we know. */
  manifest: Manifest | undefined
}

export interface ImageRequest {
  method?: 'GET' | 'HEAD'
  path: string
  scope: Scope
  accept?: string
  signal: AbortSignal
}

/** What the readers of all pages share. */
export class Images {
  readonly registry: Registry
  readonly gate = new Gate(WIDTH)
  readonly bytes = new Kept<Buffer>(KEPT_BYTES, (bytes) => bytes.length)
  readonly facts = new Kept<ImageFacts>(KEPT_FACTS, () => 1)

  constructor(registry: Registry) {
    this.registry = registry
  }

  /** One request, for whoever has asked the policy. */
  async ask({ method = 'GET', path, scope, accept = '*/*', signal }: ImageRequest) {
    const { registry } = this
    const nobody = { caller: ANONYMOUS, token: undefined }
    const authorization = await upstreamAuthorization(registry, nobody, accessOf([scope]))
    const headers = { accept, ...authorization }
    return await registry.upstream.request({ method, path, headers, signal })
  }

  /** For one page; its requests end after so long. Dispose of it. */
  reader(deadlineMs = DEADLINE_MS): ImageReader {
    return new ImageReader(this, deadlineMs)
  }
}

export class ImageReader {
  readonly #images: Images
  readonly #gate = new Gate(PAGE_WIDTH)
  readonly #deadline = new AbortController()
  readonly #timer
  #requests = 0

  constructor(images: Images, deadlineMs: number) {
    this.#images = images
    this.#timer = images.registry.clock.after(deadlineMs, () => this.#deadline.abort())
  }

  [Symbol.dispose](): void {
    this.#timer.cancel()
  }

  get facts(): Kept<ImageFacts> {
    return this.#images.facts
  }

  /** Names after this one, at most so many, of all there are. */
  async repositories(after: string, limit: number): Promise<string[]> {
    const last = after === '' ? '' : `&last=${encodeURIComponent(after)}`
    const found = await this.#list(`/v2/_catalog?n=${limit}${last}`, { type: 'catalog' })
    const names = fieldsOf(found?.document)?.['repositories']
    return (Array.isArray(names) ? names : []).filter((name) => typeof name === 'string')
  }

  /** Tags after this one; undefined when there is no such repository. */
  async tags(
    repository: Repository,
    after = '',
    limit = 1_000,
  ): Promise<{ tags: Tag[]; hasMore: boolean } | undefined> {
    const last = after === '' ? '' : `&last=${encodeURIComponent(after)}`
    const path = `/v2/${repository}/tags/list?n=${limit}${last}`
    const found = await this.#list(path, reading(repository))
    const fields = fieldsOf(found?.document)
    if (!found || !fields) return
    const words = Array.isArray(fields['tags']) ? fields['tags'] : []
    const tags = words.flatMap((tag) => (typeof tag === 'string' ? (parseTag(tag) ?? []) : []))
    // Some give fewer than they are asked for, and say so; others give what they are asked for, and say nothing.
    const hasMore = tags.length > 0 && (found.next !== undefined || words.length === limit)
    return { tags, hasMore }
  }

  /** What a tag names now. */
  async resolve(repository: Repository, tag: Tag): Promise<Digest | undefined> {
    const path = `/v2/${repository}/manifests/${tag}`
    const digest = await this.#ask('HEAD', path, reading(repository), ACCEPT, async (answer) => {
      answer.discard()
      if (answer.status !== 200) return isAbsent(answer.status) ? null : undefined
      return digestIn(answer)
    })
    if (digest !== undefined) return digest ?? undefined
    // Some say it only of what they give whole.
    return (await this.manifest(repository, { kind: 'tag', tag }))?.digest
  }

  /** As it is there now: what was deleted is not shown. */
  async manifest(repository: Repository, reference: Reference): Promise<FoundManifest | undefined> {
    const path = `/v2/${repository}/manifests/${formatReference(reference)}`
    return await this.#ask('GET', path, reading(repository), ACCEPT, async (answer) => {
      const raw = await bytesOf(answer, MAX_BYTES)
      if (!raw) return
      const wanted = reference.kind === 'digest' ? reference.digest : digestIn(answer)
      const digest = digestLike(wanted, raw)
      if (wanted !== undefined && wanted !== digest) throw damaged()
      const type = answer.headers.get('content-type')
      this.#images.bytes.set(`${repository} manifest ${digest}`, raw)
      return { digest, raw, manifest: readManifest(raw, type) }
    })
  }

  /** One that something else, which is there, has just named. */
  async named(repository: Repository, digest: Digest): Promise<FoundManifest | undefined> {
    const raw = this.#images.bytes.get(`${repository} manifest ${digest}`)
    if (raw) return { digest, raw, manifest: readManifest(raw) }
    return await this.manifest(repository, { kind: 'digest', digest })
  }

  async config(repository: Repository, digest: Digest): Promise<ImageConfig | undefined> {
    const bytes = await this.blob(repository, digest)
    return bytes && readConfig(bytes)
  }

  /** A blob, whole; undefined when it is not there, or longer. Rejects when it is not what its digest says. */
  async blob(
    repository: Repository,
    digest: Digest,
    maxBytes = MAX_BYTES,
  ): Promise<Buffer | undefined> {
    const key = `${repository} blob ${digest}`
    const kept = this.#images.bytes.get(key)
    if (kept) return kept
    const path = `/v2/${repository}/blobs/${digest}`
    return await this.#ask('GET', path, reading(repository), '*/*', async (answer) => {
      const bytes = await bytesOf(answer, maxBytes)
      if (!bytes) return
      if (digestLike(digest, bytes) !== digest) throw damaged()
      this.#images.bytes.set(key, bytes)
      return bytes
    })
  }

  /**
   * What refers to this manifest; at an upstream without referrers, what the index under its tag names.
   * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#unavailable-referrers-api
   * `tags`: all of the repository, when they are known.
   */
  async referrers(
    repository: Repository,
    digest: Digest,
    tags?: ReadonlySet<string>,
  ): Promise<Descriptor[]> {
    const found: Descriptor[] = []
    let path: string | undefined = `/v2/${repository}/referrers/${digest}`
    for (let page = 0; path !== undefined && page < MOST_PAGES; page += 1) {
      const list = await this.#list(path, reading(repository))
      if (!list) return page === 0 ? await this.#taggedReferrers(repository, digest, tags) : found
      found.push(...descriptors(fieldsOf(list.document)?.['manifests']))
      path = list.next
    }
    return found
  }

  async #taggedReferrers(
    repository: Repository,
    digest: Digest,
    tags: ReadonlySet<string> | undefined,
  ): Promise<Descriptor[]> {
    const tag = referrersTag(digest)
    if (tags && !tags.has(tag)) return []
    const found = await this.manifest(repository, { kind: 'tag', tag })
    return found?.manifest?.kind === 'index' ? [...found.manifest.manifests] : []
  }

  /** A list in JSON, and where it goes on; undefined when there is none. */
  async #list(
    path: string,
    scope: Scope,
  ): Promise<{ document: unknown; next: string | undefined } | undefined> {
    return await this.#ask('GET', path, scope, '*/*', async (answer) => {
      const bytes = await bytesOf(answer, MAX_BYTES)
      if (!bytes) return
      const [, link] =
        /^<([^>]{1,4096})>;\s*rel="?next"?$/.exec(answer.headers.get('link') ?? '') ?? []
      const { prefix } = this.#images.registry.upstream
      return { document: parse(bytes), next: link && pathOf(link, prefix) }
    })
  }

  /** Runs one request to its end, when there is room for it. */
  async #ask<T>(
    method: 'GET' | 'HEAD',
    path: string,
    scope: Scope,
    accept: string,
    take: (answer: UpstreamAnswer) => Promise<T>,
  ): Promise<T> {
    this.#requests += 1
    if (this.#requests > MOST_REQUESTS) throw new UpstreamFailure('too much for one page')
    const { signal } = this.#deadline
    const ask = async () =>
      await take(await this.#images.ask({ method, path, scope, accept, signal }))
    return await this.#gate.run(() => this.#images.gate.run(ask))
  }
}

/** Undefined when it is not there, or says that it is longer. */
async function bytesOf(answer: UpstreamAnswer, max: number): Promise<Buffer | undefined> {
  const { status, headers } = answer
  const isLonger = Number(headers.get('content-length') ?? 0) > max
  if (status === 200 && !isLonger) return await answer.bytes(max)
  answer.discard()
  if (status !== 200) isAbsent(status)
  return
}

/** What is there, and cannot be read now, must not look as if it were not there. */
function isAbsent(status: number): boolean {
  if (status < 500 && ![401, 403, 429].includes(status)) return true
  throw new UpstreamFailure(`it answered ${status}`)
}

const damaged = () => new UpstreamFailure('what it gave is not what its digest says')

/** What it takes to read in a repository. */
export const reading = (name: Repository): Scope => ({
  type: 'repository',
  name,
  actions: ['pull'],
})
