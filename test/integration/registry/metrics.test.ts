// /metrics of the real process after real traffic: each figure is looked at, and the README names them all.
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { hashSecret, makeSecret } from '../../../services/registry/token/secret.ts'
import { blockOf, firstColumn, readDocument } from '../../support/docs.ts'
import { manifest, pushBlob, pushImage, pushManifest } from '../../support/registry-image.ts'
import {
  basic,
  type Login,
  type RegistryProcess,
  startRegistry,
} from '../../support/registry-process.ts'
import { makeTempData, removeTempData } from '../../support/temp-data.ts'
import { waitFor } from '../../support/wait-for.ts'
import { startWebhookReceiver, type WebhookReceiver } from '../../support/webhook-receiver.ts'

const PREFIX = 'fuchsbau_registry_'
const SECRET = 'what only the two of them know'
const POLICY = `rules:
  - {who: owner, repositories: "**", allow: [pull, push, overwrite, delete, catalog, admin]}
  - {who: robots, repositories: "team/**", allow: [pull, push]}
  - {who: anonymous, repositories: "open/**", allow: pull}
immutable:
  - {repositories: "**", tags: "v*"}
`

let registry: RegistryProcess
let receiver: WebhookReceiver
let directory: string

beforeAll(async () => {
  receiver = await startWebhookReceiver(SECRET)
  directory = makeTempData('metrics')
  const file = join(directory, 'webhooks.yaml')
  writeFileSync(join(directory, 'secret'), SECRET)
  writeFileSync(file, `webhooks: [{name: ci, url: "${receiver.url}", secret_file: secret}]\n`)
  registry = await startRegistry({ policy: POLICY, env: { FUCHSBAU_REGISTRY_WEBHOOKS: file } })
  return async () => {
    await registry[Symbol.asyncDispose]()
    await receiver[Symbol.asyncDispose]()
    removeTempData(directory)
  }
}, 60_000)

async function scrape(): Promise<string> {
  return await (await fetch(`${registry.management}/metrics`)).text()
}

/** `name{labels}` → its value, as often as it is there. */
async function values(): Promise<Map<string, number>> {
  const lines = (await scrape()).split('\n').filter((line) => line.startsWith(PREFIX))
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ')
      return [line.slice(PREFIX.length, at), Number(line.slice(at + 1))]
    }),
  )
}

/** By how much the figures have grown meanwhile, but for those that have not. */
async function growth(action: () => Promise<unknown>) {
  const before = await values()
  await action()
  return async () =>
    Object.fromEntries(
      [...(await values())]
        .map(([name, value]) => [name, value - (before.get(name) ?? 0)] as const)
        .filter(([, grown]) => grown !== 0),
    )
}

async function robot(name: string, ...words: string[]): Promise<NonNullable<Login>> {
  const [secret = ''] = await registry.cli('token', 'create', `robot:${name}`, ...words)
  return { name, secret }
}

test('requests, bytes, tokens and logins', async () => {
  const { owner } = registry
  const blob = Buffer.alloc(300_000, 7)
  const grown = await growth(async () => {
    expect((await pushBlob(registry, owner, 'team/app', blob)).status).toBe(201)
    const token = await registry.token(owner, 'repository:team/app:pull')
    const path = '/v2/team/app/blobs/sha256:'
    expect((await registry.request(`${path}${'0'.repeat(64)}`, { as: token })).status).toBe(404)
    expect((await registry.request('/v2/team/app/blobs/x', { as: token })).status).toBe(400)
    expect((await registry.request('/v2/', { as: undefined })).status).toBe(401)
    expect((await registry.request('/v2/nothing', { as: token })).status).toBe(404)
    expect((await registry.askToken({ name: 'you', secret: 'wrong' })).status).toBe(401)
    expect((await registry.askToken(undefined)).status).toBe(200)
    expect((await registry.request('/.well-known/jwks.json')).status).toBe(200)
  })
  expect(await grown()).toMatchObject({
    'requests_total{kind="uploads",outcome="ok"}': 1,
    'requests_total{kind="blob",outcome="not_found"}': 1,
    'requests_total{kind="base",outcome="unauthorized"}': 1,
    'requests_total{kind="none",outcome="not_found"}': 1,
    'requests_total{kind="none",outcome="invalid"}': 1,
    'requests_total{kind="token",outcome="ok"}': 2,
    'requests_total{kind="token",outcome="unauthorized"}': 1,
    'requests_total{kind="keys",outcome="ok"}': 1,
    'logins_total{by="password",outcome="ok"}': 2,
    'logins_total{by="password",outcome="wrong"}': 1,
    'tokens_issued_total{holder="person"}': 1,
    'tokens_issued_total{holder="anonymous"}': 1,
    pushed_bytes_total: 300_000,
    'audit_lines_total{event="login"}': 1,
    'audit_lines_total{event="password used"}': 1,
  })
})

