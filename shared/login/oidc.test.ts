import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import {
  type FakeIssuer,
  type FakeIssuerOptions,
  startFakeIssuer,
} from '../../test/support/fake-issuer.ts'
import { settableClock } from '../clock.ts'
import { createLog } from '../log.ts'
import {
  createRelyingParty,
  type OidcOptions,
  type PendingLogin,
  type RelyingParty,
} from './oidc.ts'

const redirectUri = 'http://localhost:3001/login/oidc/back'
const returnTo = 'http://localhost:3001/login'

type Scene = {
  provider: FakeIssuer
  party: RelyingParty
  clock: ReturnType<typeof settableClock>
  lines: string[]
}

async function scene(
  options: Partial<FakeIssuerOptions> = {},
  wanted: Partial<OidcOptions> = {},
): Promise<Scene> {
  const uris = { redirectUris: [redirectUri], logoutUris: [returnTo] }
  const provider = await startFakeIssuer({ ...uris, ...options })
  onTestFinished(() => provider[Symbol.asyncDispose]())
  const clock = settableClock(Date.now())
  const lines: string[] = []
  const log = createLog({ level: 'trace', stream: { write: (line) => void lines.push(line) } })
  const { issuer, clientId, clientSecret } = provider
  const party = createRelyingParty({
    ...{ issuer, clientId, clientSecret, redirectUri, clock, log },
    ...wanted,
  })
  return { provider, party, clock, lines }
}

async function begin(party: RelyingParty): Promise<{ url: URL; pending: PendingLogin }> {
  const begun = await party.begin()
  if (!begun.ok) throw new Error(begun.message)
  return { url: new URL(begun.url), pending: begun.pending }
}

/** The query that the browser comes back with. */
async function browse({ provider }: Scene, url: URL): Promise<URLSearchParams> {
  const back = await provider.browse(url.href)
  expect(back.startsWith(`${redirectUri}?`)).toBe(true)
  return new URL(back).searchParams
}

