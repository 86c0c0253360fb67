// Reads a manifest: what it is, and what it refers to. https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md
import { OciError } from '../errors.ts'
import { type Digest, parseDigest } from '../name.ts'
import { INDEX_TYPE } from './layout.ts'

type Json = Record<string, unknown>

const IMAGE = ['config', 'layers']
/** Where these types have what they refer to. All others are kept as they are. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  'application/vnd.oci.image.manifest.v1+json': IMAGE,
  'application/vnd.docker.distribution.manifest.v2+json': IMAGE,
  'application/vnd.oci.artifact.manifest.v1+json': ['blobs'],
  [INDEX_TYPE]: ['manifests'],
  'application/vnd.docker.distribution.manifest.list.v2+json': ['manifests'],
}
const MEDIA_TYPE = /^[a-z0-9][\w!#$&^.+-]{0,126}\/[a-z0-9][\w!#$&^.+-]{0,126}$/i

/**
 * `contentType`: of the request, if it had one. Its references must be there before it; its subject, which it says something
 * about, may come later. Throws OciError.
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
    references: (FIELDS[mediaType] ?? []).flatMap((field) => referencesIn(json, field)),
    subject: isObject(subject) ? digestOf(subject) : undefined,
    artifactType: typeof artifactType === 'string' ? artifactType : '',
    annotations: isObject(annotations) ? (annotations as Record<string, string>) : {},
  }
}

function referencesIn(json: Json, field: string) {
  const value = field === 'config' ? [json[field]] : json[field]
  if (!Array.isArray(value)) throw invalid(`It has no list “${field}”.`)
  const here = value.filter((descriptor) => !isElsewhere(descriptor))
  return here.map((one) => ({ digest: digestOf(one), isManifest: field === 'manifests' }))
}

/** Layers that may not be distributed, and such that have addresses. */
function isElsewhere(descriptor: unknown): boolean {
  const { urls = [], mediaType = '' } = isObject(descriptor) ? descriptor : {}
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
