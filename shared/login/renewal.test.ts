// https://openid.net/specs/openid-connect-core-1_0.html#RefreshTokens
import type { ServerResponse } from 'node:http'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  type FakeIssuer,
  type FakeIssuerOptions,
  startFakeIssuer,
} from '../../test/support/fake-issuer.ts'
import { settableClock } from '../clock.ts'
import { createLog } from '../log.ts'
import { createRelyingParty, type OidcOptions, type Renewed } from './oidc.ts'

const redirectUri = 'http://localhost:3002/login/oidc/back'
const vixen = { subject: 'abc', username: 'vixen', groups: ['den'] }

/** Vixen has logged in; `ask` asks about her by the newest refresh token that was kept. */
async function loggedIn(
  options: Partial<FakeIssuerOptions> = {},
  wanted: Partial<OidcOptions> = {},
) {
  const provider = await startFakeIssuer({
    redirectUris: [redirectUri],
    isOffline: true,
    ...options,
  })
  onTestFinished(() => provider[Symbol.asyncDispose]())
  provider.person = { ...vixen }
  const clock = settableClock(Date.now())
  const lines: string[] = []
  const log = createLog({ level: 'trace', stream: { write: (line) => void lines.push(line) } })
  const { issuer, clientId, clientSecret } = provider
  const base = { issuer, clientId, clientSecret, redirectUri, clock, log, isOffline: true }
  const party = createRelyingParty(base)
  const begun = await party.begin()
  if (!begun.ok) throw new Error(begun.message)
  const query = new URL(await provider.browse(begun.url)).search.slice(1)
  const finished = await party.finish(query, begun.pending)
  if (!finished.ok) throw new Error(finished.message)
  const tokens = [finished.identity.refreshToken ?? '']
  const asking = createRelyingParty({ ...base, ...wanted })
  const ask = (subject = 'abc') =>
    asking.renew({
      refreshToken: tokens.at(-1) ?? '',
      subject,
      keep: (token) => void tokens.push(token),
    })
  return { provider, tokens, ask, lines }
}

/** Answers the next requests for this path otherwise. */
function answering(
  provider: FakeIssuer,
  path: string,
  answer: (response: ServerResponse) => void,
): void {
  provider.intercept = (request, response) => {
    if (request.url !== path) return false
    answer(response)
    return true
  }
}

const json =
  (status: number, value: object, headers = {}) =>
  (response: ServerResponse) =>
    response
      .writeHead(status, { 'content-type': 'application/json', ...headers })
      .end(JSON.stringify(value))

describe('asked about a person again, a provider', () => {
  test('says her groups of now, and gives another refresh token each time', async () => {
    const { provider, tokens, ask } = await loggedIn()
    expect(tokens[0]).not.toBe('')
    provider.person.groups = ['den', 'ops']
    expect(await ask()).toEqual({ outcome: 'here', groups: ['den', 'ops'] })
    provider.person.groups = []
    expect(await ask()).toEqual({ outcome: 'here', groups: [] })
    expect(new Set(tokens).size).toBe(3)
  })

  test('says them by userinfo, where the ID token does not', async () => {
    const { ask, provider } = await loggedIn({ hasBareIdTokens: true })
    provider.person.groups = ['ops']
    expect(await ask()).toEqual({ outcome: 'here', groups: ['ops'] })
  })

  test('that speaks of no groups says that she has none', async () => {
    const { ask, provider } = await loggedIn()
    delete provider.person.groups
    expect(await ask()).toEqual({ outcome: 'here', groups: [] })
  })

  test('refuses who was removed: she is gone (RFC 6749, 5.2)', async () => {
    const { ask, provider } = await loggedIn()
    provider.remove('abc')
    expect(await ask()).toMatchObject({ outcome: 'gone' })
  })

  test('refuses a token that was used before', async () => {
    const { ask, tokens } = await loggedIn()
    const [first = ''] = tokens
    await ask()
    tokens.push(first)
    expect(await ask()).toMatchObject({ outcome: 'gone' })
  })

  test.each<[string, number, string]>([
    ['a disabled person', 400, 'Refresh token is invalid or expired'],
    ['who may not use the client', 403, "You're not allowed to access this service"],
  ])('that is a Pocket ID refuses %s in words', async (_, status, error) => {
    const { ask, provider } = await loggedIn()
    answering(provider, '/token', json(status, { error }))
    expect(await ask()).toMatchObject({ outcome: 'gone' })
  })

  test.each<[string, (response: ServerResponse) => void]>([
    ['no access', json(401, {}, { 'www-authenticate': 'Bearer error="invalid_token"' })],
    ['no words', (response) => response.writeHead(403).end()],
  ])('refuses her userinfo with %s: she is gone (RFC 6750, 3.1)', async (_, answer) => {
    const { ask, provider } = await loggedIn({ hasBareIdTokens: true })
    answering(provider, '/me', answer)
    expect(await ask()).toMatchObject({ outcome: 'gone' })
  })
})

