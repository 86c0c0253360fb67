import { USUAL_CLAIMS } from '@fuchsbau/shared/login/claims.ts'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { type FakeIssuer, startFakeIssuer } from '../../../test/support/fake-issuer.ts'
import { type Browser, browse } from './browse.fixture.ts'
import { makeSample } from './sample.fixture.ts'
import { elementsOf } from './tree.fixture.ts'

const own = (page: string) => `/reynard/admin${page}`
const alertOf = (page: string) =>
  elementsOf(page).find(({ attributes }) => attributes.role === 'alert')?.text

let browser: Browser

beforeEach(() => {
  browser = browse()
})

describe('signing in', () => {
  test('sets a cookie that scripts and other sites do not get, and goes home', async () => {
    const { status, headers } = await browser.post('/login', {
      user: ' Reynard',
      password: 'geheim',
    })
    expect({ status, location: headers.location }).toEqual({ status: 303, location: own('') })
    expect(String(headers['set-cookie'])).toMatch(
      /^fuchsbau=[\w-]{43}; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Lax$/,
    )
    expect((await browser.get(own(''))).status).toBe(200)
  })

  test('on HTTPS the cookie is Secure and bound to the host (RFC 6265bis, __Host-)', async () => {
    const den = browse('https://den.example/social')
    const { headers } = await den.post('/login', { user: 'reynard', password: 'geheim' })
    expect(String(headers['set-cookie'])).toMatch(
      /^__Host-fuchsbau=[\w-]{43}; Path=\/; .*; Secure$/,
    )
    expect(headers.location).toBe('/social/reynard/admin')
  })

  test('with a wrong password says what to do, and keeps the name', async () => {
    const { status, headers, body } = await browser.post('/login', {
      user: 'reynard"',
      password: 'x',
    })
    expect(status).toBe(401)
    expect(headers['set-cookie']).toBeUndefined()
    expect(alertOf(body)).toBe('User name and password do not fit. Look at both and try again.')
    expect(
      elementsOf(body).find(({ attributes }) => attributes.id === 'user')?.attributes.value,
    ).toBe('reynard"')
  })

  test('leads on to the page that was asked for', async () => {
    const asked = await browser.get(own('/people?list=followers'))
    expect(asked.status).toBe(303)
    const login = await browser.get(asked.headers.location ?? '')
    const next =
      elementsOf(login.body).find(({ attributes }) => attributes.name === 'next')?.attributes
        .value ?? ''
    const { headers } = await browser.post('/login', { user: 'reynard', password: 'geheim', next })
    expect(headers.location).toBe(own('/people?list=followers'))
  })

  test.each([
    'https://evil.example/',
    '//evil.example',
    '/other/admin',
    '/reynard/admin/../../x',
    '/reynard/adminx',
    '/reynard/admin\r\nx: y',
  ])('never leads on to %j', async (next) => {
    const { headers } = await browser.post('/login', { user: 'reynard', password: 'geheim', next })
    expect(headers.location).toBe(own(''))
  })

  test('is slowed down after five wrong passwords, and says for how long', async () => {
    for (let attempt = 0; attempt < 5; attempt += 1)
      await browser.post('/login', { user: 'reynard', password: 'x' })
    const { status, headers, body } = await browser.post('/login', {
      user: 'reynard',
      password: 'geheim',
    })
    expect({ status, after: headers['retry-after'] }).toEqual({ status: 429, after: '1' })
    expect(alertOf(body)).toBe('Too many attempts. Try again in 1 second.')
  })

  test('is refused to a form of another site', async () => {
    const { status } = await browser.post(
      '/login',
      { user: 'reynard', password: 'geheim' },
      { origin: 'https://evil.example' },
    )
    expect(status).toBe(403)
    expect(browser.cookie).toBe('')
  })

  test('again is not needed: the page leads home', async () => {
    await browser.signIn()
    expect((await browser.get('/login')).headers.location).toBe(own(''))
  })
})

describe('signing out', () => {
  test('ends the session on the server and in the browser', async () => {
    const csrf = await browser.signIn()
    const { cookie } = browser
    const { status, headers } = await browser.post('/logout', { csrf })
    expect({ status, location: headers.location }).toEqual({
      status: 303,
      location: '/login?m=out',
    })
    expect(headers['set-cookie']).toContain('Max-Age=0')
    browser.cookie = cookie
    expect((await browser.get(own(''))).status).toBe(303)
  })

  test('needs the token', async () => {
    await browser.signIn()
    expect((await browser.post('/logout', { csrf: 'x' })).status).toBe(403)
    expect((await browser.get(own(''))).status).toBe(200)
  })
})

