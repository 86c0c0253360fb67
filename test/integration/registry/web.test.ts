// The pages of the registry in the real process: logging in by password and with an identity provider, access tokens, and
// what must not work.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CookieBrowser, cookieBrowser } from '../../support/cookie-browser.ts'
import { freePorts } from '../../support/daemon.ts'
import { type FakeIssuer, startFakeIssuer } from '../../support/fake-issuer.ts'
import { digestOf, MANIFEST, pushBlob, pushManifest } from '../../support/registry-image.ts'
import {
  basic,
  type Login,
  person,
  type RegistryProcess,
  startRegistry,
} from '../../support/registry-process.ts'
import { PASSWORD } from '../../support/service-process.ts'

let registry: RegistryProcess
beforeAll(async () => {
  registry = await startRegistry({ seed: (store) => store.people.add(person('ann')) })
})
afterAll(() => registry?.[Symbol.asyncDispose]())

async function owner(): Promise<CookieBrowser> {
  const browser = cookieBrowser(registry.url)
  const answer = await browser.post('/login', { user: 'you', password: PASSWORD })
  expect(answer.location).toBe(`${registry.url}/`)
  await browser.get('/tokens')
  return browser
}

const secretIn = (body: string) => /fbr_\w{36}/.exec(body)?.[0] ?? ''
/** Pushes an image whose configuration holds this label. */
async function pushLabelled(as: NonNullable<Login>, repository: string, label: string) {
  const config = JSON.stringify({
    os: 'linux',
    architecture: 'arm64',
    config: { Labels: { label } },
  })
  await pushBlob(registry, as, repository, Buffer.from(config))
  const mediaType = 'application/vnd.oci.image.config.v1+json'
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: { mediaType, digest: digestOf(config), size: config.length },
    layers: [],
  })
  expect((await pushManifest(registry, as, repository, 'v1', manifest)).status).toBe(201)
}

test('a page leads to the login, and the login back to the page', async () => {
  const browser = cookieBrowser(registry.url)
  expect((await browser.get('/tokens')).location).toBe(`${registry.url}/login?next=%2Ftokens`)
  const fields = { user: 'you', password: PASSWORD, next: '/tokens' }
  expect((await browser.post('/login', fields)).location).toBe(`${registry.url}/tokens`)
})

test.each([
  '//evil.test/',
  '/\\evil.test',
  '/\t/evil.test/',
  '/\n/evil.test/',
  'https://evil.test/',
  'javascript:alert(1)',
])('the login does not lead to %j', async (next) => {
  const browser = cookieBrowser(registry.url)
  const fields = { user: 'you', password: PASSWORD, next }
  expect((await browser.post('/login', fields)).location).toBe(`${registry.url}/`)
})

test('a wrong password, a person of the provider and a token open no page', async () => {
  const secret = (await registry.cli('token', 'create', 'ann'))[0] ?? ''
  for (const fields of [
    { user: 'you', password: 'wrong' },
    { user: 'ann', password: '' },
    { user: 'ann', password: secret },
  ]) {
    const browser = cookieBrowser(registry.url)
    expect((await browser.post('/login', fields)).status).toBe(401)
    expect((await browser.get('/tokens')).location).toContain('/login')
  }
})

test('a token is shown once, does what it is for, and ends when it is revoked', async () => {
  const browser = await owner()
  const fields = { label: 'laptop', repositories: 'you/**', action: 'push', days: '7' }
  const made = await browser.post('/tokens', fields)
  const secret = secretIn(made.body)
  expect(secret).not.toBe('')
  const page = await browser.get('/tokens')
  expect(page.body).toContain('laptop')
  expect(page.body).not.toContain(secret)
  const login = { name: 'you', secret }
  const status = async (path: string) =>
    (await registry.request(path, { method: 'POST', as: login })).status
  expect(await status('/v2/you/app/blobs/uploads/')).toBe(202)
  expect(await status('/v2/others/app/blobs/uploads/')).toBe(403)
  const id = /tokens\/(\d+)\/revoke/.exec(page.body)?.[1]
  expect((await browser.post(`/tokens/${id}/revoke`)).location).toContain('m=revoked')
  expect(await status('/v2/you/app/blobs/uploads/')).toBe(401)
  expect(registry.log()).not.toContain(secret)
})

