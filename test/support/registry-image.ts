// Blobs and manifests by hand: what every push is made of.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#push
import { createHash } from 'node:crypto'
import type { Login, RegistryProcess } from './registry-process.ts'

type Registry = Pick<RegistryProcess, 'request'>

export const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
const EMPTY = Buffer.from('{}')

export const digestOf = (bytes: Buffer | string) =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`

/** A manifest whose only content is this word; with a subject it is its referrer. */
export function manifest(word: string, subject?: string): string {
  const empty = {
    mediaType: 'application/vnd.oci.empty.v1+json',
    digest: digestOf(EMPTY),
    size: EMPTY.length,
  }
  const refers = subject !== undefined && {
    subject: { mediaType: MANIFEST, digest: digestOf(subject), size: subject.length },
  }
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST,
    artifactType: 'application/x-fuchsbau',
    config: empty,
    layers: [empty],
    ...refers,
    annotations: { word },
  })
}

/** Pushes the blob that `manifest` speaks of, or another. */
export async function pushBlob(
  registry: Registry,
  as: Login | string,
  repository: string,
  blob = EMPTY,
): Promise<Response> {
  const path = `/v2/${repository}/blobs/uploads/?digest=${digestOf(blob)}`
  const headers = { 'content-type': 'application/octet-stream' }
  return await registry.request(path, { method: 'POST', as, headers, body: blob })
}

export async function pushManifest(
  registry: Registry,
  as: Login | string,
  repository: string,
  reference: string,
  body: string,
): Promise<Response> {
  return await registry.request(`/v2/${repository}/manifests/${reference}`, {
    method: 'PUT',
    as,
    headers: { 'content-type': MANIFEST },
    body,
  })
}

/** A whole image under a tag; throws when one of the steps fails. */
export async function pushImage(
  registry: Registry,
  as: Login | string,
  repository: string,
  tag: string,
  word = `${repository}:${tag}`,
): Promise<string> {
  const body = manifest(word)
  for (const step of [
    await pushBlob(registry, as, repository),
    await pushManifest(registry, as, repository, tag, body),
  ]) {
    if (step.status !== 201) throw new Error(`${step.status} ${await step.text()}`)
  }
  return body
}
