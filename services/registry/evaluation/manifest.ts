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
const ELSEWHERE = /nondistributable|\.foreign\./
const MEDIA_TYPE = /^[a-z0-9][\w!#$&^.+-]{0,126}\/[a-z0-9][\w!#$&^.+-]{0,126}$/i

/**
 * `contentType`: of the request, if it had one. Its references must be there before it; its subject, which it says something
 * about, may come later. Throws OciError.
 */
export async function parseManifest(bytes: Buffer, contentType: string | undefined) {
  const json: unknown = await new Response(bytes).json().catch(() => undefined)
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
  // Layers that may not be distributed, and such that have addresses, are elsewhere.
  const here = value.filter((one) => !one?.urls?.length && !ELSEWHERE.test(one?.mediaType))
  return here.map((one) => ({ digest: digestOf(one), isManifest: field === 'manifests' }))
}

function digestOf(descriptor: unknown): Digest {
  const digest = isObject(descriptor) ? parseDigest(String(descriptor['digest'])) : undefined
  if (digest) return digest
  throw invalid('One of its descriptors has no digest.')
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const invalid = (reason: string) =>
  new OciError('MANIFEST_INVALID', `This manifest cannot be stored. ${reason}`)
