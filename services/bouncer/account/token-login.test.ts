import { settableClock } from '@fuchsbau/shared/clock.ts'
import { createLog, silentLog } from '@fuchsbau/shared/log.ts'
import { createMetrics } from '@fuchsbau/shared/metrics.ts'
import { expect, onTestFinished, test, vi } from 'vitest'
import { startTokenIssuer } from '../../../test/support/token-issuer.ts'
import { Bouncer } from '../bouncer.ts'
import { addUser, NOON, testStore } from '../store/store.fixture.ts'
import { authenticate } from './authenticate.ts'
import { createTokenCheck, ProviderAway, type TokenCheck } from './token.ts'
import { authenticateByToken } from './token-login.ts'

/** A bouncer whose provider knows one token, `right`, of alice. */
function scene() {
  const { store } = testStore()
  addUser(store)
  const asked: string[] = []
  const tokens: TokenCheck = {
    configurationUrl: 'https://id.test/.well-known/openid-configuration',
    async ownerOf(token) {
      asked.push(token)
      if (token === 'away') throw new ProviderAway()
      return token === 'right' ? { subject: 'id.test 1', userName: 'alice' } : undefined
    },
  }
  const clock = settableClock(NOON)
  const metrics = createMetrics()
  const options = { store, clock, log: silentLog(), metrics, serverName: 'x.test', tokens }
  const bouncer = new Bouncer(options)
  const guess = () =>
    authenticate(bouncer, {
      name: 'alice',
      address: '192.0.2.1',
      method: 'PASS',
      client: '',
      password: 'x',
    })
  const tryOne = (token: string, address = '192.0.2.1', name = '') =>
    authenticateByToken(bouncer, { name, address, method: 'OAUTHBEARER', client: '' }, token)
  return { asked, clock, tryOne, guess }
}

test('the provider is not asked for who guesses: one after the other, or all at once', async () => {
  for (const isAtOnce of [false, true]) {
    const { asked, tryOne } = scene()
    const results = []
    if (isAtOnce) {
      const trying = Array.from({ length: 200 }, (_, at) => tryOne(`wrong ${at}`))
      results.push(...(await Promise.all(trying)))
    } else for (let at = 0; at < 200; at += 1) results.push(await tryOne(`wrong ${at}`))
    expect(asked).toHaveLength(5)
    expect(results.at(-1)).toEqual({
      ok: false,
      reason: 'Too many attempts: try again in 1 s',
      isForNow: true,
    })
    expect(await tryOne('right')).toMatchObject({ ok: false })
    expect(asked).toHaveLength(5)
  }
})

test('who guesses at one account from many addresses is slowed too', async () => {
  const { asked, tryOne } = scene()
  for (let at = 0; at < 50; at += 1) await tryOne('wrong', `192.0.2.${at}`, 'alice')
  expect(asked).toHaveLength(10)
})

test('all programs of a person come in at once, and after the wait she does, too', async () => {
  const { clock, tryOne } = scene()
  const programs = await Promise.all(Array.from({ length: 40 }, () => tryOne('right')))
  expect(programs.filter(({ ok }) => ok)).toHaveLength(40)
  for (let at = 0; at < 10; at += 1) await tryOne('wrong')
  expect(await tryOne('right')).toMatchObject({ ok: false })
  clock.advance(1_000)
  expect(await tryOne('right')).toMatchObject({ ok: true, user: { name: 'alice' } })
})

test('while the provider is away nothing is held against her: her password is not slowed', async () => {
  const { tryOne, guess } = scene()
  for (let at = 0; at < 50; at += 1) {
    expect(await tryOne('away', '192.0.2.1', 'alice')).toEqual({
      ok: false,
      reason: 'The identity provider cannot be reached now: try again later',
      isForNow: true,
    })
  }
  expect(await guess()).toMatchObject({ reason: 'Wrong user name or password' })
  expect(await tryOne('right')).toMatchObject({ ok: true })
})