test('pulls count the bytes that went out, also when they break off', async () => {
  const { owner } = registry
  const blob = Buffer.alloc(30_000_000, 8)
  const pushed = await pushBlob(registry, owner, 'team/large', blob)
  const path = new URL(pushed.headers.get('location') ?? '', registry.url).pathname
  const whole = await growth(async () => {
    const answer = await registry.request(path, { as: owner })
    expect((await answer.arrayBuffer()).byteLength).toBe(blob.length)
  })
  const bytes = (await whole())['pulled_bytes_total'] ?? 0
  expect(bytes).toBeGreaterThanOrEqual(blob.length)
  expect(bytes).toBeLessThan(blob.length + 10_000)

  const broken = await growth(async () => {
    const { hostname, port, host } = new URL(registry.url)
    const socket = connect(Number(port), hostname)
    socket.write(`GET ${path} HTTP/1.1\r\nhost: ${host}\r\nauthorization: ${basic(owner)}\r\n\r\n`)
    await once(socket, 'data')
    socket.destroy()
  })
  await waitFor(
    async () => (await broken())['requests_total{kind="blob",outcome="aborted"}'] === 1,
    { what: 'the pull to be given up' },
  )
  expect((await broken())['pulled_bytes_total']).toBeGreaterThan(0)
})

test('uploads in flight, while they are, and no longer', async () => {
  const { owner } = registry
  const began = await registry.request('/v2/team/app/blobs/uploads/', { method: 'POST', as: owner })
  const { pathname, search } = new URL(began.headers.get('location') ?? '', registry.url)
  const { hostname, port, host } = new URL(registry.url)
  const socket = connect(Number(port), hostname)
  const head = ['host', host, 'authorization', basic(owner), 'content-length', '1000']
  socket.write(`PATCH ${pathname}${search} HTTP/1.1\r\n`)
  for (let at = 0; at < head.length; at += 2) socket.write(`${head[at]}: ${head[at + 1]}\r\n`)
  socket.write('\r\nabc')
  const inFlight = async () => (await values()).get('uploads_in_flight')
  await waitFor(async () => (await inFlight()) === 1, { what: 'the upload to be in flight' })
  const grown = await growth(async () => void socket.destroy())
  await waitFor(async () => (await inFlight()) === 0, { what: 'the upload to be over' })
  expect(await grown()).toMatchObject({ 'requests_total{kind="upload",outcome="aborted"}': 1 })
})

test('denials by what denied them', async () => {
  await registry.cli('robot', 'create', 'ci')
  const reader = await robot('ci', '--allow', 'pull')
  const writer = await robot('ci', '--allow', 'pull,push')
  await pushImage(registry, registry.owner, 'team/app', 'v1')
  const status = async (as: Login, repository: string, tag: string) =>
    (await pushManifest(registry, as, repository, tag, manifest('other'))).status
  const grown = await growth(async () => {
    expect(await status(reader, 'team/app', 'x')).toBe(403)
    expect(await status(writer, 'den/app', 'x')).toBe(403)
    expect(await status(registry.owner, 'team/app', 'v1')).toBe(403)
    expect((await registry.request('/v2/_catalog', { as: writer })).status).toBe(403)
  })
  expect(await grown()).toMatchObject({
    'denials_total{reason="token"}': 1,
    'denials_total{reason="policy"}': 2,
    'denials_total{reason="immutable"}': 1,
    'requests_total{kind="manifest",outcome="denied"}': 3,
    'audit_lines_total{event="denied"}': 4,
    'audit_lines_total{event="token used"}': 2,
  })
})