test('what is wrong with a token is said, and what was entered is still there', async () => {
  const browser = await owner()
  const wrong = { label: 'ci "x"', repositories: 'A/**', action: 'push', days: '7' }
  const answer = await browser.post('/tokens', { ...wrong, days: '9999' })
  expect(answer.status).toBe(422)
  expect(answer.body).toContain('A token lasts 365 days at most.')
  expect(answer.body).toContain('value="ci &quot;x&quot;"')
})

test('tokens of others are not there', async () => {
  await registry.cli('token', 'create', 'ann', '--label', 'of ann')
  const list = await registry.cli('token', 'list', 'ann')
  const id = list.find((line) => line.includes('of ann'))?.split(' ')[0]
  const browser = await owner()
  expect((await browser.post(`/tokens/${id}/revoke`)).status).toBe(404)
  expect(await registry.cli('token', 'list', 'ann')).toEqual(list)
})

describe('forms of other sites', () => {
  test('are refused by their origin', async () => {
    const response = await fetch(`${registry.url}/login`, {
      method: 'POST',
      headers: { origin: 'https://evil.test' },
      body: new URLSearchParams({ user: 'you', password: PASSWORD }),
    })
    expect(response.status).toBe(403)
    expect(response.headers.get('set-cookie')).toBeNull()
  })

  test('are refused without the token of the session', async () => {
    const browser = await owner()
    const fields = { csrf: 'x', label: 'x', repositories: '**', action: 'push', days: '7' }
    expect((await browser.post('/tokens', fields)).status).toBe(403)
  })
})

test('a session is for pages: the registry itself does not know it', async () => {
  const response = await fetch(`${registry.url}/login`, {
    method: 'POST',
    headers: { origin: registry.url },
    body: new URLSearchParams({ user: 'you', password: PASSWORD }),
    redirect: 'manual',
  })
  const cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? ''
  expect(cookie).not.toBe('')
  expect((await fetch(`${registry.url}/v2/`, { headers: { cookie } })).status).toBe(401)
  expect(response.headers.getSetCookie()[0]).toMatch(/HttpOnly; SameSite=Lax/)
})

test('what an image says of itself is text, whatever it is', async () => {
  await pushLabelled(registry.owner, 'you/evil', '<script>alert(1)</script>')
  const browser = await owner()
  expect((await browser.get('/')).body).toContain('you/evil')
  const { body } = await browser.get('/repositories/you/evil/tags/v1')
  expect(body).toContain('&lt;script&gt;alert(1)')
  expect(body).not.toContain('<script')
  expect(body).toContain('linux/arm64')
  expect(body).toContain('Not signed.')
})

test.each([
  '/repositories/',
  '/repositories/A',
  '/repositories/nothing/here',
  '/repositories/you/evil/tags/none',
  '/repositories/you/evil/digests/sha256:0',
  '/repositories/..%2f..%2fx',
  '/nowhere',
])('%s is not there', async (path) => {
  expect((await (await owner()).get(path)).status).toBe(404)
})

test('a session survives kill -9, and ends with the logout', async () => {
  const browser = await owner()
  await registry.kill()
  await registry.start()
  expect((await browser.get('/account')).body).toContain('This browser')
  expect((await browser.post('/logout')).location).toBe(`${registry.url}/login?m=out`)
  expect((await browser.get('/account')).location).toContain('/login')
})

