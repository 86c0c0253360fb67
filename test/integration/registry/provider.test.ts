// What the identity provider says of people after their login, in the real process: they lose groups, are removed, come back,
// log out there; and the provider is down.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CookieBrowser, cookieBrowser } from '../../support/cookie-browser.ts'
import { freePorts } from '../../support/daemon.ts'
import { type Cookies, type FakeIssuer, startFakeIssuer } from '../../support/fake-issuer.ts'
import { pushImage } from '../../support/registry-image.ts'
import {
  type RegistryProcess,
  type RegistryProcessOptions,
  startRegistry,
} from '../../support/registry-process.ts'
import { waitFor } from '../../support/wait-for.ts'

const POLICY = `rules:
  - {who: owner, repositories: "**", allow: [pull, push, overwrite, delete, catalog]}
  - {who: people, repositories: public/**, allow: pull}
  - {who: "group:den", repositories: den/**, allow: [pull, push, overwrite]}
`

let issuer: FakeIssuer
let registry: RegistryProcess
let url: string

async function start(options: RegistryProcessOptions = {}): Promise<void> {
  const [port = 0] = await freePorts(1)
  url = `http://127.0.0.1:${port}`
  issuer = await startFakeIssuer({
    redirectUris: [`${url}/login/oidc/back`],
    logoutUris: [`${url}/login?m=out`],
    backchannelUri: `${url}/login/oidc/logged-out`,
    isOffline: true,
  })
  registry = await startRegistry({
    policy: POLICY,
    port,
    env: {
      FUCHSBAU_OIDC_ISSUER: issuer.issuer,
      FUCHSBAU_OIDC_CLIENT_ID: issuer.clientId,
      FUCHSBAU_OIDC_CLIENT_SECRET: issuer.clientSecret,
      ...options.env,
    },
  })
  await pushImage(registry, registry.owner, 'public/app', 'v1')
}

async function end(): Promise<void> {
  await registry?.[Symbol.asyncDispose]()
  await issuer?.[Symbol.asyncDispose]()
}

interface LoggedIn {
  browser: CookieBrowser
  /** Of the browser, for the provider. */
  cookies: Cookies
  login: { name: string; secret: string }
}

/** Logs in with a browser; makes an access token the first time. */
async function logIn(subject: string, groups: string[], made?: LoggedIn): Promise<LoggedIn> {
  issuer.person = { subject, username: subject, groups }
  const [browser, cookies]: [CookieBrowser, Cookies] = [cookieBrowser(url), new Map()]
  // It may have been down a moment ago.
  const to = await waitFor(async () => (await browser.get('/login/oidc')).location, {
    what: 'the provider',
  })
  const back = await browser.get(await issuer.browse(to, cookies))
  expect(back.location).toBe(`${url}/`)
  if (made) return { ...made, browser, cookies }
  const [secret = ''] = await registry.cli('token', 'create', subject, '--allow', 'pull,push')
  return { browser, cookies, login: { name: subject, secret } }
}

const statusOf = async (path: string, as: LoggedIn['login'] | string, method = 'GET') =>
  (await registry.request(path, { method, as })).status
const push = (as: LoggedIn['login'] | string) => statusOf('/v2/den/app/blobs/uploads/', as, 'POST')
const isIn = async ({ browser }: LoggedIn) => (await browser.get('/account')).status === 200
const until = (what: string, check: () => Promise<boolean>) => waitFor(check, { what })
const audit = async (event: string) =>
  (await registry.cli('audit', 'list', '--event', event)).join('\n')

