// Manifests that were just pulled by their digest, in memory: what a digest names cannot change, it can only be deleted. A
// deletion, or any other change, that goes through us ends all that is remembered, at once; one that the upstream makes by
// itself (its garbage collection) shows after a second. Whether a caller may have it is found out each time, before.
import type { IncomingHttpHeaders } from 'node:http'
import type { Clock } from '@fuchsbau/shared/clock.ts'
import { type Digest, digestLike, type Repository } from '../name.ts'

export interface CachedManifest {
  headers: Readonly<Record<string, string>>
  /** A character a byte: so head and body are one write. */
  body: string
}

interface Entry extends CachedManifest {
  until: number
}

/** How long what the upstream said counts. Bursts are what this is for: twenty nodes that pull one image. */
const FRESH_MS = 1_000
const MAX_BYTES = 16 * 1024 * 1024
/** Of one manifest; larger ones are rare. */
export const MAX_CACHED_BYTES = 256 * 1024
const MAX_ACCEPT = 2_048

export class ManifestCache {
  readonly #clock: Clock
  readonly #entries = new Map<string, Entry>()
  #bytes = 0
  /** How often something was changed: what was asked for before that is not remembered. */
  #changes = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Where a request's answer is kept; undefined: it is one that only the upstream can answer. */
  keyOf(
    repository: Repository,
    digest: Digest,
    query: string,
    headers: IncomingHttpHeaders,
  ): string | undefined {
    const { accept = '' } = headers
    if (query !== '' || accept.length > MAX_ACCEPT) return
    const isPlain = CONDITIONS.every((name) => headers[name] === undefined)
    return isPlain ? `${repository} ${digest} ${accept}` : undefined
  }

  find(key: string): CachedManifest | undefined {
    const entry = this.#entries.get(key)
    if (!entry) return
    if (entry.until > this.#clock.now()) return entry
    this.#forget(key, entry)
    return
  }

  /** To be called before the upstream is asked; the answer goes to what it returns. */
  begin(key: string, digest: Digest): (headers: Record<string, string>, body: Buffer) => void {
    const before = this.#changes
    const until = this.#clock.now() + FRESH_MS
    return (headers, body) => {
      if (this.#changes !== before || body.length > MAX_CACHED_BYTES) return
      if (digestLike(digest, body) !== digest) return
      this.#remember(key, { headers, body: body.toString('latin1'), until })
    }
  }

  /** Something was changed, or may have been. */
  changed(): void {
    this.#changes += 1
    this.#entries.clear()
    this.#bytes = 0
  }

  #remember(key: string, entry: Entry): void {
    const old = this.#entries.get(key)
    if (old) this.#forget(key, old)
    this.#entries.set(key, entry)
    this.#bytes += sizeOf(key, entry)
    for (const [oldest, first] of this.#entries) {
      if (this.#bytes <= MAX_BYTES) return
      this.#forget(oldest, first)
    }
  }

  #forget(key: string, entry: Entry): void {
    this.#entries.delete(key)
    this.#bytes -= sizeOf(key, entry)
  }
}

/** With these an answer may be another one. */
const CONDITIONS = [
  'range',
  'if-range',
  'if-match',
  'if-none-match',
  'if-modified-since',
  'content-range',
] as const

/** Headers and all around it are some 1,000 bytes. */
const sizeOf = (key: string, { body }: Entry) => key.length + body.length + 1_000
