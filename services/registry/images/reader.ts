// Reads images from the upstream for the pages, in the name of who looks at them: whoever calls has asked the policy.
import { ANONYMOUS } from '../account/caller.ts'
import {
  type Digest,
  formatReference,
  parseDigest,
  parseTag,
  type Reference,
  type Repository,
  type Tag,
} from '../name.ts'
import { upstreamAuthorization } from '../pass/identify.ts'
import type { UpstreamAnswer } from '../pass/upstream.ts'
import type { Registry } from '../registry.ts'
import { accessOf, type Scope } from '../scope.ts'
import {
  type Descriptor,
  descriptors,
  fieldsOf,
  type ImageConfig,
  type Manifest,
  parse,
  readConfig,
  readManifest,
} from './document.ts'

const MAX_BYTES = 4 * 1024 * 1024
const MAX_CACHED = 500
/** Larger ones are read again: people choose how large theirs are. */
const MAX_CACHED_BYTES = 64 * 1024
const ACCEPT = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
].join(', ')

export interface FoundManifest {
  digest: Digest
  bytes: number
  /** Undefined when it is of no kind that we know. */
  manifest: Manifest | undefined
}

export class ImageReader {
  readonly #registry: Registry
  /** Small blobs, by digest: they never change. Manifests are asked for each time: what was deleted is not shown. */
  readonly #known = new Map<string, Buffer>()

  constructor(registry: Registry) {
    this.#registry = registry
  }

  /** Names after this one, at most so many, of all there are. */
  async repositories(after: string, limit: number): Promise<string[]> {
    const last = after === '' ? '' : `&last=${encodeURIComponent(after)}`
    const path = `/v2/_catalog?n=${limit}${last}`
    const fields = fieldsOf(await this.#json(path, { type: 'catalog' }))
    const names = Array.isArray(fields?.['repositories']) ? fields['repositories'] : []
    return names.filter((name) => typeof name === 'string')
  }

  /** Tags after this one; undefined when there is no such repository. */
  async tags(repository: Repository, after = '', limit = 1_000): Promise<Tag[] | undefined> {
    const last = after === '' ? '' : `&last=${encodeURIComponent(after)}`
    const path = `/v2/${repository}/tags/list?n=${limit}${last}`
    const fields = fieldsOf(await this.#json(path, reading(repository)))
    if (!fields) return
    const tags = Array.isArray(fields['tags']) ? fields['tags'] : []
    return tags.flatMap((tag) => (typeof tag === 'string' ? (parseTag(tag) ?? []) : []))
  }

  async manifest(repository: Repository, reference: Reference): Promise<FoundManifest | undefined> {
    const name = formatReference(reference)
    const answer = await this.#get(
      `/v2/${repository}/manifests/${name}`,
      reading(repository),
      ACCEPT,
    )
    if (answer.status !== 200) {
      answer.discard()
      return
    }
    const digest = parseDigest(answer.headers.get('docker-content-digest') ?? '')
    const bytes = await answer.bytes(MAX_BYTES)
    if (!digest) return
    const type = answer.headers.get('content-type')
    return { digest, bytes: bytes.length, manifest: readManifest(bytes, type) }
  }

  async config(repository: Repository, digest: Digest): Promise<ImageConfig | undefined> {
    const bytes = await this.blob(repository, digest)
    return bytes && readConfig(bytes)
  }

  /** A small blob, whole; undefined when it is not there. */
  async blob(repository: Repository, digest: Digest): Promise<Buffer | undefined> {
    const key = `${repository} blob ${digest}`
    const kept = this.#known.get(key)
    if (kept) return kept
    const answer = await this.#get(`/v2/${repository}/blobs/${digest}`, reading(repository), '*/*')
    if (answer.status !== 200) {
      answer.discard()
      return
    }
    const bytes = await answer.bytes(MAX_BYTES)
    if (bytes.length <= MAX_CACHED_BYTES) this.#keep(key, bytes)
    return bytes
  }

  /** What refers to this manifest. */
  async referrers(repository: Repository, digest: Digest): Promise<Descriptor[]> {
    const path = `/v2/${repository}/referrers/${digest}`
    return descriptors(fieldsOf(await this.#json(path, reading(repository)))?.['manifests'])
  }

  async #json(path: string, scope: Scope): Promise<unknown> {
    const answer = await this.#get(path, scope, '*/*')
    if (answer.status === 200) return parse(await answer.bytes(MAX_BYTES))
    answer.discard()
    return
  }

  async #get(path: string, scope: Scope, accept: string): Promise<UpstreamAnswer> {
    const nobody = { caller: ANONYMOUS, token: undefined, claims: undefined }
    const authorization = await upstreamAuthorization(this.#registry, nobody, accessOf([scope]))
    const headers = { accept, ...authorization }
    return await this.#registry.upstream.request({ method: 'GET', path, headers })
  }

  #keep(key: string, bytes: Buffer): void {
    this.#known.set(key, bytes)
    const oldest = this.#known.size > MAX_CACHED ? this.#known.keys().next().value : undefined
    if (oldest !== undefined) this.#known.delete(oldest)
  }
}

const reading = (name: Repository): Scope => ({ type: 'repository', name, actions: ['pull'] })
