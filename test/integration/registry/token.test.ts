// The token endpoint, as clients of registries use it. https://distribution.github.io/distribution/spec/auth/token/ and
// https://distribution.github.io/distribution/spec/auth/oauth/
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  basic,
  type Login,
  person,
  type RegistryProcess,
  startRegistry,
} from '../../support/registry-process.ts'

let registry: RegistryProcess
let ci: NonNullable<Login>

const POLICY = `rules:
  - who: owner
    repositories: "**"
    allow: [pull, push, overwrite, delete, catalog, admin]
  - who: robots
    repositories: "team/**"
    allow: [pull, push]
  - who: anonymous
    repositories: "public/**"
    allow: pull
`

beforeAll(async () => {
  registry = await startRegistry({
    policy: POLICY,
    seed: (store) => store.people.add(person('ann')),
    env: { FUCHSBAU_TRUST_PROXY: '127.0.0.1' },
  })
  await registry.cli('robot', 'create', 'ci')
  ci = { name: 'ci', secret: await accessToken('robot:ci') }
})

afterAll(() => registry[Symbol.asyncDispose]())

async function accessToken(owner: string, ...more: string[]): Promise<string> {
  const words = ['--repository', '**', '--allow', 'pull,push,overwrite,delete', ...more]
  const [secret = ''] = await registry.cli('token', 'create', owner, ...words)
  return secret
}

type Answer = Record<string, unknown> & { token: string; refresh_token?: string }
const json = async (response: Response) => (await response.json()) as Answer

/** What a token grants, as `repository:name:actions`. */
function granted({ token }: Pick<Answer, 'token'>): string[] {
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
  return claims.access.map(
    ({ type, name, actions }: { type: string; name: string; actions: string[] }) =>
      `${type}:${name}:${actions.join(',')}`,
  )
}

const post = (fields: Record<string, string> | URLSearchParams) =>
  registry.request('/token', {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
  })

describe('by GET', () => {
  test('the answer has what every client looks for, and may not be kept', async () => {
    const response = await registry.askToken(ci, 'repository:team/app:pull')
    expect(response.status).toBe(200)
    expect(response.headers.get('cache-control')).toBe('no-store')
    const answer = await json(response)
    expect(answer['access_token']).toBe(answer.token)
    expect(answer['expires_in']).toBe(300)
    expect(Date.parse(String(answer['issued_at']))).toBeGreaterThan(Date.now() - 60_000)
    expect(answer).not.toHaveProperty('refresh_token')
    expect(granted(answer)).toEqual(['repository:team/app:pull'])
  })

  test('the token is signed by a key of the published set', async () => {
    const { token } = await json(await registry.askToken(ci))
    const { kid, alg } = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString())
    const { keys } = (await (await registry.request('/.well-known/jwks.json')).json()) as {
      keys: Record<string, string>[]
    }
    expect(alg).toBe('ES256')
    expect(keys.map((key) => key['kid'])).toContain(kid)
    expect(keys.flatMap((key) => Object.keys(key))).not.toContain('d')
  })

  test.each([
    ['repeated', ['repository:team/a:pull', 'repository:team/b:pull']],
    ['with a space between', ['repository:team/a:pull repository:team/b:pull']],
  ])('scopes %s', async (_, scopes) => {
    const answer = await json(await registry.askToken(ci, ...scopes))
    expect(granted(answer)).toEqual(['repository:team/a:pull', 'repository:team/b:pull'])
  })

  test.each([
    ['none', []],
    ['an empty one', ['']],
    ['one without a repository, as crane asks', ['repository::pull']],
    ['one of another type', ['plugin:x:install']],
    ['a name that is none', ['repository:../x:pull']],
    ['a repository that is not allowed', ['repository:other/app:pull,push']],
  ])('%s: a token for nothing, never an error', async (_, scopes) => {
    const response = await registry.askToken(ci, ...scopes)
    expect(response.status).toBe(200)
    expect(granted(await json(response))).toEqual([])
  })

  test('who asks for more than she may gets less', async () => {
    const scopes = ['repository:team/app:pull,push,delete', 'repository:other/app:pull']
    const answer = await json(await registry.askToken(ci, ...scopes))
    expect(granted(answer)).toEqual(['repository:team/app:pull,push'])
  })

  test('who asks to push gets the right to overwrite, if she has it', async () => {
    const answer = await json(await registry.askToken(registry.owner, 'repository:x:push'))
    expect(granted(answer)).toEqual(['repository:x:push,overwrite'])
  })

  test('nobody gets what the policy gives to everybody', async () => {
    const scopes = ['repository:public/app:pull,push', 'repository:team/app:pull']
    const answer = await json(await registry.askToken(undefined, ...scopes))
    expect(granted(answer)).toEqual(['repository:public/app:pull'])
  })

  test('fifty repositories with long names fit', async () => {
    const name = (index: number) => `team/${String(index).padStart(2, '0')}${'x'.repeat(200)}`
    const scopes = Array.from({ length: 50 }, (_, index) => `repository:${name(index)}:pull,push`)
    const answer = await json(await registry.askToken(registry.owner, ...scopes))
    expect(granted(answer)).toHaveLength(50)
    const { status } = await registry.request(`/v2/${name(49)}/tags/list`, { as: answer.token })
    expect(status).toBe(404)
  })

  test('offline_token=true gives a refresh token', async () => {
    const response = await registry.request('/token?service=x&offline_token=true', { as: ci })
    expect((await json(response)).refresh_token).toMatch(/^fbrr_/)
    const anonymous = await registry.request('/token?service=x&offline_token=true')
    expect(await json(anonymous)).not.toHaveProperty('refresh_token')
  })
})

