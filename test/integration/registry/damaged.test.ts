// A data directory that is damaged, newer, or somebody else's: the process says so in a sentence, and ends.
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RegistryProcess, startRegistry } from '../../support/registry-process.ts'

let registry: RegistryProcess

beforeAll(async () => {
  registry = await startRegistry({})
  await registry.stop()
})

afterAll(() => registry[Symbol.asyncDispose]())

const key = (jwk: object) => JSON.stringify([{ kid: 'a', state: 'active', createdAt: 1, jwk }])
const curve = { kty: 'EC', crv: 'P-256' }

test.each([
  ['nothing', ''],
  ['half a file', '[{"kid":'],
  ['no list', '{}'],
  ['no keys', '[{}]'],
  ['a key without its private half', key({ ...curve, x: 'a', y: 'b' })],
  ['a key that is none', key({ ...curve, x: 'a', y: 'b', d: 'c' })],
])('keys.json with %s: what to do is said, and no key is made in its place', async (_, text) => {
  const file = join(registry.directory, 'keys.json')
  writeFileSync(file, text)
  await expect(registry.start()).rejects.toThrow(
    /keys\.json cannot be used \(.+\)\. Put back a copy; or delete it/,
  )
  await expect(registry.cli('key', 'list')).rejects.toThrow(/keys\.json cannot be used/)
})

test('without keys.json there is a new key, and the log says that the upstream needs it', async () => {
  rmSync(join(registry.directory, 'keys.json'))
  await registry.start()
  expect(registry.log()).toContain('give the upstream the new token-key.pem')
  await registry.stop()
})

test('a database of a newer version is left alone', async () => {
  const database = new DatabaseSync(join(registry.directory, 'registry.db'))
  const row = database.prepare('PRAGMA user_version').get()
  database.exec('PRAGMA user_version = 99')
  await expect(registry.start()).rejects.toThrow(/was written by a newer Fuchsbau/)
  database.exec(`PRAGMA user_version = ${row?.['user_version']}`)
  database.close()
  await registry.start()
  await expect(startRegistry({ env: { FUCHSBAU_DATA: registry.data } })).rejects.toThrow(
    /in use by another process/,
  )
  await registry.stop()
})

test('another process that holds the database for long: nothing is changed, images are pulled, and then all is well', async () => {
  await registry.start()
  const as = registry.owner
  const push = () => registry.request('/v2/a/manifests/v1', { method: 'PUT', as, body: '{}' })
  expect((await push()).status).toBe(201)
  const holder = new DatabaseSync(join(registry.directory, 'registry.db'))
  holder.exec('BEGIN IMMEDIATE')
  // It waits for 5 s for the other process, and from then on no more.
  await expect.poll(async () => (await push()).status, { timeout: 20_000 }).toBe(503)
  expect((await registry.request('/v2/a/tags/list', { as })).status).toBe(200)
  holder.exec('ROLLBACK')
  holder.close()
  await expect.poll(async () => (await push()).status, { timeout: 20_000 }).toBe(201)
  await registry.stop()
}, 60_000)
