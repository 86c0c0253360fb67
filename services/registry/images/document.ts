// Manifests and what hangs on them, read from bytes that anybody may have pushed: every field is checked before it is shown.
// https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md
import { type Digest, parseDigest } from '../name.ts'

/** Points at something by its digest. https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md */
export interface Descriptor {
  mediaType: string
  digest: Digest
  size: number
  annotations: ReadonlyMap<string, string>
  artifactType: string | undefined
  /** `linux/arm64/v8`; undefined when it says none. */
  platform: string | undefined
}

export type Manifest =
  | ({ kind: 'index'; manifests: readonly Descriptor[] } & Common)
  | ({ kind: 'image'; config: Descriptor | undefined; layers: readonly Descriptor[] } & Common)

interface Common {
  mediaType: string
  artifactType: string | undefined
  annotations: ReadonlyMap<string, string>
  /** What it is said of: then it is a referrer. */
  of: Digest | undefined
}

export interface ImageConfig {
  platform: string
  created: string | undefined
  author: string | undefined
  entrypoint: readonly string[]
  command: readonly string[]
  user: string
  workingDirectory: string
  environment: readonly string[]
  ports: readonly string[]
  volumes: readonly string[]
  labels: ReadonlyMap<string, string>
  /** Oldest first. */
  history: readonly { createdBy: string; created: string | undefined; isEmpty: boolean }[]
}

export type Fields = Readonly<Record<string, unknown>>

/** What clients and we ask for when they want a manifest of any kind. */
export const MANIFEST_TYPES = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
] as const
const MOST = 1_000
const MAX_TEXT = 4_096

/** The manifest in these bytes; undefined when it is none that we know. */
export function readManifest(bytes: Buffer, contentType = ''): Manifest | undefined {
  const fields = fieldsOf(parse(bytes))
  if (!fields) return
  const mediaType = textOf(fields['mediaType']) || contentType
  const common = {
    mediaType,
    artifactType: textOf(fields['artifactType']) || undefined,
    annotations: mapOf(fields['annotations']),
    of: readDescriptor(fields['subject'])?.digest,
  }
  if (Array.isArray(fields['manifests'])) {
    return { kind: 'index', manifests: descriptors(fields['manifests']), ...common }
  }
  if (!Array.isArray(fields['layers'])) return
  return {
    kind: 'image',
    config: readDescriptor(fields['config']),
    layers: descriptors(fields['layers']),
    ...common,
  }
}

/** https://github.com/opencontainers/image-spec/blob/v1.1.1/config.md */
export function readConfig(bytes: Buffer): ImageConfig | undefined {
  const fields = fieldsOf(parse(bytes))
  if (!fields) return
  const config = fieldsOf(fields['config']) ?? {}
  const history = listOf(fields['history']).slice(0, MOST)
  return {
    platform: platformOf(fields) ?? '',
    created: dateOf(fields['created']),
    author: textOf(fields['author']) || undefined,
    entrypoint: textsOf(config['Entrypoint']),
    command: textsOf(config['Cmd']),
    user: textOf(config['User']),
    workingDirectory: textOf(config['WorkingDir']),
    environment: textsOf(config['Env']),
    ports: keysOf(config['ExposedPorts']),
    volumes: keysOf(config['Volumes']),
    labels: mapOf(config['Labels']),
    history: history.flatMap((step) => {
      const one = fieldsOf(step)
      if (!one) return []
      const createdBy = textOf(one['created_by']) || textOf(one['comment'])
      return { createdBy, created: dateOf(one['created']), isEmpty: one['empty_layer'] === true }
    }),
  }
}

export function readDescriptor(value: unknown): Descriptor | undefined {
  const fields = fieldsOf(value)
  const digest = parseDigest(textOf(fields?.['digest']))
  if (!fields || !digest) return
  const size = Number(fields['size'])
  return {
    mediaType: textOf(fields['mediaType']),
    digest,
    size: Number.isSafeInteger(size) && size >= 0 ? size : 0,
    annotations: mapOf(fields['annotations']),
    artifactType: textOf(fields['artifactType']) || undefined,
    platform: platformOf(fieldsOf(fields['platform']) ?? {}),
  }
}

export function descriptors(values: unknown): Descriptor[] {
  return listOf(values)
    .slice(0, MOST)
    .flatMap((value) => readDescriptor(value) ?? [])
}

/** JSON of anything; undefined when it is none. */
export function parse(json: Buffer | string): unknown {
  try {
    return JSON.parse(json.toString())
  } catch {
    return
  }
}

export function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : undefined
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, MAX_TEXT) : ''
}

function keysOf(value: unknown): string[] {
  const keys = Object.keys(fieldsOf(value) ?? {}).slice(0, MOST)
  return keys.map((key) => key.slice(0, MAX_TEXT))
}

function textsOf(value: unknown): string[] {
  return listOf(value).slice(0, MOST).map(textOf)
}

function mapOf(value: unknown): ReadonlyMap<string, string> {
  const entries = Object.entries(fieldsOf(value) ?? {}).slice(0, MOST)
  return new Map(entries.map(([key, text]) => [key.slice(0, MAX_TEXT), textOf(text)]))
}

function platformOf(fields: Fields): string | undefined {
  const parts = ['os', 'architecture', 'variant'].map((key) => textOf(fields[key]))
  const [os, architecture] = parts
  return os && architecture ? parts.filter(Boolean).join('/') : undefined
}

/** As it is written everywhere, in UTC. */
export function dateOf(value: unknown): string | undefined {
  const at = Date.parse(textOf(value))
  return Number.isNaN(at) ? undefined : new Date(at).toISOString()
}

/** Whether a configuration is that of a container image, and not of something else that is kept like one. */
export function isImageConfig({ mediaType }: Descriptor): boolean {
  return /^application\/vnd\.(oci\.image\.config\.v1|docker\.container\.image\.v1)\+json$/.test(
    mediaType,
  )
}