describe('by POST', () => {
  test('password', async () => {
    const { name: username, secret: password } = ci
    const fields = { grant_type: 'password', username, password, scope: 'repository:team/a:pull' }
    const response = await post({ ...fields, service: 'x', client_id: 'docker' })
    expect(response.status).toBe(200)
    const answer = await json(response)
    expect(granted(answer)).toEqual(['repository:team/a:pull'])
    expect(answer).not.toHaveProperty('refresh_token')
  })

  test('refresh_token: the same one again and again, until what it was made from is revoked', async () => {
    const secret = await accessToken('robot:ci', '--label', 'docker')
    const first = await post({
      grant_type: 'password',
      username: 'ci',
      password: secret,
      access_type: 'offline',
      service: 'x',
      client_id: 'docker',
    })
    const { refresh_token: refresh = '' } = await json(first)
    const again = () =>
      post({ grant_type: 'refresh_token', refresh_token: refresh, scope: 'repository:team/a:push' })
    for (const _ of [1, 2]) {
      const answer = await json(await again())
      expect(answer.refresh_token).toBe(refresh)
      expect(granted(answer)).toEqual(['repository:team/a:push'])
    }
    const { token } = await json(await again())
    const push = { method: 'POST', as: token }
    expect((await registry.request('/v2/team/a/blobs/uploads/', push)).status).toBe(202)
    const listed = await registry.cli('token', 'list', 'robot:ci')
    const id = listed.find((line) => line.includes('docker'))?.split(' ')[0] ?? ''
    await registry.cli('token', 'revoke', id)
    expect((await again()).status).toBe(401)
    expect((await registry.request('/v2/team/a/blobs/uploads/', push)).status).toBe(401)
  })

  test('a refresh token is for its grant alone, and nothing else is for that', async () => {
    const { refresh_token: refresh = '' } = await json(
      await registry.request('/token?offline_token=true', { as: ci }),
    )
    const from = { 'x-forwarded-for': '192.0.2.200' }
    for (const name of ['ci', 'token', '']) {
      const as = { name, secret: refresh }
      expect((await registry.request('/token', { as, headers: from })).status).toBe(401)
    }
    const as = { name: 'ci', secret: refresh }
    expect((await registry.request('/v2/', { as })).status).toBe(401)
    for (const secret of [ci.secret, registry.owner.secret]) {
      const fields = { grant_type: 'refresh_token', refresh_token: secret, username: 'you' }
      expect((await post(fields)).status).toBe(401)
    }
  })

  test('refresh tokens of one robot do not pile up', async () => {
    await registry.cli('robot', 'create', 'busy')
    const busy = { name: 'busy', secret: await accessToken('robot:busy') }
    const refreshes: string[] = []
    for (let count = 0; count < 55; count += 1) {
      const response = await registry.request('/token?offline_token=true', { as: busy })
      refreshes.push((await json(response)).refresh_token ?? '')
    }
    const grant = (refresh_token = '') => post({ grant_type: 'refresh_token', refresh_token })
    expect((await grant(refreshes.at(-1))).status).toBe(200)
    expect((await grant(refreshes[0])).status).toBe(401)
  })

  test.each([
    ['an unknown grant', { grant_type: 'authorization_code' }, 400],
    ['no grant', {}, 400],
    ['a body of another type', undefined, 400],
  ])('%s', async (_, fields, status) => {
    const response = fields
      ? await post(fields)
      : await registry.request('/token', { method: 'POST', body: '{}' })
    expect(response.status).toBe(status)
    expect(await response.json()).toHaveProperty('errors.0.code', 'UNSUPPORTED')
  })
})

