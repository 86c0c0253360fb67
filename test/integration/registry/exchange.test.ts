// CI jobs without a stored secret: the ID token of a job for a token of a robot, or as its password, in the real process.
// https://www.rfc-editor.org/rfc/rfc8693 https://www.rfc-editor.org/rfc/rfc8725
import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type FakeIssuer, startFakeIssuer } from '../../support/fake-issuer.ts'
import { type JobTokenChanges, jobTokens } from '../../support/job-tokens.ts'
import { pushImage } from '../../support/registry-image.ts'
import { type Login, type RegistryProcess, startRegistry } from '../../support/registry-process.ts'
import { waitFor } from '../../support/wait-for.ts'

const GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange'
const ID_TOKEN = 'urn:ietf:params:oauth:token-type:id_token'

let issuer: FakeIssuer
let registry: RegistryProcess
let key: KeyObject
let job: (changes?: JobTokenChanges) => string

const policy = (exchange: string) => `rules:
  - {who: owner, repositories: "**", allow: [pull, push, overwrite, delete]}
  - {who: robots, repositories: "fox/**", allow: [pull, push]}
  - {who: robots, repositories: fox/secret, deny: [pull, push]}
exchange:${exchange}
`
const entry = (changes = '') => `
  - issuer: ${issuer.issuer}
    audience: https://oci.test
    claims: {sub: "repo:fox/*:ref:refs/heads/main"}
    robot: ci
    repositories: [fox/app, fox/secret, hare/app]
    allow: [pull, push, overwrite]
    ${changes}
`
const other = () => `
  - issuer: ${issuer.issuer}
    audience: https://oci.test
    claims: {sub: "repo:hare/**"}
    robot: gone
    repositories: "**"
    allow: pull
`

beforeAll(async () => {
  issuer = await startFakeIssuer({ redirectUris: ['http://127.0.0.1/back'] })
  const keys = issuer.rotateKeys()
  key = keys.key
  job = jobTokens(issuer, key, keys.kid)
  registry = await startRegistry({
    policy: policy(entry() + other()),
    seed: () => undefined,
    env: { FUCHSBAU_TRUST_PROXY: '127.0.0.1' },
  })
  await registry.cli('robot', 'create', 'ci')
})
afterAll(async () => {
  await registry?.[Symbol.asyncDispose]()
  await issuer?.[Symbol.asyncDispose]()
})

let address = 0
/** From an address of its own: those who are refused are slowed down. */
function exchange(token: string, more: Record<string, string> = {}, from = ++address) {
  return registry.request('/token', {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-forwarded-for': `192.0.2.${from}`,
    },
    body: new URLSearchParams({
      grant_type: GRANT,
      subject_token: token,
      subject_token_type: ID_TOKEN,
      ...more,
    }).toString(),
  })
}

const json = async (response: Response) => (await response.json()) as Record<string, unknown>
const secretFor = async (token: string) =>
  String((await json(await exchange(token)))['access_token'])
const begin = async (as: Login | string, repository: string) =>
  (await registry.request(`/v2/${repository}/blobs/uploads/`, { method: 'POST', as })).status
/** The newest line of the audit about an exchange, as it stands in the log, too. */
const audited = () =>
  registry
    .log()
    .split('\n')
    .findLast((line) => line.includes('"audit":{"event":"exchange"')) ?? ''

