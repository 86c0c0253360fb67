// A registry on a temp directory, what a client does with it, and what other tools would read.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type SettableClock, settableClock } from '@fuchsbau/shared/clock.ts'
import { silentLog } from '@fuchsbau/shared/log.ts'
import { makeTempData, removeTempData } from '../../../test/support/temp-data.ts'
import { type EvaluationOptions, startEvaluation } from './server.ts'

export const IMAGE = 'application/vnd.oci.image.manifest.v1+json'
export const INDEX = 'application/vnd.oci.image.index.v1+json'

export const digestOf = (content: string | Buffer, algorithm = 'sha256') =>
  `${algorithm}:${createHash(algorithm).update(content).digest('hex')}`

/** What some answers say. */
interface Said {
  errors: { code: string }[]
  manifests: unknown[]
  tags: string[]
  repositories: string[]
}

export const said = async (answer: Response) => (await answer.json()) as Said

export interface TestRegistry {
  url: string
  directory: string
  clock: SettableClock
  send(method: string, path: string, init?: RequestInit): Promise<Response>
  /** Its digest. */
  pushBlob(repository: string, content: string): Promise<string>
  /** With an empty configuration, which is pushed before. Its digest. */
  pushImage(repository: string, reference: string, fields?: object): Promise<string>
  putManifest(
    repository: string,
    reference: string,
    json: object | string,
    type?: string,
  ): Promise<Response>
  [Symbol.asyncDispose](): Promise<void>
}

export async function startRegistry(
  options: Partial<EvaluationOptions> = {},
): Promise<TestRegistry> {
  const clock = settableClock(1_000)
  const directory = options.directory ?? makeTempData('evaluation')
  const defaults = { directory, clock, log: silentLog(), authorize: () => true }
  const evaluation = await startEvaluation({ ...defaults, ...options })
  const client = clientOf(evaluation.url)
  return {
    ...client,
    directory,
    clock,
    async [Symbol.asyncDispose]() {
      await evaluation.close()
      if (options.directory === undefined) removeTempData(directory)
    },
  }
}

export function clientOf(url: string) {
  const send = async (method: string, path: string, init: RequestInit = {}) =>
    await fetch(`${url}/v2/${path}`, { method, ...init })
  const expectCreated = async (answer: Response) => {
    if (answer.status === 201) return answer.headers.get('docker-content-digest') ?? ''
    throw new Error(`${answer.status} ${await answer.text()}`)
  }
  const pushBlob = async (repository: string, body: string) =>
    await expectCreated(
      await send('POST', `${repository}/blobs/uploads/?digest=${digestOf(body)}`, { body }),
    )
  const putManifest = async (
    repository: string,
    reference: string,
    json: object | string,
    type = IMAGE,
  ) =>
    await send('PUT', `${repository}/manifests/${reference}`, {
      body: typeof json === 'string' ? json : JSON.stringify(json),
      headers: { 'content-type': type },
    })
  const pushImage = async (repository: string, reference: string, fields: object = {}) => {
    const config = { mediaType: 'application/vnd.oci.image.config.v1+json', size: 2 }
    const digest = await pushBlob(repository, '{}')
    const image = { schemaVersion: 2, mediaType: IMAGE, config: { ...config, digest }, layers: [] }
    return await expectCreated(await putManifest(repository, reference, { ...image, ...fields }))
  }
  return { url, send, pushBlob, putManifest, pushImage }
}

/** Reads a layout as other tools do, and throws where it is none. Tags with their digests. */
export function readLayout(directory: string): Record<string, string> {
  const read = (...path: string[]) => readFileSync(join(directory, ...path))
  const { imageLayoutVersion } = JSON.parse(read('oci-layout').toString())
  if (imageLayoutVersion !== '1.0.0') throw new Error('no version')
  const { schemaVersion, manifests } = JSON.parse(read('index.json').toString())
  if (schemaVersion !== 2) throw new Error('no index')
  const tags: Record<string, string> = {}
  const check = ({ digest, size }: { digest: string; size: number }) => {
    const [algorithm = '', hex = ''] = digest.split(':')
    const bytes = read('blobs', algorithm, hex)
    if (digestOf(bytes, algorithm) !== digest) throw new Error(`${digest} has other content`)
    if (bytes.length !== size) throw new Error(`${digest} has not ${size} bytes`)
    return bytes
  }
  for (const descriptor of manifests) {
    const { config, layers = [] } = JSON.parse(check(descriptor).toString())
    for (const each of config ? [config, ...layers] : layers) check(each)
    const tag = descriptor.annotations?.['org.opencontainers.image.ref.name']
    if (tag !== undefined && tags[tag]) throw new Error(`${tag} is there twice`)
    if (tag !== undefined) tags[tag] = descriptor.digest
  }
  return tags
}
