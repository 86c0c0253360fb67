// Logging in and out, by password and with an identity provider (oidc-provider), and what a session is.
import { settableClock } from '@fuchsbau/shared/clock.ts'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type FakeIssuer, startFakeIssuer } from '../../../test/support/fake-issuer.ts'
import { type Scene, startScene } from '../bouncer.fixture.ts'
import { type Answer, type Browser, browse, servePages, URL_OF_PAGES } from './browse.fixture.ts'
import type { WebDeps } from './visit.ts'

const DAY_MS = 86_400_000
const COOKIE = 'fuchsbau-bouncer'

interface Den {
  scene: Scene
  clock: ReturnType<typeof settableClock>
  browser: Browser
  /** Another one, at the same pages. */
  another(): Browser
  /** Pages that know nothing of before, on the same data. */
  restarted(): Browser
}

async function den(changes: Partial<WebDeps> = {}): Promise<Den> {
  const clock = settableClock(Date.now())
  const scene = await startScene({ clock, isConnected: false })
  onTestFinished(() => scene[Symbol.asyncDispose]())
  const app = servePages(scene.bouncer, changes)
  const url = changes.url ?? URL_OF_PAGES
  return {
    scene,
    clock,
    browser: browse(app, url),
    another: () => browse(app, url),
    restarted: () => browse(servePages(scene.bouncer, changes), url),
  }
}

const setCookie = ({ headers }: Answer) => [headers['set-cookie'] ?? []].flat().join('\n')

describe('a session', () => {
  test('has a cookie that scripts and other sites do not get', async () => {
    const { browser, scene } = await den()
    const answer = await browser.post('/login', { user: 'YOU', password: 'secret' })
    expect(answer.location).toBe('/')
    expect(setCookie(answer)).toMatch(
      /^fuchsbau-bouncer=[\w-]{43}; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Lax$/,
    )
    const [kept] = scene.store.sessions.list(scene.user.record.id)
    expect(kept?.hash).toMatch(/^[0-9a-f]{64}$/)
    expect(kept?.hash).not.toContain(browser.cookies.get(COOKIE))
  })

  test('on HTTPS is Secure and bound to the host (RFC 6265bis, 4.1.3.2)', async () => {
    const { browser } = await den({ url: 'https://irc.example/bouncer' })
    const answer = await browser.post('/login', { user: 'you', password: 'secret' })
    expect(setCookie(answer)).toMatch(/^__Host-fuchsbau-bouncer=[\w-]{43}; Path=\/; .*; Secure$/)
    expect(answer.location).toBe('/bouncer/')
    expect((await browser.get('/settings')).status).toBe(200)
  })

  test('gets a new token at each login, and the one before ends', async () => {
    const { browser, another } = await den()
    await browser.logIn('you')
    const before = browser.cookies.get(COOKIE) ?? ''
    await browser.logIn('you')
    expect(browser.cookies.get(COOKIE)).not.toBe(before)
    const thief = another()
    thief.cookies.set(COOKIE, before)
    expect((await thief.get('/')).status).toBe(303)
  })

  test('survives a restart, ends after a week unused, and after a month in any case', async () => {
    const { browser, restarted, clock } = await den()
    await browser.logIn('you')
    const later = restarted()
    for (const [name, value] of browser.cookies) later.cookies.set(name, value)
    for (let day = 0; day < 29; day += 1) {
      clock.set(clock.now() + DAY_MS)
      expect((await later.get('/clients')).status, `day ${day}`).toBe(200)
    }
    clock.set(clock.now() + 2 * DAY_MS)
    expect((await later.get('/clients')).status).toBe(303)
    await browser.logIn('you')
    clock.set(clock.now() + 7 * DAY_MS + 1)
    expect((await browser.get('/clients')).status).toBe(303)
  })

  test('ends with the log-out, and others of hers with a new password', async () => {
    const { browser, another } = await den()
    await browser.logIn('you')
    const other = another()
    await other.logIn('you')
    const password = 'a longer secret'
    const fields = { current: 'secret', password, repeated: password }
    expect((await browser.post('/settings/password', { ...fields, current: 'x' })).status).toBe(422)
    expect((await browser.post('/settings/password', { ...fields, repeated: 'x' })).status).toBe(
      422,
    )
    expect((await other.get('/')).status).toBe(200)
    expect((await browser.post('/settings/password', fields)).location).toBe('/settings?m=password')
    expect((await other.get('/')).status).toBe(303)
    expect((await browser.get('/')).status).toBe(200)
    expect((await browser.post('/logout')).location).toBe('/login?m=out')
    expect(browser.cookies.size).toBe(0)
    expect((await browser.logIn('you')).status).toBe(401)
    expect((await browser.logIn('you', password)).status).toBe(303)
  })
})