describe('a login with an identity provider', () => {
  test('uses the code flow with PKCE S256, state and nonce (RFC 7636; OpenID Connect Core 3.1.2.1)', async () => {
    const { party } = await scene()
    const { url, pending } = await begin(party)
    const query = Object.fromEntries(url.searchParams)
    expect(query).toMatchObject({
      response_type: 'code',
      redirect_uri: redirectUri,
      code_challenge_method: 'S256',
      state: pending.state,
      nonce: pending.nonce,
      scope: 'openid profile groups',
    })
    expect(query['code_challenge']).toMatch(/^[\w-]{43}$/)
    expect(url.href).not.toContain(pending.verifier)
    const { url: withoutSecret } = await begin((await scene({}, { clientSecret: undefined })).party)
    expect(withoutSecret.searchParams.get('code_challenge_method')).toBe('S256')
    const again = await begin(party)
    expect(new Set([pending.state, again.pending.state]).size).toBe(2)
  })

  test('says who somebody is: issuer, subject, name, groups', async () => {
    const it = await scene()
    it.provider.person = { subject: 'abc', username: 'vixen', groups: ['irc', 'den'] }
    const { url, pending } = await begin(it.party)
    const finished = await it.party.finish((await browse(it, url)).toString(), pending)
    expect(finished).toMatchObject({
      ok: true,
      identity: {
        issuer: it.provider.issuer,
        subject: 'abc',
        preferredUsername: 'vixen',
        groups: ['irc', 'den'],
      },
    })
  })

  test('asks for a refresh token only where it is wanted and the provider has them (Core 11)', async () => {
    const { party } = await scene({ isOffline: true })
    expect((await begin(party)).url.searchParams.get('scope')).toBe('openid profile groups')
    const { party: offline } = await scene({ isOffline: true }, { isOffline: true })
    const { searchParams: asked } = (await begin(offline)).url
    expect(asked.get('scope')).toBe('openid profile groups offline_access')
    expect(asked.get('prompt')).toBe('consent')
    const { party: without } = await scene({}, { isOffline: true })
    const { searchParams: plain } = (await begin(without)).url
    expect([plain.get('scope'), plain.get('prompt')]).toEqual(['openid profile groups', null])
  })

  test('says who somebody is by userinfo, where the ID token does not (Core 5.4)', async () => {
    const it = await scene({ hasBareIdTokens: true })
    it.provider.person = { subject: 'abc', username: 'vixen', groups: ['irc', 'den'] }
    const { url, pending } = await begin(it.party)
    const finished = await it.party.finish((await browse(it, url)).toString(), pending)
    expect(finished).toMatchObject({
      ok: true,
      identity: { preferredUsername: 'vixen', groups: ['irc', 'den'], refreshToken: undefined },
    })
    expect(it.provider.requests).toContain('/me')
  })

  test('is refused when userinfo does not answer: nobody comes without her groups', async () => {
    const it = await scene({ hasBareIdTokens: true })
    const { url, pending } = await begin(it.party)
    const query = (await browse(it, url)).toString()
    it.provider.intercept = (request, response) => {
      if (request.url !== '/me') return false
      response.writeHead(500).end()
      return true
    }
    expect((await it.party.finish(query, pending)).ok).toBe(false)
  })

  test('takes name and groups from the claims that are configured', async () => {
    const it = await scene(
      { claims: ['nick', 'realm_access'] },
      { claims: { username: 'nick', groups: 'realm_access.roles' } },
    )
    const more = { nick: 'foxy', realm_access: { roles: ['ops'] } }
    it.provider.person = { subject: 'abc', username: 'vixen', groups: ['den'], more }
    const { url, pending } = await begin(it.party)
    const finished = await it.party.finish((await browse(it, url)).toString(), pending)
    expect(finished).toMatchObject({
      ok: true,
      identity: { preferredUsername: 'foxy', groups: ['ops'] },
    })
  })

  test.each([
    ['another state', { state: 'other' }],
    ['another nonce', { nonce: 'other' }],
    ['another verifier', { verifier: 'x'.repeat(43) }],
  ])('is refused with %s', async (_, change) => {
    const it = await scene()
    const { url, pending } = await begin(it.party)
    const query = (await browse(it, url)).toString()
    const finished = await it.party.finish(query, { ...pending, ...change })
    expect(finished).toEqual({
      ok: false,
      message: 'The login could not be finished. Begin again from the login page.',
    })
  })

  test('is refused when the answer names another issuer (RFC 9207, 2.4)', async () => {
    const it = await scene()
    const { url, pending } = await begin(it.party)
    const query = await browse(it, url)
    expect(query.get('iss')).toBe(it.provider.issuer)
    query.set('iss', 'https://evil.example')
    expect((await it.party.finish(query.toString(), pending)).ok).toBe(false)
    query.delete('iss')
    expect((await it.party.finish(query.toString(), pending)).ok).toBe(false)
  })

  test('is refused the second time: a code is for once', async () => {
    const it = await scene()
    const { url, pending } = await begin(it.party)
    const query = (await browse(it, url)).toString()
    expect((await it.party.finish(query, pending)).ok).toBe(true)
    expect((await it.party.finish(query, pending)).ok).toBe(false)
  })

  test('says so when the provider refuses', async () => {
    const it = await scene()
    const { pending } = await begin(it.party)
    const query = new URLSearchParams({
      error: 'access_denied',
      state: pending.state,
      iss: it.provider.issuer,
    })
    expect(await it.party.finish(query.toString(), pending)).toEqual({
      ok: false,
      message: `${new URL(it.provider.issuer).host} did not let you in.`,
    })
  })

  test('puts no code, state, verifier or token into the log, whatever fails', async () => {
    const it = await scene()
    const { url, pending } = await begin(it.party)
    const query = await browse(it, url)
    const good = await it.party.finish(query.toString(), pending)
    if (!good.ok) throw new Error(good.message)
    const wrongs = [query.toString(), `${query}&state=again`, `code=${query.get('code')}`, '%%%=']
    for (const wrong of wrongs) expect((await it.party.finish(wrong, pending)).ok).toBe(false)
    const said = it.lines.join('')
    expect(it.lines.length).toBe(wrongs.length)
    const secrets = [query.get('code'), ...Object.values(pending), good.identity.idToken]
    expect(secrets.filter((secret) => said.includes(String(secret)))).toEqual([])
    expect(said).not.toContain('a secret of the client')
  })
})

