// https://openid.net/specs/openid-connect-backchannel-1_0.html#Validation
import {
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
  sign,
} from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type FakeIssuer, startFakeIssuer } from '../../test/support/fake-issuer.ts'
import { type SettableClock, settableClock } from '../clock.ts'
import { createLog } from '../log.ts'
import { createRelyingParty, type LoggedOut, type RelyingParty } from './oidc.ts'

const EVENT = 'http://schemas.openid.net/event/backchannel-logout'
const lines: string[] = []
let provider: FakeIssuer
let key: KeyObject
let kid: string
let clock: SettableClock
let party: RelyingParty

beforeAll(async () => {
  provider = await startFakeIssuer({ redirectUris: ['http://localhost:3002/login/oidc/back'] })
  ;({ key, kid } = provider.rotateKeys())
})
afterAll(() => provider[Symbol.asyncDispose]())
beforeEach(() => {
  clock = settableClock(Date.now())
  party = makeParty()
})

function makeParty(): RelyingParty {
  const { issuer, clientId, clientSecret } = provider
  const log = createLog({ level: 'trace', stream: { write: (line) => void lines.push(line) } })
  const redirectUri = 'http://localhost:3002/login/oidc/back'
  return createRelyingParty({ issuer, clientId, clientSecret, redirectUri, clock, log })
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const seconds = () => Math.floor(clock.now() / 1000)

interface Forged {
  claims?: Record<string, unknown>
  header?: Record<string, unknown>
  seal?: (text: string) => Buffer
}

/** A logout token, right but for the changes. */
function logoutToken({ claims, header, seal }: Forged = {}): string {
  const right = {
    iss: provider.issuer,
    aud: provider.clientId,
    sub: 'abc',
    sid: 'session',
    iat: seconds(),
    exp: seconds() + 120,
    jti: randomUUID(),
    events: { [EVENT]: {} },
  }
  const head = { alg: 'RS256', typ: 'logout+jwt', kid, ...header }
  const text = `${encode(head)}.${encode({ ...right, ...claims })}`
  const signature = (seal ?? ((signed) => sign('sha256', Buffer.from(signed), key)))(text)
  return `${text}.${signature.toString('base64url')}`
}

const read = (forged?: Forged): Promise<LoggedOut> => party.loggedOut(logoutToken(forged))

describe('a logout token', () => {
  test('says whose session has ended', async () => {
    const issuer = provider.issuer
    expect(await read()).toEqual({ ok: true, issuer, subject: 'abc', sid: 'session' })
    expect(await read({ claims: { sub: undefined } })).toMatchObject({ ok: true, sid: 'session' })
    const all = await read({ claims: { sid: undefined } })
    expect(all).toEqual({ ok: true, issuer, subject: 'abc', sid: undefined })
  })

  test.each<[string, Forged]>([
    ['for several clients', { claims: { aud: ['other', 'fuchsbau'] } }],
    ['without a type', { header: { typ: undefined } }],
    ['of the type of all JWTs, as of Keycloak', { header: { typ: 'JWT' } }],
    ['of the whole media type', { header: { typ: 'application/logout+jwt' } }],
    ['of another event, too', { claims: { events: { [EVENT]: {}, 'https://x.test': 1 } } }],
  ])('%s is taken', async (_, forged) => {
    expect((await read(forged)).ok).toBe(true)
  })

  test('of a clock that goes wrong by 20 seconds is taken', async () => {
    expect((await read({ claims: { exp: seconds() - 20 } })).ok).toBe(true)
    expect((await read({ claims: { iat: seconds() + 20 } })).ok).toBe(true)
  })

  const forger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const hmac = (secret: string | Buffer) => (text: string) =>
    createHmac('sha256', secret).update(text).digest()
  const pemOf = (own: KeyObject) => createPublicKey(own).export({ type: 'spki', format: 'pem' })

  test.each<[string, () => Forged]>([
    ['of another key', () => ({ seal: (text) => sign('sha256', Buffer.from(text), forger) })],
    ['of a key that nobody knows', () => ({ header: { kid: 'other' } })],
    [
      'with the key that it brings',
      () => ({
        header: { kid: undefined, jwk: createPublicKey(forger).export({ format: 'jwk' }) },
        seal: (text) => sign('sha256', Buffer.from(text), forger),
      }),
    ],
    ['without a signature', () => ({ header: { alg: 'none' }, seal: () => Buffer.alloc(0) })],
    [
      'sealed with our secret',
      () => ({ header: { alg: 'HS256' }, seal: hmac(provider.clientSecret) }),
    ],
    [
      'sealed with the public key (RFC 8725, 2.1)',
      () => ({ header: { alg: 'HS256' }, seal: hmac(pemOf(key)) }),
    ],
    [
      'by an algorithm that the provider does not use',
      () => ({
        header: { alg: 'RS512' },
        seal: (text) => sign('sha512', Buffer.from(text), key),
      }),
    ],
    ['that is an access token', () => ({ header: { typ: 'at+jwt' } })],
    ['of another issuer', () => ({ claims: { iss: 'https://evil.example' } })],
    ['of no issuer', () => ({ claims: { iss: undefined } })],
    ['for somebody else', () => ({ claims: { aud: 'other' } })],
    ['for nobody', () => ({ claims: { aud: undefined } })],
    ['that has ended', () => ({ claims: { exp: seconds() - 60 } })],
    ['without an end', () => ({ claims: { exp: undefined } })],
    ['made later', () => ({ claims: { iat: seconds() + 120, exp: seconds() + 240 } })],
    ['made long ago', () => ({ claims: { iat: seconds() - 700 } })],
    ['made at no time', () => ({ claims: { iat: undefined } })],
    ['without a name of its own', () => ({ claims: { jti: undefined } })],
    ['whose name is a number', () => ({ claims: { jti: 7 } })],
    ['of no event', () => ({ claims: { events: undefined } })],
    ['of another event', () => ({ claims: { events: { 'https://x.test': {} } } })],
    ['whose event is no object', () => ({ claims: { events: { [EVENT]: true } } })],
    ['whose events are a list', () => ({ claims: { events: [EVENT] } })],
    ['with a nonce: that is an ID token', () => ({ claims: { nonce: 'x' } })],
    ['with an empty nonce', () => ({ claims: { nonce: '' } })],
    ['of nobody', () => ({ claims: { sub: undefined, sid: undefined } })],
    ['of an empty name', () => ({ claims: { sub: '' } })],
    ['of a list of people', () => ({ claims: { sub: ['abc'] } })],
    ['of a session that is an object', () => ({ claims: { sid: {} } })],
    ['of a name beyond all', () => ({ claims: { sub: 'x'.repeat(256) } })],
    ['beyond all length', () => ({ claims: { more: 'x'.repeat(20_000) } })],
  ])('%s is refused', async (_, forge) => {
    expect(await read(forge())).toMatchObject({ ok: false })
  })

  test.each(['', 'x', 'a.b', 'a.b.c', '..', 'ä.ö.ü', 'e30.e30.', 'null.null.null'])(
    'that is none (%j) is refused',
    async (text) => {
      expect(await party.loggedOut(text)).toMatchObject({ ok: false })
    },
  )

  test('is good once, also when it comes twice at the same time (2.6)', async () => {
    const token = logoutToken()
    const both = await Promise.all([party.loggedOut(token), party.loggedOut(token)])
    expect(both.map(({ ok }) => ok).sort()).toEqual([false, true])
    clock.advance(100_000)
    expect(await party.loggedOut(token)).toMatchObject({ ok: false })
    // The same name in another token.
    const jti = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).jti
    expect(await read({ claims: { jti } })).toMatchObject({ ok: false })
  })

  test('that was refused may come again in its right form', async () => {
    const jti = randomUUID()
    expect((await read({ claims: { jti, nonce: 'x' } })).ok).toBe(false)
    expect((await read({ claims: { jti } })).ok).toBe(true)
  })

  test('is refused while the keys cannot be read, and taken later', async () => {
    await provider.stop()
    party = makeParty()
    expect((await read()).ok).toBe(false)
    await provider.start()
    clock.advance(3_001)
    expect((await read()).ok).toBe(true)
  })

  test('stands in no log', async () => {
    const tokens = [logoutToken({ claims: { exp: 1 } }), logoutToken({ header: { kid: 'other' } })]
    for (const token of tokens) await party.loggedOut(token)
    expect(lines.length).toBeGreaterThan(1)
    const said = lines.join('')
    expect(tokens.filter((token) => said.includes(token.split('.')[2] ?? ''))).toEqual([])
    expect(said).not.toContain('abc')
  })
})
