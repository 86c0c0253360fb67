// What a webhook is told: the envelope that docker's registry sends, so that whoever reads that reads this, with what it has
// no words for in a field of our own. Pure.
// https://distribution.github.io/distribution/about/notifications/#events
import { type Manifest, readManifest } from '../images/document.ts'
import { BUNDLE } from '../images/signature.ts'
import { type Digest, parseDigest } from '../name.ts'
import type { EventKind } from './hooks.ts'

export const EVENTS_TYPE = 'application/vnd.docker.distribution.events.v2+json'

/** What a manifest says of another. */
export type ReferrerKind = 'signature' | 'attestation' | 'sbom' | 'other'

/** A manifest that was pushed. */
export interface PushedManifest {
  mediaType: string
  /** Of the manifest itself, in bytes. */
  size: number
  /** Undefined for an image. */
  refersTo: { subject: Digest; kind: ReferrerKind; artifactType: string } | undefined
}

/** The request that did it. */
export interface EventRequest {
  id: string
  method: string
  userAgent: string
}

/** Something that happened, as the audit tells it. */
export interface Happening {
  /** Unique; the same when it is told again. */
  id: string
  at: number
  kind: EventKind
  repository: string
  /** Undefined for what has only a digest. */
  tag: string | undefined
  digest: string
  manifest: PushedManifest | undefined
  /** `person:you`, `robot:ci`. */
  who: string
  address: string
  request: EventRequest
}

const MAX_TEXT = 256

/** The body of the request, as text. */
export function formatEnvelope(happening: Happening, { url, host }: { url: string; host: string }) {
  const { id, at, kind, repository, tag, digest, manifest, who, address, request } = happening
  const refersTo = manifest?.refersTo
  // A tag that was deleted is told by its name alone, as docker's registry does: the manifest may live on.
  const named = kind === 'delete' && tag !== undefined ? '' : digest
  const event = {
    id,
    timestamp: new Date(at).toISOString(),
    action: kind === 'delete' ? 'delete' : 'push',
    target: {
      ...(manifest && {
        mediaType: manifest.mediaType,
        size: manifest.size,
        length: manifest.size,
      }),
      ...(named !== '' && { digest: named }),
      repository,
      ...(manifest && { url: `${url}/v2/${repository}/manifests/${digest}` }),
      ...(tag !== undefined && { tag }),
    },
    request: {
      id: request.id,
      addr: address,
      host,
      method: request.method,
      useragent: request.userAgent.slice(0, MAX_TEXT),
    },
    actor: { name: who },
    source: { addr: host },
    fuchsbau: {
      event: kind,
      ...(digest !== '' && { digest }),
      ...(refersTo && {
        kind: refersTo.kind,
        subject: { digest: refersTo.subject },
        ...(refersTo.artifactType !== '' && { artifactType: refersTo.artifactType }),
      }),
    },
  }
  return JSON.stringify({ events: [event] })
}

/** What the operator sends to see whether it arrives. */
export function formatTest(id: string, at: number, { host }: { host: string }): string {
  const event = {
    id,
    timestamp: new Date(at).toISOString(),
    action: 'test',
    target: { repository: 'test' },
    request: { id: '', host, method: '', useragent: '' },
    actor: { name: 'operator' },
    source: { addr: host },
    fuchsbau: { event: 'test' },
  }
  return JSON.stringify({ events: [event] })
}

/** What was pushed under one of these names: an image, or something that is said of one. */
export function describeManifest(
  bytes: Buffer,
  contentType: string,
  tags: readonly string[],
): PushedManifest {
  const manifest = readManifest(bytes, contentType)
  const mediaType = (contentType.split(';')[0]?.trim() || manifest?.mediaType) ?? ''
  const refersTo = (manifest && referrer(manifest)) ?? tags.map(referrerByTag).find(Boolean)
  return { mediaType: mediaType.slice(0, MAX_TEXT), size: bytes.length, refersTo }
}

/** https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md#image-manifest-property-descriptions (subject) */
function referrer(manifest: Manifest): PushedManifest['refersTo'] {
  if (!manifest.of) return
  const config = manifest.kind === 'image' ? manifest.config?.mediaType : undefined
  const artifactType = (manifest.artifactType ?? config ?? '').slice(0, MAX_TEXT)
  return { subject: manifest.of, kind: kindOf(artifactType, manifest.annotations), artifactType }
}

/** Of a bundle of sigstore its annotations tell what it is. */
function kindOf(artifactType: string, annotations: ReadonlyMap<string, string>): ReferrerKind {
  if (/cyclonedx|spdx/i.test(artifactType)) return 'sbom'
  if (!BUNDLE.test(artifactType)) return 'other'
  const isBare = annotations.get('dev.sigstore.bundle.content') === 'message-signature'
  const predicate = annotations.get('dev.sigstore.bundle.predicateType') ?? ''
  return isBare || predicate.startsWith('https://sigstore.dev/cosign/sign/')
    ? 'signature'
    : 'attestation'
}

const TAG_KINDS: Readonly<Record<string, ReferrerKind>> = {
  '.sig': 'signature',
  '.att': 'attestation',
  '.sbom': 'sbom',
}

/**
 * The tags of cosign 2, and the list of referrers that clients keep under a tag where the registry has none.
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#referrers-tag-schema
 */
function referrerByTag(tag: string): PushedManifest['refersTo'] {
  const [, algorithm, hex, suffix = ''] =
    /^(sha256|sha512)-([0-9a-f]+)(\.sig|\.att|\.sbom)?$/.exec(tag) ?? []
  const subject = parseDigest(`${algorithm}:${hex}`)
  return subject && { subject, kind: TAG_KINDS[suffix] ?? 'other', artifactType: '' }
}