describe('by password', () => {
  test('leads on to the page that was asked for, and never to another site', async () => {
    const { another } = await den()
    for (const [next, location] of [
      ['/search?q=fox', '/search?q=fox'],
      ['//evil.example/', '/'],
      ['/\\evil.example', '/'],
      ['https://evil.example/', '/'],
      ['', '/'],
    ] as const) {
      const answer = await another().post('/login', { user: 'you', password: 'secret', next })
      expect(answer.location, next).toBe(location)
    }
  })

  test('is slowed, and told in the audit with what browser it was', async () => {
    const { browser, scene } = await den()
    const wrong = { user: 'you', password: '<wrong>' }
    const answers = []
    for (let attempt = 0; attempt < 8; attempt += 1) {
      answers.push(await browser.post('/login', wrong, { 'user-agent': 'Owl/1' }))
    }
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(401))
    expect(answers[0]?.body).toContain('User name and password do not fit')
    expect(answers.at(-1)?.body).toMatch(/Too many attempts: try again in \d+ s/)
    expect(answers.some(({ body }) => body.includes('wrong&gt;'))).toBe(false)
    const [told] = scene.store.audit.list(1)
    expect(told).toMatchObject({
      account: 'you',
      method: 'web',
      client: 'Owl/1',
      outcome: 'refused',
    })
  })

  test('is for the own password: those of programs do not log in here, or change it', async () => {
    const { browser, another, scene } = await den()
    await browser.logIn('you')
    const made = await browser.post('/passwords', { label: 'irssi' })
    const app = /fbirc_[a-z2-9]{32}/.exec(made.body)?.[0] ?? ''
    const answer = await another().post('/login', { user: 'you', password: app })
    expect(answer.status).toBe(401)
    expect(answer.body).toContain('App passwords are for programs')
    const password = 'a longer secret'
    const fields = { current: app, password, repeated: password }
    expect((await browser.post('/settings/password', fields)).status).toBe(422)
    const client = await scene.client('irssi', undefined, { network: '', password: app })
    expect(client.isClosed).toBe(false)
  })

  test('is refused from the form of another site', async () => {
    const { browser } = await den()
    const fields = { user: 'you', password: 'secret' }
    const headers = { origin: 'https://evil.example' }
    expect((await browser.post('/login', fields, headers)).status).toBe(403)
    expect(browser.cookies.size).toBe(0)
  })
})

