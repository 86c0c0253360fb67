// What an immutable tag names stays whole: nothing that its image is made of can be deleted, by anybody.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#content-management
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  digestOf,
  MANIFEST,
  manifest,
  pushBlob,
  pushManifest,
} from '../../support/registry-image.ts'
import { type RegistryProcess, startRegistry } from '../../support/registry-process.ts'

const INDEX = 'application/vnd.oci.image.index.v1+json'
const POLICY = `rules:
  - {who: owner, repositories: "**", allow: [pull, push, overwrite, delete]}
immutable:
  - {repositories: "**", tags: "v*"}
`
const CONFIG = Buffer.from('{"config":1}')
const LAYER = Buffer.from('a layer')
const LOOSE = Buffer.from('of nothing')

let registry: RegistryProcess

beforeAll(async () => {
  registry = await startRegistry({ policy: POLICY })
})

afterAll(() => registry[Symbol.asyncDispose]())

const remove = async (path: string) =>
  await registry.request(`/v2/a/${path}`, { method: 'DELETE', as: registry.owner })

const describe = (mediaType: string, bytes: Buffer | string) => ({
  mediaType,
  digest: digestOf(bytes),
  size: Buffer.byteLength(bytes),
})

/** An image of one layer, with an index around it that is tagged; both as they were pushed. */
async function pushIndex(tag: string): Promise<{ image: string; index: string }> {
  const image = JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: describe('application/vnd.oci.image.config.v1+json', CONFIG),
    layers: [describe('application/vnd.oci.image.layer.v1.tar', LAYER)],
  })
  const index = JSON.stringify({
    schemaVersion: 2,
    mediaType: INDEX,
    manifests: [describe(MANIFEST, image)],
  })
  for (const blob of [CONFIG, LAYER, LOOSE]) await pushBlob(registry, registry.owner, 'a', blob)
  await pushManifest(registry, registry.owner, 'a', digestOf(image), image)
  const { status } = await registry.request(`/v2/a/manifests/${tag}`, {
    method: 'PUT',
    as: registry.owner,
    headers: { 'content-type': INDEX },
    body: index,
  })
  expect(status).toBe(201)
  return { image, index }
}

test('its index, the image in that, configuration and layers cannot be deleted; anything else can', async () => {
  const { image, index } = await pushIndex('v1')
  for (const path of [
    'manifests/v1',
    `manifests/${digestOf(index)}`,
    `manifests/${digestOf(image)}`,
    `blobs/${digestOf(CONFIG)}`,
    `blobs/${digestOf(LAYER)}`,
  ]) {
    const response = await remove(path)
    expect([path, response.status]).toEqual([path, 403])
    const { errors } = (await response.json()) as { errors: { code: string; message: string }[] }
    expect(errors[0]?.code).toBe('DENIED')
    expect(errors[0]?.message).toMatch(/immutable.*\(line 4 of the policy\)/)
  }
  const loose = manifest('loose')
  await pushBlob(registry, registry.owner, 'a')
  await pushManifest(registry, registry.owner, 'a', 'loose', loose)
  expect((await remove(`blobs/${digestOf(LOOSE)}`)).status).toBe(202)
  expect((await remove(`manifests/${digestOf(loose)}`)).status).toBe(202)
  const pulled = await registry.request(`/v2/a/blobs/${digestOf(LAYER)}`, { as: registry.owner })
  expect(await pulled.text()).toBe('a layer')
  const denials = await registry.cli('audit', 'list', '--event', 'denied')
  expect(denials.filter((line) => line.includes(digestOf(LAYER)))).toHaveLength(1)
})

test('under a tag that may change everything can be deleted', async () => {
  registry.writePolicy(POLICY.replace('"v*"', 'fixed'))
  process.kill(registry.pid(), 'SIGHUP')
  const { image } = await pushIndex('v2')
  await expect
    .poll(async () => (await remove(`blobs/${digestOf(LAYER)}`)).status, { timeout: 10_000 })
    .toBe(202)
  expect((await remove(`manifests/${digestOf(image)}`)).status).toBe(202)
  expect((await remove('manifests/v2')).status).toBe(202)
})

test('the audit has the digests of what was pulled, and nothing that was not there', async () => {
  const body = manifest('seen')
  await pushBlob(registry, registry.owner, 'b')
  await pushManifest(registry, registry.owner, 'b', 'seen', body)
  const as = registry.owner
  expect((await registry.request('/v2/b/manifests/seen', { as })).status).toBe(200)
  expect((await registry.request('/v2/b/manifests/missing', { as })).status).toBe(404)
  const lines = await registry.cli(
    'audit',
    'list',
    '--event',
    'pull',
    '--repository',
    'b',
    '--json',
  )
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    expect.objectContaining({ reference: 'seen', digest: digestOf(body), outcome: 'ok' }),
  ])
})
