// The policy's file while the registry runs: a good one counts within seconds, a bad one never.
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { pushImage } from '../../support/registry-image.ts'
import { startRegistry } from '../../support/registry-process.ts'
import { waitFor } from '../../support/wait-for.ts'

const open = `rules:
  - {who: owner, repositories: "**", allow: [pull, push, overwrite, delete]}
  - {who: anonymous, repositories: "**", allow: pull}
`
const closed = open.replace('who: anonymous', 'who: "user:nobody"')

test('it changes, goes bad, goes away and comes back', async () => {
  await using registry = await startRegistry({ policy: open })
  await pushImage(registry, registry.owner, 'a', 'v1')
  const status = async () => (await registry.request('/v2/a/manifests/v1')).status
  const told = (count: number) =>
    waitFor(() => registry.log().split('the new policy is not used').length - 1 >= count, {
      what: 'the bad policy to be told',
    })
  expect(await status()).toBe(200)

  registry.writePolicy(`${closed}  - {who: bob, repositories: "**", allow: pull}\n`)
  await told(1)
  expect(registry.log()).toContain('line 4: \\"bob\\" is nobody')
  expect(await status()).toBe(200)

  registry.writePolicy('')
  await told(2)
  expect(await status()).toBe(200)

  registry.writePolicy(closed)
  await waitFor(async () => (await status()) === 401, { what: 'the new policy' })

  const file = join(registry.data, 'policy.yaml')
  rmSync(file)
  await told(3)
  mkdirSync(file)
  await told(4)
  expect(registry.log()).toContain('it is no file')
  expect(await status()).toBe(401)
  rmSync(file, { recursive: true })
  await told(5)

  registry.writePolicy(open)
  await waitFor(async () => (await status()) === 200, { what: 'the old policy' })
  // Each fault once, and not every two seconds.
  expect(registry.log().split('the new policy is not used')).toHaveLength(6)
}, 60_000)

test('with a bad one it does not start, and says why', async () => {
  await expect(startRegistry({ policy: 'rules: all' })).rejects.toThrow(/line 1: must be a list/)
})