test('tokens that are over: revoked, of somebody who is out, under a wrong name', async () => {
  await registry.cli('robot', 'create', 'lost')
  const made = await robot('lost', '--allow', 'pull')
  const other = await robot('lost', '--allow', 'pull')
  const short = await registry.token(made, 'repository:team/app:pull')
  expect((await values()).get('access_tokens')).toBe(4)
  const ids = await registry.cli('token', 'list', 'robot:lost')
  const id = ids.at(-1)?.split(' ')[0] ?? ''
  await registry.cli('token', 'revoke', id)
  expect((await values()).get('access_tokens')).toBe(3)
  const ask = async (as: Login | string) =>
    (await registry.request('/v2/team/app/tags/list', { as })).status
  const grown = await growth(async () => {
    expect(await ask(made)).toBe(401)
    expect(await ask(short)).toBe(401)
    expect(await ask({ ...other, name: 'ci' })).toBe(401)
    await registry.cli('robot', 'disable', 'lost')
    expect(await ask(other)).toBe(401)
  })
  expect(await grown()).toMatchObject({
    'token_misuse_total{reason="revoked"}': 1,
    'token_misuse_total{reason="ended"}': 1,
    'token_misuse_total{reason="name"}': 1,
    'token_misuse_total{reason="owner"}': 1,
    'logins_total{by="access-token",outcome="over"}': 2,
    'logins_total{by="access-token",outcome="wrong"}': 1,
  })
})

test('the upstream, the policy, the webhooks, and how things stand', async () => {
  const grown = await growth(async () => {
    await pushImage(registry, registry.owner, 'team/app', 'w1')
    await waitFor(() => receiver.told.some(({ event }) => event.target['tag'] === 'w1'), {
      what: 'the webhook',
    })
    registry.writePolicy('rules: all\n')
    process.kill(registry.pid(), 'SIGHUP')
    await waitFor(async () => (await values()).get('policy_reads_total{outcome="refused"}') === 1, {
      what: 'the policy to be refused',
    })
    registry.writePolicy(POLICY)
    process.kill(registry.pid(), 'SIGHUP')
    await waitFor(async () => (await values()).get('policy_reads_total{outcome="used"}') === 2, {
      what: 'the policy to be used',
    })
  })
  await waitFor(async () => (await values()).get('webhook_pending{hook="ci"}') === 0, {
    what: 'the webhooks to be told',
  })
  const changes = await grown()
  expect(changes['upstream_seconds_count']).toBeGreaterThan(1)
  expect(changes['webhook_tries_total{hook="ci",outcome="taken"}']).toBeGreaterThan(0)
  expect(changes['webhook_reads_total{outcome="used"}']).toBeGreaterThan(0)
  const now = await values()
  expect(now.get('evaluation_storage')).toBe(1)
  expect(now.get('store_failed')).toBe(0)
  expect(now.get('webhook_oldest_seconds{hook="ci"}')).toBe(0)
  expect(now.get('upstream_connections')).toBeGreaterThan(0)
  expect(now.get('signing_key_age_seconds')).toBeGreaterThan(0)
  expect(now.get('signing_key_age_seconds')).toBeLessThan(600)
  expect(now.get('database_bytes')).toBeGreaterThan(0)
  expect(now.get('log_bytes')).toBeGreaterThan(0)
})

/** What one registry alone has counted, by name and labels without the prefix. */
async function countedBy({ management }: RegistryProcess): Promise<string> {
  return (await (await fetch(`${management}/metrics`)).text()).replaceAll(PREFIX, '')
}

test('an upstream that is not there', async () => {
  const env = { FUCHSBAU_REGISTRY_UPSTREAM: 'http://127.0.0.1:9' }
  await using alone = await startRegistry({ env })
  expect((await alone.request('/v2/a/tags/list', { as: alone.owner })).status).toBe(503)
  const counted = await countedBy(alone)
  expect(counted).toContain('upstream_failures_total{reason="unreachable"} 1')
  expect(counted).toContain('requests_total{kind="tags",outcome="failed"} 1')
  expect(counted).toContain('evaluation_storage 0')
})