describe('it is not she who is refused', () => {
  const failed = (isAway: boolean) => expect.objectContaining({ outcome: 'failed', isAway })

  test('when our secret is wrong', async () => {
    const { ask } = await loggedIn({}, { clientSecret: 'another' })
    expect(await ask()).toMatchObject({ outcome: 'failed' })
  })

  test.each<[string, (response: ServerResponse) => void, Renewed]>([
    ['an unknown client', json(400, { error: 'unauthorized_client' }), failed(false)],
    ['a wrong secret, by Pocket ID', json(401, { error: 'Invalid client secret' }), failed(false)],
    ['a client that is gone', json(404, { error: 'Client not found' }), failed(false)],
    ['a failure', json(500, { error: 'invalid_grant' }), failed(true)],
    ['a page of a proxy', (response) => response.writeHead(403).end('<html>'), failed(true)],
    ['nonsense', json(200, { nothing: true }), failed(true)],
    ['a connection that is cut', (response) => response.destroy(), failed(true)],
  ])('by %s', async (_, answer, expected) => {
    const { ask, provider } = await loggedIn()
    answering(provider, '/token', answer)
    expect(await ask()).toEqual(expected)
  })

  test('when userinfo fails, or may not be asked', async () => {
    const { ask, provider } = await loggedIn({ hasBareIdTokens: true })
    answering(provider, '/me', json(500, {}))
    expect(await ask()).toEqual(failed(true))
    const challenge = { 'www-authenticate': 'Bearer error="insufficient_scope"' }
    answering(provider, '/me', json(403, {}, challenge))
    expect(await ask()).toMatchObject({ outcome: 'failed' })
  })

  test('when the provider is down, also from the start', async () => {
    const { ask, provider } = await loggedIn()
    await provider.stop()
    expect(await ask()).toEqual(failed(true))
    expect(await ask()).toEqual(failed(true))
  })

  test('when the answer is about somebody else (Core 12.2)', async () => {
    const { ask } = await loggedIn()
    expect(await ask('another')).toEqual(failed(false))
  })
})

describe('the next refresh token', () => {
  test('is kept although the ID token beside it is not good', async () => {
    const { ask, provider, tokens } = await loggedIn()
    answering(provider, '/token', json(200, { refresh_token: 'next', id_token: 'x' }))
    expect(await ask()).toMatchObject({ outcome: 'failed' })
    expect(tokens.at(-1)).toBe('next')
  })

  test('is seen at an address that is written in an unusual way', async () => {
    const { ask, provider, tokens } = await loggedIn()
    provider.intercept = (request, response) => {
      if (request.url !== '/.well-known/openid-configuration') return false
      const at = (path: string) => `${provider.issuer}${path}`
      const found = { token_endpoint: at('/x/../token').replace('http:', 'HTTP:') }
      const others = { jwks_uri: at('/jwks'), userinfo_endpoint: at('/me') }
      json(200, { issuer: provider.issuer, ...found, ...others })(response)
      return true
    }
    expect(await ask()).toMatchObject({ outcome: 'here' })
    expect(tokens).toHaveLength(2)
  })

  test('is kept although userinfo fails', async () => {
    const { ask, provider, tokens } = await loggedIn({ hasBareIdTokens: true })
    answering(provider, '/me', json(500, {}))
    await ask()
    expect(tokens).toHaveLength(2)
    provider.intercept = undefined
    expect(await ask()).toMatchObject({ outcome: 'here' })
  })

  test('stands in no log, nor does the one before, whatever fails', async () => {
    const { ask, provider, tokens, lines } = await loggedIn()
    await ask()
    answering(provider, '/token', json(400, { error: 'x', error_description: tokens.at(-1) }))
    await ask()
    await provider.stop()
    await ask()
    expect(tokens.filter((token) => lines.join('').includes(token))).toEqual([])
  })
})