describe('asked about again within a second', () => {
  beforeAll(() => start({ env: { FUCHSBAU_REGISTRY_RECHECK: '1s' } }))
  afterAll(end)

  test('who loses a group loses what it allowed: by her token, and by the short one that she has', async () => {
    const vixen = await logIn('vixen', ['den'])
    expect(await push(vixen.login)).toBe(202)
    const short = await registry.token(vixen.login, 'repository:den/app:pull,push')
    expect(await push(short)).toBe(202)
    issuer.person.groups = []
    await until('a refused push', async () => (await push(vixen.login)) === 403)
    expect(await push(short)).toBe(403)
    expect((await vixen.browser.get('/account')).body).toContain('<dd>none</dd>')
    expect(await audit('groups')).toMatch(/person:vixen/)
    issuer.person.groups = ['den']
    await until('a push', async () => (await push(vixen.login)) === 202)
  })

  test('who is removed is out, with every token and session, until she logs in again', async () => {
    const hare = await logIn('hare', ['den'])
    const short = await registry.token(hare.login, 'repository:den/app:pull,push')
    expect(await isIn(hare)).toBe(true)
    issuer.remove('hare')
    await until('a refusal', async () => (await push(short)) === 401)
    const refused = await registry.request('/v2/', { as: hare.login })
    expect(refused.status).toBe(401)
    expect(await refused.text()).toContain('When she logs in')
    expect((await registry.askToken(hare.login)).status).toBe(401)
    expect((await hare.browser.get('/account')).location).toContain('/login?next=')
    expect(await audit('gone')).toMatch(/person:hare.*refused by the identity provider/)
    expect(await audit('login')).toMatch(/resting/)
    issuer.remove('hare', false)
    expect(await push(hare.login)).toBe(401)
    await logIn('hare', ['den'], hare)
    expect(await push(hare.login)).toBe(202)
    expect(await push(short)).toBe(202)
  })

  test('pulls go on while the provider is down, also when we start then', async () => {
    const badger = await logIn('badger', ['den'])
    const pull = () => statusOf('/v2/public/app/manifests/v1', badger.login)
    await issuer.stop()
    await until('a warning', async () => {
      expect(await pull()).toBe(200)
      return registry.log().includes('the last answer holds')
    })
    expect(await (await fetch(`${registry.management}/metrics`)).text()).toMatch(
      /fuchsbau_registry_rechecks_total\{outcome="failed"\} [1-9]/,
    )
    await registry.kill()
    await registry.start()
    expect(await pull()).toBe(200)
    expect(await push(badger.login)).toBe(202)
    await issuer.start()
  })

  test('after kill -9 she is asked about by the refresh token that was replaced last', async () => {
    const marten = await logIn('marten', ['den'])
    const renewals = () => issuer.requests.filter((path) => path === '/token').length
    const before = renewals()
    await until('two renewals', async () => {
      expect(await push(marten.login)).toBe(202)
      return renewals() >= before + 2
    })
    await registry.kill()
    await registry.start()
    issuer.person.groups = ['other']
    await until('a refused push', async () => (await push(marten.login)) === 403)
  })

  test('nothing that opens the provider stands in the log, and no refresh token in the database', async () => {
    expect(issuer.secrets.size).toBeGreaterThan(20)
    const log = registry.log()
    expect([...issuer.secrets].filter((secret) => log.includes(secret))).toEqual([])
    const files = readdirSync(registry.directory).filter((name) => name.startsWith('registry.db'))
    const bytes = files.map((name) => readFileSync(join(registry.directory, name), 'latin1')).join()
    // ID tokens are kept, for the logout there; they open nothing.
    const opaque = [...issuer.secrets].filter((secret) => !secret.includes('.'))
    expect(opaque.filter((secret) => bytes.includes(secret))).toEqual([])
  })
})

/** https://openid.net/specs/openid-connect-backchannel-1_0.html */
describe('a logout at the provider', () => {
  // Nothing but the logout makes us ask.
  beforeAll(() => start({ env: { FUCHSBAU_REGISTRY_RECHECK: '24h' } }))
  afterAll(end)

  const post = (body: string, type = 'application/x-www-form-urlencoded') =>
    fetch(`${url}/login/oidc/logged-out`, {
      method: 'POST',
      body,
      headers: { 'content-type': type },
    })

  /** Logs out at the provider alone, as from another client of it. */
  async function logOutThere({ cookies }: LoggedIn): Promise<void> {
    const query = new URLSearchParams({ client_id: issuer.clientId })
    await issuer.logOut(`${issuer.issuer}/session/end?${query}`, cookies)
  }

  test('ends that session here at once, and no other', async () => {
    const vixen = await logIn('vixen', ['den'])
    const elsewhere = await logIn('vixen', ['den'], vixen)
    const hare = await logIn('hare', [])
    await logOutThere(vixen)
    expect(await isIn(vixen)).toBe(false)
    expect(await isIn(elsewhere)).toBe(true)
    expect(await isIn(hare)).toBe(true)
    expect(await audit('logout')).toMatch(/person:vixen.*by the identity provider: 1 ended/)
    // She is there: her tokens are good.
    expect(await push(vixen.login)).toBe(202)
  })

  test('of who was removed there ends her tokens, too', async () => {
    const badger = await logIn('badger', ['den'])
    issuer.remove('badger')
    expect(await push(badger.login)).toBe(202)
    await logOutThere(badger)
    expect(await push(badger.login)).toBe(401)
    expect(await isIn(badger)).toBe(false)
  })

  test.each<[string, string, string?]>([
    ['nothing', ''],
    ['another field', 'token=x'],
    ['no token', 'logout_token=x.y.z'],
    ['JSON', '{"logout_token":"x"}', 'application/json'],
    ['two tokens', 'logout_token=x&logout_token=y'],
  ])('with %s is refused (2.8)', async (_, body, type) => {
    const response = await post(body, type)
    expect(response.status).toBe(400)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(await response.json()).toMatchObject({ error: 'invalid_request' })
  })

  test('that is too long is not read', async () => {
    expect((await post(`logout_token=${'x'.repeat(70_000)}`)).status).toBe(413)
  })

  test('that somebody else has signed ends nothing', async () => {
    const hare = await logIn('hare', [])
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const now = Math.floor(Date.now() / 1000)
    const claims = {
      ...{ iss: issuer.issuer, aud: issuer.clientId, sub: 'hare', jti: 'x' },
      ...{ iat: now, exp: now + 60 },
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    }
    const forged = `${part({ alg: 'none', typ: 'logout+jwt' })}.${part(claims)}.`
    expect((await post(`logout_token=${forged}`)).status).toBe(400)
    expect(await isIn(hare)).toBe(true)
  })
})