describe('the ID token of a job', () => {
  test('gives a token that is for what the entry says and the policy allows the robot', async () => {
    const response = await exchange(job())
    expect(response.status).toBe(200)
    expect(response.headers.get('cache-control')).toBe('no-store')
    const answer = await json(response)
    expect(answer).toMatchObject({
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
      expires_in: 900,
      username: 'ci',
      scope:
        'repository:fox/app:pull,push,overwrite repository:fox/secret:pull,push,overwrite repository:hare/app:pull,push,overwrite',
    })
    const secret = String(answer['access_token'])
    expect(secret).toMatch(/^fbr_\w{36}$/)
    for (const as of [{ name: 'ci', secret }, { name: 'token', secret }, secret]) {
      expect(await begin(as, 'fox/app')).toBe(202)
      // Denied by a rule; not the robot's; not the entry's.
      expect(await begin(as, 'fox/secret')).toBe(403)
      expect(await begin(as, 'hare/app')).toBe(403)
      expect(await begin(as, 'fox/other')).toBe(403)
    }
    expect(await begin({ name: 'you', secret }, 'fox/app')).toBe(401)
    await pushImage(registry, { name: 'ci', secret }, 'fox/app', 'v1')
    const [line] = (await registry.cli('audit', 'list', '--event', 'exchange')).toReversed()
    expect(line).toMatch(
      /exchange {2}robot:ci {2}token:\d+ job repo:fox\/app:ref:refs\/heads\/main .* of http:\/\/127/,
    )
    expect((await registry.cli('token', 'list', 'robot:ci'))[0]).toContain('job repo:fox/app:ref')
  })

  test('is a password, too: for its robot, several times, and no longer than it lives', async () => {
    const token = job({ claims: { exp: Math.floor(Date.now() / 1000) + 60 } })
    const scope = 'repository:fox/app:pull,push'
    for (const name of ['ci', 'token', 'CI']) {
      const response = await registry.askToken({ name, secret: token }, scope)
      expect(response.status).toBe(200)
      expect(Number((await json(response))['expires_in'])).toBeLessThanOrEqual(60)
    }
    const short = await registry.token({ name: 'ci', secret: token }, scope)
    expect(await begin(short, 'fox/app')).toBe(202)
    expect(await begin({ name: 'ci', secret: token }, 'fox/app')).toBe(202)
    expect((await registry.askToken({ name: 'other', secret: token }, scope)).status).toBe(401)
    const lines = await registry.cli('token', 'list', 'robot:ci')
    expect(
      lines.filter((line) => line.includes(new Date().toISOString().slice(0, 10))).length,
    ).toBe(2)
  })

  test('may be narrowed to one robot', async () => {
    expect((await exchange(job(), { robot: 'ci' })).status).toBe(200)
    const answer = await exchange(job(), { robot: 'other' })
    expect(await json(answer)).toMatchObject({ error: 'invalid_request' })
  })

  test('of a robot that is not there gives nothing, and the audit says why', async () => {
    const response = await exchange(job({ claims: { sub: 'repo:hare/app' } }))
    expect(response.status).toBe(400)
    expect(await json(response)).toEqual({
      error: 'invalid_request',
      error_description: 'The robot that this job is for is not here.',
    })
    await expect.poll(audited).toContain('robot gone is missing')
    await expect.poll(audited).toContain('repo:hare/app of http://127')
  })
})

const forger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
const hmac = (secret: string | Buffer) => (text: string) =>
  createHmac('sha256', secret).update(text).digest()
const now = () => Math.floor(Date.now() / 1000)