describe('the provider', () => {
  test('need not be there at the start, and is asked again a few seconds later', async () => {
    const it = await scene()
    await it.provider.stop()
    expect(await it.party.begin()).toMatchObject({
      ok: false,
      message: expect.stringMatching(/cannot be reached/),
    })
    await it.provider.start()
    expect((await it.party.begin()).ok).toBe(false)
    it.clock.advance(3_001)
    expect((await it.party.begin()).ok).toBe(true)
  })

  test('is not contacted before the first login, and its addresses are kept', async () => {
    const it = await scene()
    expect(it.provider.requests).toEqual([])
    await Promise.all([it.party.begin(), it.party.begin()])
    await it.party.begin()
    expect(it.provider.requests).toEqual(['/.well-known/openid-configuration'])
  })

  test('whose document names another issuer is not used (OpenID Connect Discovery 4.3)', async () => {
    const it = await scene()
    it.provider.intercept = (_, response) => {
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ issuer: 'https://evil.example' }))
      return true
    }
    expect((await it.party.begin()).ok).toBe(false)
  })

  test('logs out too, with the ID token as a hint (RP-Initiated Logout 1.0)', async () => {
    const it = await scene()
    const { url, pending } = await begin(it.party)
    const finished = await it.party.finish((await browse(it, url)).toString(), pending)
    if (!finished.ok) throw new Error(finished.message)
    const { idToken } = finished.identity
    const logout = new URL((await it.party.logoutUrl(idToken, returnTo)) ?? '')
    expect(logout.origin).toBe(it.provider.issuer)
    expect(logout.searchParams.get('id_token_hint')).toBe(idToken)
    expect(logout.searchParams.get('post_logout_redirect_uri')).toBe(returnTo)
    expect(it.party.origins()).toEqual([it.provider.issuer])
  })
})

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const seconds = () => Math.floor(Date.now() / 1000)

/** A login whose token endpoint answers with this ID token; its header and claims are right but for the changes. */
async function finishWith(
  make: (it: { key: KeyObject; provider: FakeIssuer }) => {
    claims?: Record<string, unknown>
    header?: Record<string, unknown>
    seal?: (text: string) => Buffer
  },
): Promise<boolean> {
  const it = await scene()
  const { key, kid } = it.provider.rotateKeys()
  const { url, pending } = await begin(it.party)
  const query = await browse(it, url)
  const { issuer: iss, clientId: aud } = it.provider
  const {
    claims,
    header,
    seal = (text) => sign('sha256', Buffer.from(text), key),
  } = make({
    key,
    provider: it.provider,
  })
  const says = { sub: 'abc', preferred_username: 'vixen', groups: [] }
  const right = { iss, aud, ...says, nonce: pending.nonce, iat: seconds(), exp: seconds() + 60 }
  const text = `${encode({ alg: 'RS256', kid, ...header })}.${encode({ ...right, ...claims })}`
  const token = `${text}.${seal(text).toString('base64url')}`
  it.provider.intercept = (request, response) => {
    if (request.url !== '/token') return false
    const answer = { access_token: 'x', token_type: 'Bearer', id_token: token }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
    return true
  }
  return (await it.party.finish(query.toString(), pending)).ok
}

const forger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
const hmac = (key: string | Buffer) => (text: string) =>
  createHmac('sha256', key).update(text).digest()

