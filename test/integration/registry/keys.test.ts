// The keys that sign tokens: published, changed while clients go on, kept over a kill. And the policy, read again on SIGHUP.
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startRegistry } from '../../support/registry-process.ts'
import { waitFor } from '../../support/wait-for.ts'

test('a new key signs as soon as the upstream accepts it, and tokens of the old one go on', async () => {
  await using registry = await startRegistry()
  const kidOf = (token: string) => {
    const [head = ''] = token.split('.')
    return (JSON.parse(Buffer.from(head, 'base64url').toString()) as { kid: string }).kid
  }
  const token = () => registry.token(registry.owner, 'repository:a:pull')
  const before = await token()
  await registry.cli('key', 'rotate')
  await waitFor(async () => kidOf(await token()) !== kidOf(before), { what: 'the new key' })
  const after = await token()
  const status = async (as: string) => (await registry.request('/v2/', { as })).status
  expect([await status(before), await status(after)]).toEqual([200, 200])
  const published = async () => {
    const response = await fetch(`${registry.url}/.well-known/jwks.json`)
    const { keys } = (await response.json()) as { keys: Record<string, string>[] }
    expect(keys.every((key) => key['d'] === undefined)).toBe(true)
    return keys.map(({ kid }) => kid)
  }
  expect(await published()).toEqual([kidOf(before), kidOf(after)])
  await registry.kill()
  await registry.start()
  expect(await published()).toEqual([kidOf(before), kidOf(after)])
  expect([await status(before), await status(after)]).toEqual([200, 200])
  expect(statSync(join(registry.directory, 'keys.json')).mode & 0o777).toBe(0o600)
})

test('an upstream that does not accept the new key yet keeps the old one in use', async () => {
  // Nobody listens there: so nobody accepts it.
  await using registry = await startRegistry({
    env: { FUCHSBAU_REGISTRY_UPSTREAM: 'http://127.0.0.1:9' },
  })
  await registry.cli('key', 'rotate')
  await registry.cli('key', 'rotate')
  const states = (await registry.cli('key', 'list')).map((line) => line.split('  ')[1])
  expect(states).toEqual(['active', 'next'])
})

test('SIGHUP has the policy read at once', async () => {
  await using registry = await startRegistry({ policy: 'rules: []' })
  const mayPull = async () => (await registry.cli('policy', 'explain', 'you', 'pull', 'a'))[0]
  expect(await mayPull()).toBe('you may not pull in a.')
  registry.writePolicy('rules:\n  - {who: owner, repositories: "**", allow: pull}\n')
  process.kill(registry.pid(), 'SIGHUP')
  await waitFor(async () => (await mayPull()) === 'you may pull in a.', { what: 'the new policy' })
})
