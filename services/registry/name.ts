// The names of the registry protocol: repository, tag, digest, reference. Each is read here, at the edge, and nowhere else.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests
import { createHash } from 'node:crypto'

declare const kind: unique symbol
type Named<K extends string> = string & { readonly [kind]: K }

/** `library/alpine`: lower case, at most 255 characters. */
export type Repository = Named<'repository'>
/** `latest`: at most 128 characters. */
export type Tag = Named<'tag'>
/** `sha256:…`, of the algorithms that are registered. */
export type Digest = Named<'digest'>

/** What a manifest is asked for by. */
export type Reference = { kind: 'tag'; tag: Tag } | { kind: 'digest'; digest: Digest }

/** Registries and clients add a host and a tag; most stop at 255 characters for all of it. */
const MAX_REPOSITORY = 255
const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*'
const REPOSITORY = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`)
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/
/** Of the digest algorithms that the image specification registers: lengths in hex digits. */
const DIGEST = /^(?:sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128})$/

/** The repository of this name; undefined when it is none. */
export function parseRepository(text: string): Repository | undefined {
  // Each component is followed by one of another kind, so that the pattern never goes back: still, long texts first.
  if (text.length > MAX_REPOSITORY || !REPOSITORY.test(text)) return
  return text as Repository
}

export function parseTag(text: string): Tag | undefined {
  return TAG.test(text) ? (text as Tag) : undefined
}

export function parseDigest(text: string): Digest | undefined {
  return text.length <= 136 && DIGEST.test(text) ? (text as Digest) : undefined
}

/** The digest of these bytes, by the algorithm of another digest; without one by SHA-256. */
export function digestLike(other: Digest | undefined, bytes: Uint8Array): Digest {
  const algorithm = other?.split(':')[0] ?? 'sha256'
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}` as Digest
}

/** A digest where there is a colon, else a tag; undefined when it is neither. */
export function parseReference(text: string): Reference | undefined {
  if (text.includes(':')) {
    const digest = parseDigest(text)
    return digest && { kind: 'digest', digest }
  }
  const tag = parseTag(text)
  return tag && { kind: 'tag', tag }
}

/** As it stands in an address. */
export function formatReference(reference: Reference): string {
  return reference.kind === 'tag' ? reference.tag : reference.digest
}

/**
 * Under which tag clients keep what refers to a manifest, where the registry has no referrers.
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#referrers-tag-schema
 */
export function referrersTag(digest: Digest): Tag {
  const [algorithm = '', hex = ''] = digest.split(':')
  return `${algorithm.slice(0, 32)}-${hex.slice(0, 64)}` as Tag
}

/** A tag that a client made for signatures, attestations, SBOMs or referrers of an image: it names no image. */
export function isHelperTag(tag: string): boolean {
  return /^sha\d+-[a-f0-9]{64}(\.|$)/.test(tag)
}