describe('an ID token (OpenID Connect Core 3.1.3.7)', () => {
  test('is taken when it is right, and when a clock goes wrong by 20 seconds', async () => {
    expect(await finishWith(() => ({}))).toBe(true)
    expect(await finishWith(() => ({ claims: { exp: seconds() - 20 } }))).toBe(true)
    expect(await finishWith(() => ({ claims: { nbf: seconds() + 20 } }))).toBe(true)
  })

  test.each<[string, Parameters<typeof finishWith>[0]]>([
    ['of another key', () => ({ seal: (text) => sign('sha256', Buffer.from(text), forger) })],
    ['of a key that nobody knows', () => ({ header: { kid: 'other' } })],
    ['without a signature', () => ({ header: { alg: 'none' }, seal: () => Buffer.alloc(0) })],
    [
      'sealed with our secret',
      ({ provider }) => ({ header: { alg: 'HS256' }, seal: hmac(provider.clientSecret) }),
    ],
    [
      'sealed with the public key (RFC 8725, 2.1)',
      ({ key }) => {
        const pem = createPublicKey(key).export({ type: 'spki', format: 'pem' })
        return { header: { alg: 'HS256' }, seal: hmac(pem) }
      },
    ],
    ['for somebody else', () => ({ claims: { aud: 'registry' } })],
    ['for two, asked for by the other', () => ({ claims: { aud: ['fuchsbau', 'x'], azp: 'x' } })],
    ['of another issuer', () => ({ claims: { iss: 'https://evil.example' } })],
    ['that has ended', () => ({ claims: { exp: seconds() - 120 } })],
    ['without an end', () => ({ claims: { exp: undefined } })],
    ['of tomorrow', () => ({ claims: { nbf: seconds() + 120 } })],
    ['of no login', () => ({ claims: { nonce: undefined } })],
    ['of another login', () => ({ claims: { nonce: 'other' } })],
    ['of nobody', () => ({ claims: { sub: undefined } })],
  ])('%s is refused', async (_, make) => {
    expect(await finishWith(make)).toBe(false)
  })

  test('of a new key is taken: keys are read anew, but not more often than once a minute', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    onTestFinished(() => void vi.useRealTimers())
    const it = await scene()
    const logIn = async () => {
      const { url, pending } = await begin(it.party)
      return (await it.party.finish((await browse(it, url)).toString(), pending)).ok
    }
    const reads = () => it.provider.requests.filter((path) => path === '/jwks').length
    expect(await logIn()).toBe(true)
    expect(await logIn()).toBe(true)
    expect(reads()).toBe(1)
    it.provider.rotateKeys()
    expect(await logIn()).toBe(false)
    vi.setSystemTime(Date.now() + 61_000)
    expect(await logIn()).toBe(true)
    expect(reads()).toBe(2)
  })
})

describe('a provider', () => {
  test('that takes our secret only by Basic is shown it so (RFC 6749, 2.3.1)', async () => {
    const it = await scene({ authMethod: 'client_secret_basic' })
    const { url, pending } = await begin(it.party)
    expect((await it.party.finish((await browse(it, url)).toString(), pending)).ok).toBe(true)
  })

  test('whose name ends with a slash is known by that name', async () => {
    const it = await scene({ hasSlash: true })
    const { url, pending } = await begin(it.party)
    const finished = await it.party.finish((await browse(it, url)).toString(), pending)
    expect(finished).toMatchObject({ ok: true, identity: { issuer: `${it.provider.issuer}/` } })
  })

  test('that answers without an end is not listened to', async () => {
    const it = await scene()
    let sent = 0
    it.provider.intercept = (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536))) sent += 65_536
      }
      response.on('drain', more)
      more()
      return true
    }
    expect((await it.party.begin()).ok).toBe(false)
    expect(sent).toBeLessThan(64 * 1024 * 1024)
  })
})
