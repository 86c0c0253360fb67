// The audit of the real process: each event is a line of the log in JSON and a line of the store, and says who, by which
// credential, what, from where, and how it ended.
import { expect, test } from 'vitest'
import { cookieBrowser } from '../../support/cookie-browser.ts'
import { digestOf, manifest, pushBlob, pushManifest } from '../../support/registry-image.ts'
import { type RegistryProcess, startRegistry } from '../../support/registry-process.ts'
import { PASSWORD } from '../../support/service-process.ts'

type Line = Record<string, unknown>

/** Those of the log, each in the form that a collector of logs reads. */
function logged(registry: RegistryProcess): Line[] {
  return registry
    .log()
    .split('\n')
    .filter((line) => line.startsWith('{') && line.includes('"audit"'))
    .map((line) => JSON.parse(line) as { level: string; audit: Line })
    .map(({ level, audit }) => ({ level, ...audit }))
}

const secretIn = (body: string) => /fbr_\w{36}/.exec(body)?.[0] ?? ''

test('who, by which credential, what, from where, and how it ended', async () => {
  await using registry = await startRegistry()
  const browser = cookieBrowser(registry.url)
  await browser.post('/login', { user: 'you', password: 'wrong' })
  await browser.post('/login', { user: 'you', password: PASSWORD })
  await browser.get('/tokens')
  const fields = { label: 'laptop', repositories: 'you/**', days: '7', action: 'pull' }
  const reader = secretIn((await browser.post('/tokens', fields)).body)
  const { body } = await browser.post('/tokens', { ...fields, label: 'ci', action: 'push' })
  const writer = { name: 'you', secret: secretIn(body) }

  const image = manifest('image')
  const digest = digestOf(image)
  expect((await pushBlob(registry, writer, 'you/app')).status).toBe(201)
  expect((await pushManifest(registry, writer, 'you/app', 'v1', image)).status).toBe(201)
  const as = { name: 'you', secret: reader }
  const path = '/v2/you/app/manifests'
  for (const reference of ['v1', 'v1', digest, 'nothing']) {
    await registry.request(`${path}/${reference}`, { as })
  }
  expect((await registry.request(`${path}/v1`, { as, method: 'DELETE' })).status).toBe(403)
  expect((await registry.request(`${path}/${digest}`, { as, method: 'DELETE' })).status).toBe(403)
  const token = await registry.token(registry.owner, 'repository:you/app:pull,delete')
  expect((await registry.request(`${path}/v1`, { as: token, method: 'DELETE' })).status).toBe(202)
  const page = await browser.get('/tokens')
  const [, id = ''] = /tokens\/(\d+)\/revoke/.exec(page.body) ?? []
  await browser.post(`/tokens/${id}/revoke`, {})
  await registry.askToken(writer)
  await browser.post('/logout', {})

  const you = { level: 'info', who: 'person:you', address: '127.0.0.1', outcome: 'ok' }
  const inApp = { ...you, repository: 'you/app' }
  const laptop = { credential: 'token:1 laptop' }
  const ci = { credential: 'token:2 ci' }
  // The log is written at the end of a turn: the answer to the logout may be here before.
  await expect.poll(() => logged(registry).at(-1)).toMatchObject({ event: 'logout' })
  const lines = logged(registry)
  expect(lines).toMatchObject([
    { event: 'login', who: 'anonymous', reference: 'you', outcome: 'wrong' },
    { ...you, event: 'login', credential: 'session' },
    { ...you, event: 'token made', credential: 'session', reference: 'laptop' },
    { ...you, event: 'token made', credential: 'session', reference: 'ci' },
    { ...you, event: 'token used', ...ci },
    { ...inApp, event: 'push', ...ci, reference: 'v1', digest },
    { ...you, event: 'token used', ...laptop },
    { ...inApp, event: 'pull', ...laptop, reference: 'v1', digest },
    { ...inApp, event: 'pull', ...laptop, reference: 'v1', digest },
    { ...inApp, event: 'pull', ...laptop, reference: digest, digest },
    {
      ...inApp,
      event: 'denied',
      ...laptop,
      reference: 'v1',
      outcome: 'delete: This token is not for delete in you/app.',
    },
    { ...inApp, event: 'denied', reference: digest, digest, outcome: expect.any(String) },
    { ...you, event: 'password used', credential: 'password' },
    { ...inApp, event: 'delete', credential: 'password', reference: 'v1', digest },
    { ...you, event: 'token revoked', credential: 'session', reference: 'ci' },
    { event: 'login', who: 'anonymous', reference: 'you', outcome: 'over' },
    { ...you, event: 'logout', credential: 'session' },
  ])
  const stored = await registry.cli('audit', 'list', '--json')
  expect(stored.map((line) => JSON.parse(line) as Line)).toMatchObject(
    lines.map(({ level: _, ...line }) => line),
  )
  for (const secret of [reader, writer.secret, token, PASSWORD]) {
    expect(registry.log()).not.toContain(secret)
  }
}, 60_000)

test('a refresh token is named with what it was made from; its use is told once', async () => {
  await using registry = await startRegistry()
  await registry.cli('robot', 'create', 'ci')
  const [secret = ''] = await registry.cli('token', 'create', 'robot:ci', '--label', 'builds')
  const asked = await registry.request('/token?service=x&offline_token=true', {
    as: { name: 'ci', secret },
  })
  const { refresh_token: refresh } = (await asked.json()) as { refresh_token: string }
  const fields = { grant_type: 'refresh_token', service: 'x', refresh_token: refresh }
  for (let count = 0; count < 3; count += 1) {
    const answer = await fetch(`${registry.url}/token`, {
      method: 'POST',
      body: new URLSearchParams(fields),
    })
    expect(answer.status).toBe(200)
  }
  const used = logged(registry).filter(({ event }) => event === 'token used')
  expect(used.map(({ credential }) => credential)).toEqual([
    'token:1 builds',
    'refresh-token:1 of token:1 builds',
  ])
})