describe('refused, with what to mend for the client and the reason in the audit, is one', () => {
  const verified = 'could not be verified with the keys of its issuer'
  test.each<[string, () => JobTokenChanges, string, string]>([
    [
      'of another key',
      () => ({ seal: (text) => sign('sha256', Buffer.from(text), forger) }),
      verified,
      'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
    ],
    [
      'of a key that nobody knows',
      () => ({ header: { kid: 'other' } }),
      verified,
      'ERR_JWKS_NO_MATCHING_KEY',
    ],
    [
      'without a signature',
      () => ({ header: { alg: 'none' }, seal: () => Buffer.alloc(0) }),
      verified,
      'ERR_JOSE_ALG_NOT_ALLOWED',
    ],
    [
      'sealed with the public key',
      () => {
        const pem = createPublicKey(key).export({ type: 'spki', format: 'pem' })
        return { header: { alg: 'HS256' }, seal: hmac(pem) }
      },
      verified,
      'ERR_JOSE_ALG_NOT_ALLOWED',
    ],
    ['that has ended', () => ({ claims: { exp: now() - 60 } }), 'has expired', 'expired'],
    ['without an end', () => ({ claims: { exp: undefined } }), verified, 'exp'],
    ['of tomorrow', () => ({ claims: { nbf: now() + 86_400 } }), verified, 'nbf'],
    [
      'made tomorrow',
      () => ({ claims: { iat: now() + 600 } }),
      'is no ID token',
      'not an ID token',
    ],
    [
      'that lives for a year',
      () => ({ claims: { exp: now() + 31e6 } }),
      'is no ID token',
      'not an',
    ],
    ['that is an access token', () => ({ header: { typ: 'at+jwt' } }), 'is no ID token', 'not an'],
    ['of nobody', () => ({ claims: { sub: undefined } }), verified, 'sub'],
    [
      'for somebody else',
      () => ({ claims: { aud: 'https://other.test' } }),
      `The ID token is for 'https://other.test': ask the CI for one`,
      'wrong audience "https://other.test"',
    ],
    [
      'of another issuer',
      () => ({ claims: { iss: 'https://evil.test' } }),
      `trusts no issuer that calls itself 'https://evil.test'`,
      'untrusted issuer "https://evil.test"',
    ],
    [
      'of another branch',
      () => ({ claims: { sub: 'repo:fox/app:ref:refs/heads/dev' } }),
      `its sub is 'repo:fox/app:ref:refs/heads/dev'`,
      'line 6: sub is "repo:fox/app:ref:refs/heads/dev"',
    ],
    [
      'of another owner, whose repository is called like a branch of ours',
      () => ({ claims: { sub: 'repo:fox/x/y:ref:refs/heads/main' } }),
      'No entry of the registry',
      'line 6: sub is',
    ],
  ])('%s', async (_, changes, told, reason) => {
    const response = await exchange(job(changes()))
    expect(response.status).toBe(400)
    const answer = await json(response)
    expect(answer['error']).toBe('invalid_request')
    expect(String(answer['error_description'])).toContain(told)
    await expect.poll(audited).toContain(JSON.stringify(reason).slice(1, -1))
  })

  test.each([
    ['no JWT', { subject_token: 'x' }, 'The subject token is no JWT.'],
    ['three words', { subject_token: 'eyJ.eyJ.x' }, 'The subject token is no JWT.'],
    ['nothing', { subject_token: '' }, 'subject_token is missing'],
    ['of 9 KB', { subject_token: `eyJ.eyJ.${'x'.repeat(9_000)}` }, 'longer than 8192 characters'],
    ['of another type', { subject_token_type: 'urn:x' }, 'subject_token_type must be'],
    ['for something else', { requested_token_type: 'urn:x' }, 'requested_token_type can only be'],
    ['by another', { actor_token: 'x' }, 'There are no actor tokens here.'],
  ])('%s', async (_, fields, told) => {
    const response = await exchange(job(), fields as Record<string, string>)
    expect(response.status).toBe(400)
    expect(String((await json(response))['error_description'])).toContain(told)
  })
})

test('unknown keys by the hundred make us ask the issuer no more than once a minute', async () => {
  const reads = () => issuer.requests.filter((path) => path === '/jwks').length
  const before = reads()
  const tokens = Array.from({ length: 100 }, (_, at) => job({ header: { kid: `unknown ${at}` } }))
  const answers = await Promise.all(tokens.map((token) => exchange(token)))
  expect(answers.every(({ status }) => status === 400)).toBe(true)
  expect(reads() - before).toBeLessThanOrEqual(1)
  expect((await exchange(job())).status).toBe(200)
})

test('who is refused again and again is slowed down, and good jobs of the same address are not', async () => {
  const statuses: number[] = []
  for (let at = 0; at < 8; at += 1) {
    statuses.push((await exchange(job({ claims: { aud: 'x' } }), {}, 250)).status)
  }
  expect(statuses.slice(0, 5)).toEqual([400, 400, 400, 400, 400])
  expect(statuses.at(-1)).toBe(429)
  expect((await exchange(job(), {}, 250)).status).toBe(200)
})

test('an ID token is good for twenty tokens, and for none once one of them is revoked', async () => {
  const token = job()
  const secrets = []
  for (let at = 0; at < 20; at += 1) secrets.push(await secretFor(token))
  const over = await exchange(token)
  expect(String((await json(over))['error_description'])).toContain('was used 20 times')

  const again = job()
  const secret = await secretFor(again)
  const body = new URLSearchParams({ token: secret }).toString()
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const revoked = await registry.request('/token/revoke', { method: 'POST', headers, body })
  expect(revoked.status).toBe(200)
  expect(await begin({ name: 'ci', secret }, 'fox/app')).toBe(401)
  expect(String((await json(await exchange(again)))['error_description'])).toContain('revoked')
  expect((await registry.askToken({ name: 'ci', secret: again })).status).toBe(401)
})

test('a kill loses no token that was given', async () => {
  const secret = await secretFor(job())
  await registry.kill()
  await registry.start()
  expect(await begin({ name: 'ci', secret }, 'fox/app')).toBe(202)
})

