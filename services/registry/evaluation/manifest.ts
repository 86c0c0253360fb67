// Reads a manifest: what it is, and what it refers to. https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md
import { OciError } from '../errors.ts'
import { type Digest, parseDigest } from '../name.ts'
import { INDEX_TYPE } from './layout.ts'

type Json = Record<string, unknown>

/** Where these types have their blobs. All others are kept as they are. */
const BLOBS: Readonly<Record<string, readonly string[]>> = {
  'application/vnd.oci.image.manifest.v1+json': ['config', 'layers'],
  'application/vnd.docker.distribution.manifest.v2+json': ['config', 'layers'],
  'application/vnd.oci.artifact.manifest.v1+json': ['blobs'],
}
const INDEXES = [INDEX_TYPE, 'application/vnd.docker.distribution.manifest.list.v2+json']
const MEDIA_TYPE = /^[a-z0-9][\w!#$&^.+-]{0,126}\/[a-z0-9][\w!#$&^.+-]{0,126}$/i

/**
 * `contentType`: of the request, if it had one. `blobs` and `manifests` must be there before it; its subject, which it says
 * something about, may come later. Throws OciError.
 */
export function parseManifest(bytes: Buffer, contentType: string | undefined) {
  const json = parseJson(bytes)
  if (!isObject(json)) throw invalid('It is not a JSON object.')
  const { mediaType: said, subject, config, annotations } = json
  const mediaType = contentType?.split(';')[0]?.trim() ?? String(said)
  if (!MEDIA_TYPE.test(mediaType)) throw invalid('It needs its media type as Content-Type.')
  if ((said ?? mediaType) !== mediaType) throw invalid('Content-Type is not its media type.')
  const artifactType = json['artifactType'] || (isObject(config) && config['mediaType'])
  return {
    mediaType,
    blobs: digestsIn(json, BLOBS[mediaType] ?? []),
    manifests: digestsIn(json, INDEXES.includes(mediaType) ? ['manifests'] : []),
    subject: isObject(subject) ? digestOf(subject) : undefined,
    artifactType: typeof artifactType === 'string' ? artifactType : '',
    annotations: isObject(annotations) ? (annotations as Record<string, string>) : {},
  }
}

function digestsIn(json: Json, fields: readonly string[]): Set<Digest> {
  const descriptors = fields.flatMap((field) => {
    const value = json[field]
    if (field === 'config' || Array.isArray(value)) return value
    throw invalid(`It has no list “${field}”.`)
  })
  const digests = descriptors.map((one) => (isElsewhere(one) ? [] : [digestOf(one)]))
  return new Set(digests.flat())
}

/** Layers that may not be distributed, and such that have addresses. */
function isElsewhere(descriptor: unknown): boolean {
  if (!isObject(descriptor)) return false
  const { urls, mediaType } = descriptor
  const hasAddress = Array.isArray(urls) && urls.length > 0
  return hasAddress || /nondistributable|\.foreign\./.test(String(mediaType))
}

function digestOf(descriptor: unknown): Digest {
  const digest = isObject(descriptor) ? parseDigest(String(descriptor['digest'])) : undefined
  if (digest) return digest
  throw invalid('One of its descriptors has no digest.')
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString())
  } catch {
    return
  }
}

const invalid = (reason: string) =>
  new OciError('MANIFEST_INVALID', `This manifest cannot be stored. ${reason}`)