test('an upstream that fails, and one that does not let us in', async () => {
  let status = 500
  const server = createServer((_, response) => response.writeHead(status).end()).listen(
    0,
    '127.0.0.1',
  )
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const env = { FUCHSBAU_REGISTRY_UPSTREAM: `http://127.0.0.1:${port}` }
  await using alone = await startRegistry({ env })
  const ask = async () => (await alone.request('/v2/a/tags/list', { as: alone.owner })).status
  expect(await ask()).toBe(500)
  status = 401
  expect(await ask()).toBe(502)
  const counted = await countedBy(alone)
  expect(counted).toContain('upstream_failures_total{reason="status"} 1')
  expect(counted).toContain('upstream_failures_total{reason="unauthorized"} 1')
  expect(counted).toContain('upstream_seconds_count 2')
  expect(counted).toContain('requests_total{kind="tags",outcome="failed"} 2')
  server.closeAllConnections()
  server.close()
})

test('a token that has expired, refresh tokens, and who guesses', async () => {
  const secrets = { expired: makeSecret('fbr'), living: makeSecret('fbr') }
  await using alone = await startRegistry({
    seed(store) {
      const at = Date.now()
      const robot = store.robots.add({
        name: 'ci',
        about: '',
        isEnabled: true,
        createdAt: at,
        createdBy: 'you',
      })
      const limits = [{ repositories: ['**'], actions: ['pull' as const] }]
      for (const [label, secret] of Object.entries(secrets)) {
        const expiresAt = label === 'expired' ? at - 1_000 : at + 60_000
        const hash = hashSecret(secret)
        const robotId = robot?.id ?? 0
        store.accessTokens.add({ robotId, label, hash, limits, createdAt: at - 2_000, expiresAt })
      }
    },
  })
  const ask = async (secret: string) => (await alone.askToken({ name: 'ci', secret })).status
  expect(await ask(secrets.expired)).toBe(401)
  const offline = await alone.request('/token?service=x&offline_token=true', {
    as: { name: 'ci', secret: secrets.living },
  })
  const { refresh_token: refresh } = (await offline.json()) as { refresh_token: string }
  const fields = { grant_type: 'refresh_token', service: 'x', refresh_token: refresh }
  const renew = () =>
    fetch(`${alone.url}/token`, { method: 'POST', body: new URLSearchParams(fields) })
  expect((await renew()).status).toBe(200)
  await alone.cli('token', 'revoke', '2')
  expect((await renew()).status).toBe(401)
  await waitFor(async () => (await ask('a guess')) === 429, { what: 'guesses to be slowed down' })
  const counted = await countedBy(alone)
  expect(counted).toContain('token_misuse_total{reason="expired"} 1')
  expect(counted).toContain('token_misuse_total{reason="revoked"} 1')
  expect(counted).toContain('logins_total{by="access-token",outcome="over"} 1')
  expect(counted).toContain('logins_total{by="refresh-token",outcome="ok"} 1')
  expect(counted).toContain('logins_total{by="refresh-token",outcome="over"} 1')
  expect(counted).toContain('logins_total{by="unknown",outcome="throttled"} 1')
  expect(counted).toContain('tokens_issued_total{holder="robot"} 2')
  expect(counted).toContain('access_tokens 0')
})

test('the README names every figure, and nothing that strangers type is a label', async () => {
  await registry.request('/v2/some-name/blobs/uploads/some-id', { method: 'PATCH' })
  await registry.askToken({ name: 'some-name', secret: 'some-secret' })
  const text = await scrape()
  expect(text).not.toContain('some-')
  const named = [...text.matchAll(/^# TYPE (fuchsbau_registry_\w+)/gm)].map(([, name]) => name)
  const table = blockOf(readDocument('services/registry/README.md'), 'metrics') ?? ''
  expect(firstColumn(table).sort()).toEqual(named.sort())
})