test('while the issuer is away nobody can say, and tokens that were given go on', async () => {
  const secret = await secretFor(job())
  const token = job()
  await issuer.stop()
  await registry.kill()
  await registry.start()
  const response = await exchange(token)
  expect(response.status).toBe(503)
  expect(response.headers.get('retry-after')).toBe('30')
  expect((await json(response))['error']).toBe('temporarily_unavailable')
  expect((await registry.askToken({ name: 'ci', secret: token })).status).toBe(503)
  expect(await begin({ name: 'ci', secret }, 'fox/app')).toBe(202)
  await issuer.start()
  await registry.kill()
  await registry.start()
  expect((await exchange(token)).status).toBe(200)
})

test('what the issuer answers is bounded, and leads nowhere else', async () => {
  const answers: [string, (response: import('node:http').ServerResponse) => void][] = [
    [
      'a redirect',
      (response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
    ],
    ['another issuer', (response) => response.end('{"issuer": "https://evil.test"}')],
    ['no JSON', (response) => response.end('<html>')],
    ['too much', (response) => response.end(`{"x": "${'x'.repeat(300_000)}"}`)],
    [
      'keys on a page without TLS',
      (response) =>
        response.end(JSON.stringify({ issuer: issuer.issuer, jwks_uri: 'ftp://127.0.0.1/' })),
    ],
  ]
  for (const [, give] of answers) {
    await registry.kill()
    await registry.start()
    issuer.intercept = (_, response) => {
      give(response)
      return true
    }
    expect((await exchange(job())).status).toBe(503)
  }
  issuer.intercept = undefined
  await registry.kill()
  await registry.start()
})

test('with its entry the policy ends its tokens, at once; a changed entry is another one', async () => {
  const secret = await secretFor(job())
  const password = job()
  const ci = { name: 'ci', secret }
  const short = await registry.token(ci, 'repository:fox/app:pull,push')
  const byPassword = await registry.token(
    { name: 'ci', secret: password },
    'repository:fox/app:pull,push',
  )
  expect(await begin(short, 'fox/app')).toBe(202)
  expect(await begin(byPassword, 'fox/app')).toBe(202)

  registry.writePolicy(policy(' []'))
  await waitFor(async () => (await begin(ci, 'fox/app')) === 401, { what: 'the new policy' })
  expect(await begin(short, 'fox/app')).toBe(401)
  expect(await begin(byPassword, 'fox/app')).toBe(401)
  expect((await exchange(job())).status).toBe(400)
  expect((await registry.askToken({ name: 'ci', secret: password })).status).toBe(401)

  registry.writePolicy(policy(entry('lifetime: 1m')))
  await waitFor(async () => (await exchange(job())).status === 200, { what: 'the changed policy' })
  expect(await begin(ci, 'fox/app')).toBe(401)
  // The password is looked into again, by the entry of now.
  const answer = await json(await registry.askToken({ name: 'ci', secret: password }))
  expect(Number(answer['expires_in'])).toBeLessThanOrEqual(60)

  registry.writePolicy(policy(entry() + other()))
  await waitFor(async () => (await begin(ci, 'fox/app')) === 202, { what: 'the first policy' })
  await registry.cli('robot', 'disable', 'ci')
  expect(await begin(ci, 'fox/app')).toBe(401)
  expect((await exchange(job())).status).toBe(400)
  await registry.cli('robot', 'enable', 'ci')
})

test('policy explain says what a job would get, and why it gets nothing', async () => {
  const claims = [`iss=${issuer.issuer}`, 'aud=https://oci.test']
  const explain = (...words: string[]) => registry.cli('policy', 'explain', ...words)
  expect(await explain(...claims, 'sub=repo:fox/app:ref:refs/heads/main')).toEqual([
    'This job gets a token of robot:ci for 15 minutes, by the entry in line 6:',
    'pull, push, overwrite in fox/app fox/secret hare/app, as far as the rules allow it to robot:ci.',
  ])
  expect((await explain(...claims, 'sub=repo:hare/app')).at(-1)).toContain('robot create gone')
  expect((await explain(...claims, 'sub=x')).at(-1)).toBe('line 6: sub is "x"; line 14: sub is "x"')
  expect((await explain('iss=https://evil.test')).join()).toContain('trusts no issuer')
  expect((await explain('robot:ci', 'push', 'fox/app')).at(-1)).toContain('line 6 (')
})

test('no token of a job and no secret is in the log', () => {
  expect(registry.log()).not.toMatch(/eyJ[\w-]+\.eyJ/)
  expect(registry.log()).not.toMatch(/fbr_\w{36}/)
})
