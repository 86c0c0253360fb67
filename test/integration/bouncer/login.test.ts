// How clients log in to the real process: every SASL mechanism and PASS, over TLS; what is refused, and how slowly.

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { makeVerifier } from '../../../services/bouncer/account/scram.ts'
import {
  type BouncerProcess,
  openBouncerStore,
  startBouncer,
} from '../../support/bouncer-process.ts'
import { type Ca, type Certificate, createCa } from '../../support/ca.ts'
import { type FakeIrcServer, startFakeIrc } from '../../support/fake-irc-server.ts'
import { connect, type IrcClient } from '../../support/irc-client.ts'
import type { Login, Sasl } from '../../support/irc-register.ts'
import { fingerprintOf, startTokenIssuer, type TokenIssuer } from '../../support/token-issuer.ts'

const password = 'correct horse battery staple'
const appPassword = '0123456789abcdef0123456789abcdef01234567'

let network: FakeIrcServer
let bouncer: BouncerProcess
let issuer: TokenIssuer
let ca: Ca
let card: Certificate
let tlsPort: number

beforeAll(async () => {
  network = await startFakeIrc()
  issuer = await startTokenIssuer()
  ca = await createCa()
  card = await ca.issue('vera')
  const people = ['you', 'vera', 'znc', 'soju', 'gone'].map((name) => ({
    name,
    port: network.port,
  }))
  bouncer = await startBouncer({
    people,
    env: {
      FUCHSBAU_OIDC_ISSUER: issuer.url,
      FUCHSBAU_OIDC_CLIENT_ID: 'bouncer',
      FUCHSBAU_OIDC_CLIENT_SECRET: 'client secret',
      FUCHSBAU_BOUNCER_LINK_BY_USER_NAME: 'true',
    },
  })
  await bouncer.stop()
  await seedCredentials()
  await bouncer.start()
  tlsPort = readPort(bouncer)
})
afterAll(async () => {
  await bouncer[Symbol.asyncDispose]()
  await network.stop()
  await issuer[Symbol.asyncDispose]()
  await ca.close()
})

/** Failures of the test before are forgiven with a success. */
beforeEach(async () => {
  expect(await sasl({ mechanism: 'PLAIN', account: 'you', password })).toBe('you on none')
})

