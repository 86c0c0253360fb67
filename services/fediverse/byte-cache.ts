// Ready answers: bytes and ETag, kept until something that they show changes. A tag stands for such a thing
// (a profile, a user's posts, one object); touching a tag makes every answer with it stale.

import { createHash } from 'node:crypto'

export interface Answer {
  bytes: Buffer
  etag: string
  contentType: string
}

interface Entry {
  answer: Answer
  tags: readonly string[]
  versions: readonly number[]
}

export class ByteCache {
  readonly #maxBytes: number
  readonly #entries = new Map<string, Entry>()
  readonly #versions = new Map<string, number>()
  #bytes = 0

  /** Keeps at most `maxBytes` of bodies, the least recently used go first. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** The answer kept under `key`, or the one that `make` returns, which is then kept; undefined is not kept. */
  get(
    key: string,
    make: () => { body: string; contentType: string; tags: string[] } | undefined,
  ): Answer | undefined {
    const known = this.#entries.get(key)
    if (known && this.#isFresh(known)) return known.answer
    if (known) this.#drop(key, known)
    const made = make()
    if (!made) return
    const bytes = Buffer.from(made.body)
    const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`
    const answer = { bytes, etag, contentType: made.contentType }
    const versions = made.tags.map((tag) => this.#version(tag))
    this.#entries.set(key, { answer, tags: made.tags, versions })
    this.#bytes += bytes.length
    this.#shrink()
    return answer
  }

  /** Makes every answer with this tag stale. */
  touch(tag: string): void {
    const version = this.#versions.get(tag)
    if (version !== undefined) this.#versions.set(tag, version + 1)
  }

  #version(tag: string): number {
    const version = this.#versions.get(tag) ?? 0
    this.#versions.set(tag, version)
    return version
  }

  #isFresh(entry: Entry): boolean {
    for (let i = 0; i < entry.tags.length; i++) {
      if (this.#versions.get(entry.tags[i] as string) !== entry.versions[i]) return false
    }
    return true
  }

  #drop(key: string, entry: Entry): void {
    this.#entries.delete(key)
    this.#bytes -= entry.answer.bytes.length
  }

  #shrink(): void {
    for (const [key, entry] of this.#entries) {
      if (this.#bytes <= this.#maxBytes) break
      this.#drop(key, entry)
    }
    // Tags of answers that are gone would pile up: start over now and then.
    if (this.#versions.size > 50_000) {
      this.#entries.clear()
      this.#versions.clear()
      this.#bytes = 0
    }
  }
}

/**
 * Whether an If-None-Match names this ETag. Compared weakly, as a proxy that compresses weakens tags; reads at most
 * 1,000 characters.
 * https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2
 */
export function hasTag(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined || ifNoneMatch === etag) return ifNoneMatch !== undefined
  const tags = ifNoneMatch.slice(0, 1_000).split(',')
  return tags.some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag)
}