describe('with an identity provider', () => {
  let issuer: FakeIssuer
  let own: RegistryProcess
  let url: string
  beforeAll(async () => {
    const [port = 0] = await freePorts(1)
    url = `http://127.0.0.1:${port}`
    issuer = await startFakeIssuer({
      redirectUris: [`${url}/login/oidc/back`],
      logoutUris: [`${url}/login?m=out`],
    })
    own = await startRegistry({
      seed: (store) => store.people.add(person('taken')),
      env: {
        FUCHSBAU_REGISTRY_LISTEN: `127.0.0.1:${port}`,
        FUCHSBAU_REGISTRY_URL: url,
        FUCHSBAU_OIDC_ISSUER: issuer.issuer,
        FUCHSBAU_OIDC_CLIENT_ID: issuer.clientId,
        FUCHSBAU_OIDC_CLIENT_SECRET: issuer.clientSecret,
      },
    })
  })
  afterAll(async () => {
    await own?.[Symbol.asyncDispose]()
    await issuer?.[Symbol.asyncDispose]()
  })

  async function visit(browser: CookieBrowser) {
    const begun = await browser.get('/login/oidc')
    return await browser.get(await issuer.browse(begun.location))
  }

  test('who comes for the first time is somebody here, with her groups of now', async () => {
    issuer.person = { subject: 's1', username: 'Vixen', groups: ['admins'] }
    const browser = cookieBrowser(url)
    expect((await visit(browser)).location).toBe(`${url}/`)
    expect((await browser.get('/account')).body).toMatch(/vixen[\s\S]*admins/)
    expect(await own.cli('policy', 'explain', 'vixen', 'admin')).toContain('vixen may admin.')
    expect((await browser.get('/admin/people')).status).toBe(200)
    issuer.person = { subject: 's1', username: 'renamed', groups: [] }
    await visit(browser)
    expect((await browser.get('/account')).body).toContain('vixen')
    expect(await own.cli('policy', 'explain', 'vixen', 'admin')).toContain('vixen may not admin.')
    expect((await browser.get('/admin/people')).status).toBe(404)
  })

  test('a name that is somebody else’s is not given away', async () => {
    issuer.person = { subject: 's2', username: 'taken', groups: [] }
    const answer = await visit(cookieBrowser(url))
    expect(answer.status).toBe(401)
    expect(answer.body).toContain('The name taken belongs to somebody else here.')
  })

  test('who is disabled does not get in, and is out at once', async () => {
    issuer.person = { subject: 's3', username: 'hare', groups: [] }
    const browser = cookieBrowser(url)
    await visit(browser)
    await own.cli('person', 'disable', 'hare')
    expect((await browser.get('/tokens')).location).toContain('/login')
    expect((await visit(browser)).body).toContain('This account is disabled.')
  })

  test('an answer of the provider is for the browser that asked, and for once', async () => {
    issuer.person = { subject: 's1', username: 'vixen', groups: [] }
    const browser = cookieBrowser(url)
    const begun = await browser.get('/login/oidc')
    const back = await issuer.browse(begun.location)
    expect((await cookieBrowser(url).get(back)).status).toBe(401)
    expect((await browser.get(back)).status).toBe(303)
    expect((await browser.get(back)).status).toBe(401)
    expect(own.log()).not.toContain(new URL(back).searchParams.get('code'))
  })

  test('the logout goes there, too', async () => {
    const browser = cookieBrowser(url)
    await visit(browser)
    await browser.get('/account')
    expect((await browser.post('/logout')).location).toContain(`${issuer.issuer}/session/end`)
  })

  test('while the provider is away the owner gets in by password, and pulls go on', async () => {
    await issuer.stop()
    await own.kill()
    await own.start()
    const browser = cookieBrowser(url)
    const begun = await browser.get('/login/oidc')
    expect(begun.status).toBe(503)
    expect(begun.body).toContain('The identity provider cannot be reached.')
    const fields = { user: 'you', password: PASSWORD }
    expect((await browser.post('/login', fields)).location).toBe(`${url}/`)
    const headers = { authorization: basic(own.owner) }
    expect((await fetch(`${url}/v2/`, { headers })).status).toBe(200)
    await issuer.start()
  })
})
