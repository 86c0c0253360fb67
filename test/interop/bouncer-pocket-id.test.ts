// People log in to the bouncer with a real Pocket ID: in the pages, and on IRC with its access tokens; what happens when she is
// disabled there, when a token is not for us, and while it is away.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type BouncerProcess, startBouncer } from '../support/bouncer-process.ts'
import { type CookieBrowser, cookieBrowser } from '../support/cookie-browser.ts'
import { freePorts } from '../support/daemon.ts'
import { type FakeIrcServer, startFakeIrc } from '../support/fake-irc-server.ts'
import { connect } from '../support/irc-client.ts'
import { requirePeer } from '../support/peers.ts'
import {
  type PocketId,
  type PocketIdClient,
  type PocketIdSession,
  type PocketIdTokens,
  type PocketIdUser,
  startPocketId,
} from '../support/pocket-id.ts'
import { PASSWORD } from '../support/service-process.ts'
import { waitFor } from '../support/wait-for.ts'

describe.skipIf(!requirePeer('pocketId'))('the bouncer with Pocket ID', () => {
  let network: FakeIrcServer
  let pocketId: PocketId
  let client: PocketIdClient
  let bouncer: BouncerProcess
  let url: string
  let vixen: PocketIdUser
  let session: PocketIdSession
  const back = () => `${url}/login/oidc/back`

  beforeAll(async () => {
    network = await startFakeIrc()
    pocketId = await startPocketId()
    const [port = 0] = await freePorts(1)
    url = `http://localhost:${port}`
    const group = await pocketId.addGroup('irc')
    client = await pocketId.addClient({
      name: 'Bouncer',
      callbacks: [back()],
      logoutCallbacks: [`${url}/login`],
      groups: [group],
    })
    vixen = await pocketId.addUser('vixen', { groups: [group] })
    session = await pocketId.logIn(vixen)
    bouncer = await start()
  })
  afterAll(async () => {
    await bouncer?.[Symbol.asyncDispose]()
    await pocketId?.close()
    await network?.stop()
  })
  /** Failures of the test before are forgiven with a success. */
  beforeEach(async () => {
    const plain = { mechanism: 'PLAIN', account: 'reynard', password: PASSWORD } as const
    await using irc = await connect({ port: bouncer.port })
    expect((await irc.register({ nick: 'fox', sasl: plain })).account).toBe('reynard')
  })

  const start = (env: Record<string, string> = {}) =>
    startBouncer({
      people: ['vixen', 'reynard'].map((name) => ({ name, port: network.port })),
      env: {
        FUCHSBAU_BOUNCER_WEB_LISTEN: `127.0.0.1:${new URL(url).port}`,
        FUCHSBAU_BOUNCER_WEB_URL: url,
        FUCHSBAU_OIDC_ISSUER: pocketId.issuer,
        FUCHSBAU_OIDC_CLIENT_ID: client.id,
        FUCHSBAU_OIDC_CLIENT_SECRET: client.secret,
        ...env,
      },
    })

  /** The button, what Pocket ID's page does for who is logged in there, and back. */
  async function visit(browser: CookieBrowser, next = '') {
    const begun = await browser.get(`/login/oidc?next=${encodeURIComponent(next)}`)
    return await browser.get(await session.authorize(begun.location))
  }

  /** How SASL OAUTHBEARER ends, and what was said about the token in between (RFC 7628, 3.2.2). */
  async function bearer(token: string, account?: string) {
    await using irc = await connect({ port: bouncer.port })
    const sasl = { mechanism: 'OAUTHBEARER', token, ...(account && { account }) } as const
    const welcome = await irc.register({ nick: 'vixen', sasl }).catch(() => undefined)
    const numerics = irc.lines.filter(({ command }) => /^90\d$/.test(command))
    const said = irc.lines.find(
      ({ command, params: [text] }) => command === 'AUTHENTICATE' && text !== '+',
    )
    return {
      account: welcome?.account,
      network: welcome?.isupport.get('NETWORK'),
      numerics: numerics.map(({ command }) => command).join(' '),
      text: numerics.at(-1)?.params.at(-1),
      said: said && JSON.parse(Buffer.from(said.params[0] ?? '', 'base64').toString()),
    }
  }
  const configuration = () => `${pocketId.issuer}/.well-known/openid-configuration`
  const refused = () => ({
    account: undefined,
    network: undefined,
    numerics: '904',
    text: 'Wrong user name or password',
    said: { status: 'invalid_token', 'openid-configuration': configuration() },
  })

  describe('in the pages', () => {
    test("the button leads to Pocket ID's page, with PKCE, which the client requires", async () => {
      const browser = cookieBrowser(url)
      const page = await browser.get('/login')
      expect(page.body).toContain(`Log in with ${new URL(pocketId.issuer).host}`)
      const begun = await browser.get('/login/oidc')
      expect(begun.location.startsWith(`${pocketId.issuer}/authorize?`)).toBe(true)
      expect((await fetch(begun.location)).status).toBe(200)
      expect(new URL(begun.location).searchParams.get('code_challenge_method')).toBe('S256')
      const stolen = new URL(await session.authorize(begun.location)).searchParams.get('code') ?? ''
      const answer = await pocketId.token(client, {
        grant_type: 'authorization_code',
        code: stolen,
        redirect_uri: back(),
        code_verifier: 'x'.repeat(43),
      })
      expect(answer.status).toBe(400)
    })

    test('she proves once by her password who she is here; from then on she is straight in', async () => {
      const browser = cookieBrowser(url)
      expect((await visit(browser, '/clients')).location).toBe(`${url}/login/link`)
      expect((await browser.get('/login/link')).body).toContain('<strong>vixen</strong>')
      expect((await browser.get('/clients')).location).toContain('/login')
      const fields = { user: 'vixen', password: 'wrong' }
      expect((await browser.post('/login/link', fields)).status).toBe(401)
      const linked = await browser.post('/login/link', { user: 'vixen', password: PASSWORD })
      expect(linked.location).toBe(`${url}/clients?m=linked`)
      expect((await browser.get('/clients')).status).toBe(200)
      const later = cookieBrowser(url)
      expect((await visit(later, '/search?q=fox')).location).toBe(`${url}/search?q=fox`)
      expect((await later.get('/')).body).toContain('Log out vixen')
    })

    test('the log-out is one at Pocket ID too, and leads back', async () => {
      const browser = cookieBrowser(url)
      await visit(browser)
      await browser.get('/settings')
      const out = await browser.post('/logout')
      expect(out.location.startsWith(`${pocketId.issuer}/api/oidc/end-session?`)).toBe(true)
      expect((await browser.get('/settings')).location).toContain('/login')
      const there = await session.get(out.location)
      expect(there.status).toBe(302)
      expect(there.headers.get('location')).toBe(`${url}/login`)
      expect(there.headers.getSetCookie().join()).toMatch(/access_token=;/)
      session = await pocketId.logIn(vixen)
    })

    test('who is disabled there, or is in none of its groups, does not get in again', async () => {
      const groups = await pocketId.groupsOf(vixen)
      await pocketId.disable(vixen)
      await expect(visit(cookieBrowser(url))).rejects.toThrow('disabled')
      await pocketId.disable(vixen, false)
      await pocketId.setGroups(vixen, [])
      await expect(visit(cookieBrowser(url))).rejects.toThrow('403')
      await pocketId.setGroups(vixen, groups)
      expect((await visit(cookieBrowser(url))).location).toBe(`${url}/`)
    })

    test('a code of another login, or one that was used, opens nothing', async () => {
      const browser = cookieBrowser(url)
      const begun = await browser.get('/login/oidc')
      const address = await session.authorize(begun.location)
      expect((await cookieBrowser(url).get(address)).status).toBe(401)
      const other = new URL(address)
      other.searchParams.set('iss', 'https://evil.example')
      expect((await browser.get(other.href)).status).toBe(401)
      expect((await browser.get(address)).status).toBe(401)
      const good = new URL(await session.authorize((await browser.get('/login/oidc')).location))
      expect((await browser.get(good.href)).location).toBe(`${url}/`)
      expect((await browser.get(good.href)).status).toBe(401)
      const told = bouncer.log()
      const secrets = [client.secret, good.searchParams.get('code') ?? 'none']
      expect(secrets.filter((secret) => told.includes(secret))).toEqual([])
    })
  })

  describe('on IRC, by SASL OAUTHBEARER', () => {
    let tokens: PocketIdTokens

    beforeAll(async () => {
      tokens = await session.tokens(client, back())
    })

    test('her access token logs her in, on the network that she asks for', async () => {
      const inside = { account: 'vixen', numerics: '900 903', said: undefined }
      expect(await bearer(tokens.access_token)).toMatchObject(inside)
      expect(await bearer(tokens.access_token, 'vixen/den')).toMatchObject({
        ...inside,
        network: 'FakeNet',
      })
      expect(await bearer(tokens.access_token, 'reynard')).toEqual(refused())
    })

    test('her ID token and her refresh token, which have the same audience, do not', async () => {
      expect(await bearer(tokens.id_token)).toEqual(refused())
      expect(await bearer(tokens.refresh_token)).toEqual(refused())
    })

    test('a token of another client, a spoiled one, one of nobody and garbage do not', async () => {
      const other = await pocketId.addClient({
        name: 'Registry',
        callbacks: ['http://localhost/x'],
      })
      const foreign = await session.tokens(other, 'http://localhost/x')
      expect(await bearer(foreign.access_token)).toEqual(refused())
      expect(await bearer(foreign.id_token)).toEqual(refused())
      const [header = '', payload = '', signature = ''] = tokens.access_token.split('.')
      const flipped = signature.startsWith('A')
        ? `B${signature.slice(1)}`
        : `A${signature.slice(1)}`
      expect(await bearer(`${header}.${payload}.${flipped}`)).toEqual(refused())
      expect(await bearer('garbage')).toEqual(refused())
    })

    test('one of somebody whom nobody here is linked to does not', async () => {
      const stranger = await pocketId.addUser('stranger', {
        groups: await pocketId.groupsOf(vixen),
      })
      const theirs = await (await pocketId.logIn(stranger)).tokens(client, back())
      expect(await bearer(theirs.access_token)).toEqual(refused())
    })

    test('what the refusal names is where to get one', async () => {
      const { said } = await bearer('garbage')
      const document = await (await fetch(said['openid-configuration'])).json()
      expect(document).toMatchObject({ issuer: pocketId.issuer })
      const told = bouncer.log()
      const secrets = Object.values(tokens).flatMap((token) => `${token}`.split('.').slice(2))
      expect(secrets).toHaveLength(3)
      expect(secrets.filter((secret) => told.includes(secret))).toEqual([])
    })
  })

  test('while Pocket ID is away the bouncer starts, passwords log in, and tokens are told why not', async () => {
    const { access_token: token } = await session.tokens(client, back())
    await pocketId.stop()
    await bouncer.kill()
    await bouncer.start()
    expect(await bearer(token)).toEqual({
      ...refused(),
      text: 'The identity provider cannot be reached now: try again later',
      said: { status: 'temporarily_unavailable', 'openid-configuration': configuration() },
    })
    const browser = cookieBrowser(url)
    const begun = await browser.get('/login/oidc')
    expect(begun.status).toBe(503)
    expect(begun.body).toContain('The identity provider cannot be reached.')
    for (let attempt = 0; attempt < 8; attempt += 1) await bearer(token)
    const fields = { user: 'vixen', password: PASSWORD }
    expect((await browser.post('/login', fields)).location).toBe(`${url}/`)
    await pocketId.start()
    await waitFor(async () => (await bearer(token)).account === 'vixen', {
      what: 'the token to be good again',
    })
    await waitFor(async () => (await browser.get('/login/oidc')).status === 303, {
      what: 'the button to lead there again',
    })
    expect((await visit(cookieBrowser(url))).location).toBe(`${url}/`)
  })

  test('a token that has ended does not log in', async () => {
    const { access_token: token } = await session.tokens(client, back())
    expect((await bearer(token)).account).toBe('vixen')
    await bouncer.kill()
    await bouncer.start({ NODE_OPTIONS: `--import=data:text/javascript,${inTwoHours}` })
    expect(await bearer(token)).toEqual(refused())
    await bouncer.kill()
    await bouncer.start()
    expect((await bearer(token)).account).toBe('vixen')
  })

  test('with link_by_user_name she is in at once, and linked', async () => {
    await bouncer[Symbol.asyncDispose]()
    bouncer = await start({ FUCHSBAU_BOUNCER_LINK_BY_USER_NAME: 'true' })
    // An access token of Pocket ID has no user name.
    const { access_token: token } = await session.tokens(client, back())
    expect((await bearer(token)).account).toBeUndefined()
    const browser = cookieBrowser(url)
    expect((await visit(browser, '/clients')).location).toBe(`${url}/clients`)
    expect((await browser.get('/')).body).toContain('Log out vixen')
    expect((await bearer(token)).account).toBe('vixen')
  })
})

/** Makes a process believe that it is later: the tokens of Pocket ID are good for an hour. */
const inTwoHours = 'globalThis.now=Date.now;Date.now=()=>now()+7200000'