describe('with an identity provider', () => {
  async function withProvider(linkByUserName = false): Promise<Den & { provider: FakeIssuer }> {
    const provider = await startFakeIssuer({
      redirectUris: [`${URL_OF_PAGES}/login/oidc/back`],
      logoutUris: [`${URL_OF_PAGES}/login`],
    })
    onTestFinished(() => provider[Symbol.asyncDispose]())
    const { issuer, clientId, clientSecret } = provider
    const oidc = { issuer, clientId, clientSecret }
    return { ...(await den({ oidc, linkByUserName })), provider }
  }

  /** There and back, as a browser goes. */
  async function visit(browser: Browser, provider: FakeIssuer, next = ''): Promise<Answer> {
    const begun = await browser.get(`/login/oidc?next=${encodeURIComponent(next)}`)
    const back = await provider.browse(begun.location ?? '')
    return await browser.get(back.slice(URL_OF_PAGES.length))
  }

  test('asks for the password once, and then knows who it is', async () => {
    const { browser, another, provider, scene } = await withProvider()
    provider.person = { subject: 'abc', username: 'you' }
    expect((await browser.get('/login')).body).toContain('/login/oidc')
    expect((await visit(browser, provider, '/clients')).location).toBe('/login/link')
    expect((await browser.get('/login/link')).body).toContain('<strong>you</strong>')
    expect((await browser.get('/clients')).status).toBe(303)
    const wrong = await browser.post('/login/link', { user: 'you', password: 'wrong' })
    expect(wrong.status).toBe(401)
    const linked = await browser.post('/login/link', { user: 'you', password: 'secret' })
    expect(linked.location).toBe('/clients?m=linked')
    expect((await browser.get('/clients?m=linked')).body).toContain('Linked: you can log in with')
    expect(scene.user.record.subject).toBe(`${provider.issuer} abc`)
    const later = another()
    provider.person = { subject: 'abc', username: 'renamed' }
    expect((await visit(later, provider, '/clients')).location).toBe('/clients')
    expect((await later.get('/clients')).status).toBe(200)
  })

  test("a user name that somebody chose there opens nobody's account here", async () => {
    const { browser, provider, scene } = await withProvider()
    provider.person = { subject: 'evil', username: 'you' }
    expect((await visit(browser, provider)).location).toBe('/login/link')
    expect((await browser.get('/')).status).toBe(303)
    expect(scene.user.record.subject).toBe('')
  })

  test('the user name counts where the operator says so, for who is not linked yet', async () => {
    const { browser, another, provider, scene } = await withProvider(true)
    provider.person = { subject: 'abc', username: 'you' }
    expect((await visit(browser, provider)).location).toBe('/')
    expect(scene.user.record.subject).toBe(`${provider.issuer} abc`)
    provider.person = { subject: 'evil', username: 'you' }
    const other = another()
    expect((await visit(other, provider)).location).toBe('/login/link')
    const answer = await other.post('/login/link', { user: 'you', password: 'secret' })
    expect(answer.body).toContain('linked to another identity')
  })

  test('an answer that another browser began, or that comes twice, is refused', async () => {
    const { browser, another, provider } = await withProvider(true)
    provider.person = { subject: 'abc', username: 'you' }
    const begun = await browser.get('/login/oidc')
    const back = (await provider.browse(begun.location ?? '')).slice(URL_OF_PAGES.length)
    expect((await another().get(back)).status).toBe(401)
    expect((await browser.get(back)).status).toBe(303)
    expect((await browser.get(back)).status).toBe(401)
  })

  test('says why who is linked does not get in: slowed, or disabled', async () => {
    const { browser, another, provider, scene, clock } = await withProvider(true)
    provider.person = { subject: 'abc', username: 'you' }
    expect((await visit(browser, provider)).location).toBe('/')
    const wrong = { user: 'nobody', password: 'wrong' }
    for (let attempt = 0; attempt < 5; attempt += 1) await another().post('/login', wrong)
    const slowed = await visit(another(), provider)
    expect(slowed.status).toBe(401)
    expect(slowed.body).toContain('Too many attempts: try again in 1 s.')
    clock.advance(1_000)
    scene.user.record = { ...scene.user.record, isEnabled: false }
    scene.store.users.put(scene.user.record)
    const disabled = await visit(another(), provider)
    expect(disabled.status).toBe(401)
    expect(disabled.body).toContain('This account is disabled.')
  })

  test('the log-out is one there, too; while the provider is away the password still works', async () => {
    const { browser, provider } = await withProvider(true)
    provider.person = { subject: 'abc', username: 'you' }
    await visit(browser, provider)
    await browser.get('/settings')
    const out = await browser.post('/logout')
    const there = new URL(out.location ?? '')
    expect(there.origin).toBe(provider.issuer)
    expect(there.searchParams.get('post_logout_redirect_uri')).toBe(`${URL_OF_PAGES}/login`)
    expect(String(out.headers['content-security-policy'] ?? '')).toBe('')
    const page = await browser.get('/login')
    expect(page.headers['content-security-policy']).toContain(
      `form-action 'self' ${provider.issuer}`,
    )
    await provider.stop()
    const away = await (await withAway(provider)).get('/login/oidc')
    expect(away.status).toBe(503)
    expect(away.body).toContain('cannot be reached')
    expect((await browser.logIn('you')).status).toBe(303)
  })

  async function withAway({ issuer, clientId, clientSecret }: FakeIssuer): Promise<Browser> {
    return (await den({ oidc: { issuer, clientId, clientSecret } })).browser
  }

  test('without one there is no such login', async () => {
    const { browser } = await den()
    expect((await browser.get('/login')).body).not.toContain('oidc')
    expect((await browser.get('/login/oidc')).status).toBe(404)
  })
})