test('a provider that is away is not asked for each token, and found again when it is back', async () => {
  await using provider = await startTokenIssuer()
  let asked = 0
  provider.intercept = () => {
    asked += 1
    return 503
  }
  const clock = settableClock(Date.now())
  const lines: string[] = []
  const tokens = createTokenCheck({
    issuer: provider.url,
    clientId: 'bouncer',
    clientSecret: 'client secret',
    usernameClaim: undefined,
    clock,
    log: createLog({ level: 'trace', stream: { write: (line) => void lines.push(line) } }),
  })
  const trying = Array.from({ length: 20 }, () => tokens.ownerOf(provider.jwt()))
  const results = await Promise.allSettled(trying)
  expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(20)
  await expect(tokens.ownerOf(provider.jwt())).rejects.toThrow(ProviderAway)
  expect(asked).toBe(1)
  expect(lines).toHaveLength(1)
  expect(lines[0]).toContain('the identity provider cannot be asked')
  provider.intercept = undefined
  clock.advance(3_000)
  expect(await tokens.ownerOf(provider.jwt())).toEqual({ subject: `${provider.url} 42` })
})

test('a provider whose name ends with a slash is known by that name', async () => {
  await using provider = await startTokenIssuer()
  provider.name = `${provider.url}/`
  const { url: issuer } = provider
  const options = { issuer, clientId: 'bouncer', clientSecret: undefined, usernameClaim: undefined }
  const tokens = createTokenCheck({
    ...options,
    clock: settableClock(Date.now()),
    log: silentLog(),
  })
  expect(await tokens.ownerOf(provider.jwt())).toMatchObject({ subject: `${issuer}/ 42` })
  expect(await tokens.ownerOf(provider.jwt({ iss: issuer }))).toBeUndefined()
})

test('neither keys nor our secret go to a place without TLS, where the provider has TLS', async () => {
  await using provider = await startTokenIssuer()
  const issuer = 'https://id.test'
  const fetched = vi.fn<typeof fetch>(async () =>
    Response.json({
      issuer,
      jwks_uri: `${issuer}/jwks`,
      introspection_endpoint: `${provider.url}/introspect`,
    }),
  )
  vi.stubGlobal('fetch', fetched)
  onTestFinished(() => void vi.unstubAllGlobals())
  const options = {
    issuer,
    clientId: 'bouncer',
    clientSecret: 'client secret',
    usernameClaim: undefined,
  }
  const tokens = createTokenCheck({
    ...options,
    clock: settableClock(Date.now()),
    log: silentLog(),
  })
  await expect(tokens.ownerOf('opaque')).rejects.toThrow(ProviderAway)
  expect(fetched).toHaveBeenCalledTimes(1)
})

test('a provider without TLS may lead to places with it; what it answers 400 for is a wrong token', async () => {
  const issuer = 'http://id.test'
  let status = 200
  vi.stubGlobal('fetch', async (url: string) =>
    url.endsWith('configuration')
      ? Response.json({
          issuer,
          jwks_uri: `${issuer}/jwks`,
          introspection_endpoint: 'https://id.test/',
        })
      : Response.json({ active: true, client_id: 'bouncer', exp: 2e9, sub: '42' }, { status }),
  )
  onTestFinished(() => void vi.unstubAllGlobals())
  const options = {
    issuer,
    clientId: 'bouncer',
    clientSecret: 'client secret',
    usernameClaim: undefined,
  }
  const tokens = createTokenCheck({ ...options, clock: settableClock(NOON), log: silentLog() })
  expect(await tokens.ownerOf('opaque')).toMatchObject({ subject: `${issuer} 42` })
  status = 400
  expect(await tokens.ownerOf('opaque')).toBeUndefined()
  status = 401
  await expect(tokens.ownerOf('opaque')).rejects.toThrow(ProviderAway)
})

test('while its keys cannot be read no token is called wrong', async () => {
  await using provider = await startTokenIssuer()
  const clock = settableClock(Date.now())
  const { url: issuer } = provider
  const options = { issuer, clientId: 'bouncer', clientSecret: undefined, usernameClaim: undefined }
  const tokens = createTokenCheck({ ...options, clock, log: silentLog() })
  provider.intercept = (path) => (path === '/jwks' ? 500 : undefined)
  await expect(tokens.ownerOf(provider.jwt())).rejects.toThrow(ProviderAway)
  provider.intercept = undefined
  expect(await tokens.ownerOf(provider.jwt())).toMatchObject({ subject: `${issuer} 42` })
})