describe('what is wrong', () => {
  const wrong = `fbr_${'A'.repeat(36)}`
  test.each([
    ['a secret', () => ({ name: 'ci', secret: wrong })],
    ['a name', () => ({ ...ci, name: 'you' })],
    ['an empty secret', () => ({ name: 'you', secret: '' })],
    ['a person who has no password', () => ({ name: 'ann', secret: '' })],
    ['a name with line breaks', () => ({ name: 'x\n\u001b[2Jy', secret: 'x' })],
  ])('%s: 401, with how to log in (RFC 9110, 15.5.2)', async (what, login) => {
    // From an address of its own, so that one is not slowed down for another.
    const headers = { 'x-forwarded-for': `192.0.2.${what.length}` }
    const response = await registry.request('/token', { as: login(), headers })
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toMatch(/^Basic realm="/)
    expect(await response.json()).toHaveProperty('errors.0.code', 'UNAUTHORIZED')
  })

  test.each([
    ['no Basic', 'Bearer x'],
    ['no base64', 'Basic !!!'],
    ['no colon', `Basic ${Buffer.from('you').toString('base64')}`],
    ['nothing', 'Basic'],
  ])('an Authorization header with %s: 401', async (_, authorization) => {
    const response = await registry.request('/token', { headers: { authorization } })
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toMatch(/^Basic realm="/)
  })

  test('who guesses is slowed down, and who has a token is not', async () => {
    const guess = () => registry.askToken({ name: 'you', secret: 'guess' })
    const statuses: number[] = []
    for (let count = 0; count < 8; count += 1) statuses.push((await guess()).status)
    expect(statuses).toContain(429)
    const long = { name: 'you', secret: 'x'.repeat(2_000) }
    expect((await registry.askToken(long)).status).toBe(429)
    expect((await registry.askToken(ci)).status).toBe(200)
  })

  test('who guesses from many addresses is slowed down, however she spells the name', async () => {
    const statuses = []
    for (let count = 0; count < 13; count += 1) {
      // Of three letters each spelling once, and five twice.
      const name = [...'you'].map((letter, bit) =>
        count & (1 << bit) ? letter.toUpperCase() : letter,
      )
      const headers = { 'x-forwarded-for': `198.51.100.${count}` }
      const as = { name: name.join(''), secret: 'guess' }
      statuses.push((await registry.request('/token', { as, headers })).status)
    }
    expect(statuses.at(-1)).toBe(429)
  })

  test('a proxy that is not trusted cannot say where somebody comes from', async () => {
    await using open = await startRegistry({})
    const statuses: number[] = []
    for (let count = 0; count < 8; count += 1) {
      const headers = { 'x-forwarded-for': `198.51.100.${count}` }
      const as = { name: `guess${count}`, secret: 'guess' }
      statuses.push((await open.request('/token', { as, headers })).status)
    }
    expect(statuses).toContain(429)
    const [line = ''] = await open.cli('audit', 'list', '--event', 'login')
    expect(line).toContain('  127.0.0.1  ')
  })

  test('the audit has the failures, in one line each, whatever the name', async () => {
    const lines = await registry.cli('audit', 'list', '--event', 'login')
    expect(lines.every((line) => /^\d{4}-.*(wrong|over)$/.test(line))).toBe(true)
    expect(lines.join('')).not.toContain('\u001b')
  })

  test('no secret is in the log', () => {
    const log = registry.log()
    for (const secret of [ci.secret, registry.owner.secret, wrong, basic(ci), 'fbrr_', 'eyJ']) {
      expect(log).not.toContain(secret)
    }
  })
})