/** Where it listens with TLS, as it said last. */
function readPort(of: BouncerProcess): number {
  return Number(
    of
      .log()
      .match(/"tls":"127\.0\.0\.1:(\d+)"/g)
      ?.at(-1)
      ?.match(/\d+"/)?.[0]
      ?.slice(0, -1),
  )
}

async function seedCredentials(): Promise<void> {
  const store = openBouncerStore(bouncer)
  const change = (name: string, changes: object) => {
    const user = store.users.named(name)
    if (!user) throw new Error(`no ${name}`)
    store.users.put({ ...user, ...changes })
    return user.id
  }
  const salted = createHash('sha256').update(`${password}some salt`).digest('hex')
  change('znc', { password: `znc-sha256$some salt$${salted}` })
  change('soju', { password: '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW' })
  change('gone', { isEnabled: false })
  const you = change('you', {})
  const vera = change('vera', {})
  const fingerprint = fingerprintOf(card.cert)
  store.credentials.addFingerprint({ fingerprint, userId: vera, label: 'card', createdAt: 0 })
  store.credentials.addAppPassword({
    userId: you,
    label: 'phone',
    hash: createHash('sha256').update(appPassword).digest('hex'),
    scram: await makeVerifier(appPassword),
    createdAt: 0,
  })
  store.close()
}

/** A client over TLS, with the certificate that the bouncer made for itself. */
async function open(certificate?: Certificate): Promise<IrcClient> {
  const own = readFileSync(join(bouncer.directory, 'certificate.pem'), 'utf8')
  const shown = certificate && { cert: certificate.cert, key: certificate.key }
  return await connect({ port: tlsPort, tls: { ca: own, servername: 'localhost', ...shown } })
}

/** Logs in; the numeric of the refusal, or who it is on which network. */
async function login(how: Partial<Login>, certificate?: Certificate): Promise<string> {
  await using client = await open(certificate)
  try {
    const { account, isupport } = await client.register({ nick: 'fox', ...how })
    return `${account || 'in'} on ${isupport.get('NETWORK') ?? 'none'}`
  } catch (error) {
    return / (\d{3}) /.exec(String(error))?.[1] ?? String(error)
  }
}

const sasl = (how: Sasl, user = 'x') => login({ sasl: how, user })

describe('a client logs in', () => {
  test('and is told beforehand how it can', async () => {
    await using client = await open()
    client.send('CAP LS 302')
    const { params } = await client.expect('CAP')
    expect(params.at(-1)?.split(' ')).toContain('sasl=PLAIN,EXTERNAL,SCRAM-SHA-256,OAUTHBEARER')
  })

  test('with SASL PLAIN, to the network that its name says', async () => {
    const plain = (account: string, authzid = '') =>
      sasl({ mechanism: 'PLAIN', account, password, authzid })
    expect(await plain('you/den@desk')).toBe('you on FakeNet')
    expect(await plain('YOU')).toBe('you on none')
    expect(await plain('you', 'you/den')).toBe('you on FakeNet')
    expect(await plain('you', 'vera')).toBe('904')
    expect(
      await login({ sasl: { mechanism: 'PLAIN', account: 'you', password }, user: 'you/den' }),
    ).toBe('you on FakeNet')
  })

  test('with SCRAM-SHA-256, once the bouncer knows the password', async () => {
    const scram = (account: string, secret = password) =>
      sasl({ mechanism: 'SCRAM-SHA-256', account, password: secret })
    expect(await scram('you/den')).toBe('you on FakeNet')
    expect(await scram('you', 'wrong')).toBe('904')
    expect(await scram('nobody')).toBe('904')
  })

  test('with its certificate, by SASL EXTERNAL or with nothing else', async () => {
    const external = { mechanism: 'EXTERNAL' } as const
    expect(await login({ sasl: external }, card)).toBe('vera on none')
    expect(await login({ sasl: { ...external, authzid: 'vera/den' } }, card)).toBe(
      'vera on FakeNet',
    )
    expect(await login({ sasl: { ...external, authzid: 'you/den' } }, card)).toBe('904')
    expect(await login({ sasl: external }, await ca.issue('mallory'))).toBe('904')
    expect(await login({ sasl: external })).toBe('904')
    expect(await login({ user: 'vera/den' }, card)).toBe('in on FakeNet')
  })

  test('with PASS, in all the forms of old clients', async () => {
    expect(await login({ pass: `you/den@desk:${password}` })).toBe('in on FakeNet')
    expect(await login({ pass: `you:${password}` })).toBe('in on none')
    expect(await login({ pass: password, user: 'you/den' })).toBe('in on FakeNet')
    expect(await login({ pass: password, user: 'you@desk/den' })).toBe('in on FakeNet')
    expect(await login({ pass: `you:${password}`, user: 'you/den' })).toBe('in on FakeNet')
    expect(await login({ pass: `you/nowhere:${password}` })).toBe('464')
    expect(await login({ user: 'you' })).toBe('464')
  })

  test('with an app password', async () => {
    expect(await sasl({ mechanism: 'PLAIN', account: 'you/den', password: appPassword })).toBe(
      'you on FakeNet',
    )
    expect(await sasl({ mechanism: 'PLAIN', account: 'vera', password: appPassword })).toBe('904')
  })

  test.each([
    ['ZNC', 'znc', password],
    ['soju', 'soju', 'U*U'],
  ])(
    'with a hash that came from %s, which is replaced by one of ours',
    async (_, account, secret) => {
      expect(await sasl({ mechanism: 'PLAIN', account, password: 'wrong' })).toBe('904')
      expect(await sasl({ mechanism: 'SCRAM-SHA-256', account, password: secret })).toBe('904')
      expect(await sasl({ mechanism: 'PLAIN', account, password: secret })).toBe(
        `${account} on none`,
      )
      expect(await sasl({ mechanism: 'SCRAM-SHA-256', account, password: secret })).toBe(
        `${account} on none`,
      )
    },
  )

  test('not while the account is disabled, and nobody can tell', async () => {
    expect(await sasl({ mechanism: 'PLAIN', account: 'gone', password })).toBe('904')
    expect(await sasl({ mechanism: 'SCRAM-SHA-256', account: 'gone', password })).toBe('904')
  })
})

describe('an access token', () => {
  const bearer = (token: string, account?: string) =>
    sasl({ mechanism: 'OAUTHBEARER', token, ...(account && { account }) })

  test('of nobody is refused, with where to get one (RFC 7628, 3.2.2)', async () => {
    await using client = await open()
    const trying = client.register({
      nick: 'fox',
      sasl: { mechanism: 'OAUTHBEARER', token: issuer.jwt({ sub: 'stranger' }) },
    })
    await expect(trying).rejects.toThrow(' 904 ')
    const said = client.lines.find(
      ({ command, params }) => command === 'AUTHENTICATE' && params[0] !== '+',
    )
    expect(JSON.parse(Buffer.from(said?.params[0] ?? '', 'base64').toString())).toEqual({
      status: 'invalid_token',
      'openid-configuration': `${issuer.url}/.well-known/openid-configuration`,
    })
  })

  test('logs in whom it names, and from then on whatever she is called there', async () => {
    const claims = { preferred_username: 'you' }
    expect(await bearer(issuer.jwt(claims), 'you/den')).toBe('you on FakeNet')
    expect(await bearer(issuer.jwt({ preferred_username: 'other' }))).toBe('you on none')
    expect(await bearer(issuer.jwt({ sub: '43', ...claims }))).toBe('904')
    expect(await bearer(issuer.jwt(claims), 'vera')).toBe('904')
    issuer.opaque('opaque-token', {})
    expect(await bearer('opaque-token')).toBe('you on none')
  })

  const plainJwt = { typ: 'JWT' }
  test.each([
    ['in its header, whatever a claim is called', () => issuer.jwt({ type: 'person' })],
    [
      'in `type`, as Pocket ID',
      () => issuer.jwt({ type: 'oauth-access-token' }, { header: plainJwt }),
    ],
    ['in `typ`, as Keycloak', () => issuer.jwt({ typ: 'Bearer' }, { header: plainJwt })],
    ['in `token_use`, as Hydra', () => issuer.jwt({ token_use: 'access' }, { header: plainJwt })],
    ['only when the provider is asked', () => known(issuer.jwt({}, { header: plainJwt }))],
  ])('may say %s that it is one', async (_, make) => {
    expect(await bearer(make())).toBe('you on none')
  })

  /** One that introspection knows, with what it says of it. */
  const known = (token: string, claims: Record<string, unknown> = {}) => {
    issuer.opaque(token, claims)
    return token
  }

  test.each([
    ['of another issuer', () => issuer.jwt({ iss: 'https://evil.example' })],
    ['for another audience', () => issuer.jwt({ aud: 'registry' })],
    ['that is out of date', () => issuer.jwt({ exp: 1 })],
    ['without an end', () => issuer.jwt({ exp: undefined })],
    ['with another signature', () => issuer.jwt({}, { isForged: true })],
    ['without a signature', () => issuer.jwt().replace(/[^.]+$/, 'AA')],
    ['that is an ID token', () => issuer.jwt({ nonce: 'x' })],
    [
      'that is an ID token without a nonce (Pocket ID, after a refresh)',
      () => known(issuer.jwt({ type: 'id-token' }, { header: plainJwt })),
    ],
    [
      'that is a refresh token (Pocket ID)',
      () => known(issuer.jwt({ type: 'refresh-token' }, { header: plainJwt })),
    ],
    ['that is a logout token', () => known(issuer.jwt({}, { header: { typ: 'logout+jwt' } }))],
    ['that does not say that it is one', () => issuer.jwt({}, { header: plainJwt })],
    ['for who holds a key (RFC 7800)', () => issuer.jwt({ cnf: { jkt: 'x' } })],
    ['of another algorithm', () => issuer.jwt({}, { header: { alg: 'HS256' } })],
    [
      'that introspection calls a refresh token',
      () => known('r1', { token_type: 'refresh_token' }),
    ],
    ['that introspection calls bound to a key', () => known('r2', { cnf: { jkt: 'x' } })],
    ['that nobody knows', () => 'unknown-token'],
  ])('%s is refused', async (_, make) => {
    expect(await bearer(make())).toBe('904')
  })
})

describe('a SASL exchange', () => {
  test.each([
    ['an unknown mechanism', ['DIGEST-MD5'], ['908', '904']],
    ['no base64', ['PLAIN', '!!!'], ['904']],
    ['an abort', ['PLAIN', '*'], ['906']],
    ['a response without end', ['PLAIN', ...Array<string>(50).fill('A'.repeat(400))], ['905']],
    ['a part of more than 400 characters', ['PLAIN', 'A'.repeat(401)], ['905']],
    ['a token of two fields', ['PLAIN', Buffer.from('you\0pass').toString('base64')], ['904']],
    [
      'SCRAM with channel binding',
      ['SCRAM-SHA-256', Buffer.from('p=tls-unique,,n=you,r=x').toString('base64')],
      ['904'],
    ],
  ])('with %s ends in words, and can begin anew', async (_, parts, numerics) => {
    await using client = await open()
    client.send('CAP REQ :sasl', ...parts.map((part) => `AUTHENTICATE ${part}`))
    for (const numeric of numerics) await client.expect(numeric)
    const plain = Buffer.from(`\0you\0${password}`).toString('base64')
    client.send('AUTHENTICATE PLAIN', `AUTHENTICATE ${plain}`)
    expect((await client.expect('903')).params.at(-1)).toBe('SASL authentication successful')
    client.send('AUTHENTICATE PLAIN')
    await client.expect('907')
  })
})

test('attempts are told in the audit, and guessing is slowed', async () => {
  for (let count = 0; count < 8; count += 1) await login({ pass: 'you:wrong' })
  await using client = await open()
  await expect(client.register({ nick: 'fox', pass: `you:${password}` })).rejects.toThrow(
    /464 .*Too many attempts: try again in \d+ s/,
  )
  expect(await client.closed).toBeDefined()
  const { management } = bouncer
  const metrics = await (await fetch(`${management}/metrics`)).text()
  expect(metrics).toMatch(/^fuchsbau_bouncer_logins_total\{outcome="slowed"\} [1-9]/m)
  expect(metrics).toMatch(/^fuchsbau_bouncer_logins_total\{outcome="ok"\} [1-9]/m)
  await bouncer.stop()
  const store = openBouncerStore(bouncer)
  const [last, ...before] = store.audit.list(200)
  store.close()
  expect(last).toMatchObject({
    account: 'you',
    address: '127.0.0.1',
    method: 'PASS',
    outcome: 'refused',
  })
  const methods = new Set(before.map(({ method }) => method))
  const mechanisms = ['PLAIN', 'EXTERNAL', 'SCRAM-SHA-256', 'OAUTHBEARER'].map(
    (name) => `SASL ${name}`,
  )
  expect([...methods].sort()).toEqual(['PASS', 'certificate', ...mechanisms].sort())
})
