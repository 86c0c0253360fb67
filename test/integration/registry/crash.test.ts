// kill -9 while images are pushed: what was acknowledged is there, whole and in the audit; what was not is there whole or not
// at all; tokens and policy are as they were.
import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { digestOf, manifest, pushBlob, pushManifest } from '../../support/registry-image.ts'
import { type Login, openRegistryStore, startRegistry } from '../../support/registry-process.ts'
import { waitFor } from '../../support/wait-for.ts'

const ROUNDS = 3
const AT_ONCE = 4
const POLICY = `rules:
  - {who: robots, repositories: "team/**", allow: [pull, push]}
`

test(`${ROUNDS} kills`, async () => {
  await using registry = await startRegistry({ policy: POLICY })
  await registry.cli('robot', 'create', 'ci')
  const words = ['token', 'create', 'robot:ci', '--allow', 'pull,push']
  const [secret = ''] = await registry.cli(...words)
  const as: Login = { name: 'ci', secret }
  const [revoked = ''] = await registry.cli(...words)
  await registry.cli('token', 'revoke', '2')
  const sent = new Map<string, string>()
  const acknowledged = new Set<string>()

  for (let round = 0; round < ROUNDS; round += 1) {
    expect((await pushBlob(registry, as, 'team/app')).status).toBe(201)
    let isKilled = false
    const killed = async () => {
      isKilled = true
      await registry.kill()
    }
    const push = async (lane: number) => {
      for (let count = 0; !isKilled; count += 1) {
        const tag = `t${round}-${lane}-${count}`
        sent.set(tag, manifest(tag))
        try {
          const response = await pushManifest(registry, as, 'team/app', tag, manifest(tag))
          if (response.status === 201) acknowledged.add(tag)
        } catch {
          return
        }
        if (acknowledged.size >= (round + 1) * 25 + round) {
          await killed()
          return
        }
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, (_, lane) => push(lane)))

    const store = openRegistryStore(registry)
    const pushes = store.audit.find({ event: 'push' }, 10_000)
    store.close()
    const audited = new Map(pushes.map(({ reference, digest }) => [reference, digest]))
    await registry.start()
    for (const [tag, body] of sent) {
      const response = await registry.request(`/v2/team/app/manifests/${tag}`, { as })
      const text = await response.text()
      if (acknowledged.has(tag)) expect([tag, response.status]).toEqual([tag, 200])
      if (response.status === 200) expect(text).toBe(body)
      else expect([tag, response.status]).toEqual([tag, 404])
      if (acknowledged.has(tag)) expect(audited.get(tag)).toBe(digestOf(body))
    }
  }
  expect(acknowledged.size).toBeGreaterThan(50)
  expect((await registry.askToken({ name: 'ci', secret: revoked })).status).toBe(401)
  expect(await registry.cli('token', 'list', 'robot:ci')).toHaveLength(2)
  expect(await registry.cli('policy', 'show')).toEqual(POLICY.trimEnd().split('\n'))
}, 120_000)

test('a token that was made before the kill is good after it: the key is the same', async () => {
  await using registry = await startRegistry()
  const token = await registry.token(registry.owner, 'repository:a:pull')
  await registry.kill()
  await registry.start()
  expect((await registry.request('/v2/a/tags/list', { as: token })).status).toBe(404)
})

/** No file of the process may grow beyond so many bytes: as good as a full disk, and it needs no root. */
const limitFiles = (pid: number, bytes: number | 'unlimited') =>
  execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:unlimited`])

test('while nothing can be stored images are pulled, and nothing changes', async () => {
  await using registry = await startRegistry()
  const { owner } = registry
  expect((await pushBlob(registry, owner, 'a')).status).toBe(201)
  expect((await pushManifest(registry, owner, 'a', 'v1', manifest('1'))).status).toBe(201)
  limitFiles(registry.pid(), 8_192)
  const pull = () => registry.request('/v2/a/manifests/v1', { as: owner })
  expect((await pull()).status).toBe(200)
  await waitFor(() => registry.log().includes('storage failed'), { what: 'the store to fail' })
  expect((await pull()).status).toBe(200)
  const push = () => pushManifest(registry, owner, 'a', 'v2', manifest('2'))
  expect((await push()).status).toBe(503)
  const removed = await registry.request('/v2/a/manifests/v1', { method: 'DELETE', as: owner })
  expect(removed.status).toBe(503)
  expect((await registry.request('/v2/a/manifests/v2', { as: owner })).status).toBe(404)
  expect((await fetch(`${registry.management}/readyz`)).status).toBe(503)
  limitFiles(registry.pid(), 'unlimited')
  await waitFor(async () => (await push()).status === 201, { what: 'the store to be tried again' })
  expect((await pull()).status).toBe(200)
}, 60_000)