describe('with an identity provider', () => {
  const BASE = 'http://localhost:3000'

  async function withProvider(linkByUserName = false) {
    const fake = await startFakeIssuer({ redirectUris: [`${BASE}/login/oidc/back`] })
    onTestFinished(() => fake[Symbol.asyncDispose]())
    const { issuer, clientId, clientSecret } = fake
    const provider = { issuer, clientId, clientSecret, scopes: ['profile'], claims: USUAL_CLAIMS }
    const { links } = makeSample().deps
    const open = () => browse(BASE, {}, { provider, linkByUserName, links })
    return { open, fake }
  }

  /** There and back, as a browser goes. */
  async function visit(browser: Browser, fake: FakeIssuer, next = '') {
    const begun = await browser.get(`/login/oidc?next=${encodeURIComponent(next)}`)
    const back = await fake.browse(begun.headers.location ?? '')
    return await browser.get(back.slice(BASE.length))
  }

  test('asks for the password once, and then knows who it is', async () => {
    const { open, fake } = await withProvider()
    const first = open()
    fake.person = { subject: 'abc', username: 'reynard' }
    expect((await first.get('/login')).body).toContain('href="/login/oidc"')
    expect((await visit(first, fake, own('/people'))).headers.location).toBe('/login/link')
    expect((await first.get('/login/link')).body).toContain('<strong>reynard</strong>')
    expect((await first.get(own(''))).status).toBe(303)
    const wrong = await first.post('/login/link', { user: 'reynard', password: 'x' })
    expect(wrong.status).toBe(401)
    const linked = await first.post('/login/link', { user: 'reynard', password: 'geheim' })
    expect(linked.headers.location).toBe(own('/people'))
    expect((await first.get(own(''))).status).toBe(200)
    const later = open()
    fake.person = { subject: 'abc', username: 'renamed' }
    expect((await visit(later, fake)).headers.location).toBe(own(''))
    expect((await later.get(own(''))).status).toBe(200)
  })

  test('a user name that somebody chose there opens no account, unless the operator says so', async () => {
    const strict = await withProvider()
    strict.fake.person = { subject: 'evil', username: 'reynard' }
    const stranger = strict.open()
    expect((await visit(stranger, strict.fake)).headers.location).toBe('/login/link')
    expect((await stranger.get(own(''))).status).toBe(303)
    const trusting = await withProvider(true)
    trusting.fake.person = { subject: 'abc', username: 'Reynard' }
    const herself = trusting.open()
    expect((await visit(herself, trusting.fake)).headers.location).toBe(own(''))
    trusting.fake.person = { subject: 'evil', username: 'reynard' }
    const other = trusting.open()
    expect((await visit(other, trusting.fake)).headers.location).toBe('/login/link')
    const refused = await other.post('/login/link', { user: 'reynard', password: 'geheim' })
    expect({ status: refused.status, problem: alertOf(refused.body) }).toEqual({
      status: 409,
      problem: 'Linked to another.',
    })
  })

  test('an answer that another browser began, or that comes twice, is refused', async () => {
    const { open, fake } = await withProvider(true)
    fake.person = { subject: 'abc', username: 'reynard' }
    const browser = open()
    const begun = await browser.get('/login/oidc')
    const back = (await fake.browse(begun.headers.location ?? '')).slice(BASE.length)
    expect((await open().get(back)).status).toBe(401)
    expect((await browser.get(back)).status).toBe(303)
    expect((await browser.get(back)).status).toBe(401)
  })

  test('while it is away the password still works; without one there is no such login', async () => {
    const { open, fake } = await withProvider()
    await fake.stop()
    const away = open()
    const { status, body } = await away.get('/login/oidc')
    expect(status).toBe(503)
    expect(alertOf(body)).toContain('cannot be reached')
    const fields = { user: 'reynard', password: 'geheim' }
    expect((await away.post('/login', fields)).status).toBe(303)
    expect((await browser.get('/login')).body).not.toContain('oidc')
    expect((await browser.get('/login/oidc')).status).toBe(404)
  })
})
