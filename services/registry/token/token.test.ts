// https://www.rfc-editor.org/rfc/rfc7519 and https://www.rfc-editor.org/rfc/rfc8725
import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { settableClock } from '@fuchsbau/shared/clock.ts'
import { exportSPKI, SignJWT } from 'jose'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { makeTempData, removeTempData } from '../../../test/support/temp-data.ts'
import { ANONYMOUS } from '../account/caller.ts'
import { markUpload, unmarkUpload } from '../pass/upload-owner.ts'
import { issueToken } from './issue.ts'
import { KeyRing } from './key-ring.ts'
import { hashSecret, isSecret, makeSecret } from './secret.ts'
import { grants, TokenVerifier } from './verify.ts'

const NOW = 1_800_000_000_000
const ISSUER = 'https://oci.test'
const SERVICE = 'oci.test'
const clock = settableClock(NOW)
let directory: string
let keys: KeyRing
let verifier: TokenVerifier

beforeEach(async () => {
  clock.set(NOW)
  directory = makeTempData('keys')
  keys = await KeyRing.open(directory, clock)
  verifier = new TokenVerifier(keys, ISSUER, SERVICE)
})

afterEach(() => removeTempData(directory))

const ACCESS = [{ type: 'repository', name: 'a', actions: ['pull'] }]
const issue = (options = {}, caller = ANONYMOUS, now = NOW) =>
  issueToken(
    { keys, issuer: ISSUER, service: SERVICE, lifetimeMs: 300_000, ...options },
    caller,
    ACCESS,
    now,
  )

describe('secrets', () => {
  test('have their prefix, 30 letters and a checksum', () => {
    for (const kind of ['fbr', 'fbrr'] as const) {
      const secret = makeSecret(kind)
      expect(secret).toMatch(new RegExp(`^${kind}_[0-9A-Za-z]{36}$`))
      expect(isSecret(kind, secret)).toBe(true)
      expect(isSecret(kind === 'fbr' ? 'fbrr' : 'fbr', secret)).toBe(false)
    }
    expect(new Set(Array.from({ length: 100 }, () => makeSecret('fbr'))).size).toBe(100)
  })

  test('with one wrong character are none', () => {
    const secret = makeSecret('fbr')
    for (let at = 0; at < secret.length; at += 1) {
      const wrong = `${secret.slice(0, at)}${secret[at] === 'x' ? 'y' : 'x'}${secret.slice(at + 1)}`
      expect([wrong, isSecret('fbr', wrong)]).toEqual([wrong, false])
    }
    for (const odd of ['', 'fbr_', `${secret}x`, secret.slice(1), `${secret.slice(0, -1)}\n`]) {
      expect(isSecret('fbr', odd)).toBe(false)
    }
  })

  test('are kept as their hash', () => {
    expect(hashSecret('fbr_x')).toMatch(/^[0-9a-f]{64}$/)
  })
})

describe('tokens', () => {
  test('are good until they expire, to the second', async () => {
    const { token, expiresInSeconds } = await issue()
    expect(expiresInSeconds).toBe(300)
    expect(await verifier.verify(token, NOW)).toMatchObject({ access: ACCESS })
    expect(await verifier.verify(token, NOW + 299_999)).toBeDefined()
    expect(await verifier.verify(token, NOW + 300_000)).toBeUndefined()
    expect(await verifier.verify(token, NOW + 300_000)).toBeUndefined()
  })

  test('do not outlive what they were made from', async () => {
    const { expiresInSeconds } = await issue({}, { ...ANONYMOUS, expiresAt: NOW + 10_000 })
    expect(expiresInSeconds).toBe(10)
  })

  test.each([
    ['another issuer', { issuer: 'https://evil.test' }],
    ['another registry', { service: 'other.test' }],
  ])('of %s are refused', async (_, options) => {
    expect(await verifier.verify((await issue(options)).token, NOW)).toBeUndefined()
  })

  test('from the future are refused', async () => {
    const { token } = await issue({}, ANONYMOUS, NOW + 60_000)
    expect(await verifier.verify(token, NOW)).toBeUndefined()
  })

  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

  test.each<[string, (parts: [string, string, string], pem: string) => string]>([
    ['nothing', () => ''],
    ['one part', ([head]) => head],
    ['no signature', ([head, claims]) => `${head}.${claims}.`],
    ['the algorithm none', ([, claims]) => `${encode({ alg: 'none' })}.${claims}.`],
    [
      'the public key as a secret',
      ([head, claims], pem) => {
        const { kid } = JSON.parse(Buffer.from(head, 'base64url').toString())
        const signed = `${encode({ alg: 'HS256', kid })}.${claims}`
        return `${signed}.${createHmac('sha256', pem).update(signed).digest('base64url')}`
      },
    ],
    [
      'an unknown key',
      ([, claims, signature]) => `${encode({ alg: 'ES256', kid: 'x' })}.${claims}.${signature}`,
    ],
    ['no key', ([, claims, signature]) => `${encode({ alg: 'ES256' })}.${claims}.${signature}`],
    [
      'its own key',
      ([head, claims, signature]) => {
        const { kid } = JSON.parse(Buffer.from(head, 'base64url').toString())
        return `${encode({ alg: 'ES256', kid, jwk: keys.jwks().keys[0] ?? {} })}.${claims}.${signature}`
      },
    ],
    ['other claims', ([head, , signature]) => `${head}.${encode({ access: [] })}.${signature}`],
    [
      'a length beyond all',
      ([head, claims, signature]) => `${head}.${claims}${'A'.repeat(30_000)}.${signature}`,
    ],
  ])('with %s are refused', async (_, forge) => {
    const parts = (await issue()).token.split('.')
    const pem = await exportSPKI(keys.active.publicKey)
    const forged = forge([parts[0] ?? '', parts[1] ?? '', parts[2] ?? ''], pem)
    expect(await verifier.verify(forged, NOW)).toBeUndefined()
  })

  test.each([
    ['no access', { caller: '["anonymous",0,"none",""]' }],
    ['no caller', { access: [] }],
  ])('of ours with %s are refused', async (_, claims) => {
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', kid: keys.active.kid })
      .setIssuer(ISSUER)
      .setAudience(SERVICE)
      .setSubject('x')
      .setExpirationTime(NOW / 1000 + 60)
      .sign(keys.active.privateKey)
    expect(await verifier.verify(token, NOW)).toBeUndefined()
  })

  test('grant what they name, and nothing that is like it', () => {
    const granted = (name: string, action: string) => grants({ access: ACCESS }, name, action)
    expect(granted('a', 'pull')).toBe(true)
    expect([granted('a', 'push'), granted('b', 'pull'), granted('', 'pull')]).toEqual([
      false,
      false,
      false,
    ])
    expect(
      grants({ access: [{ type: 'registry', name: 'a', actions: ['pull'] }] }, 'a', 'pull'),
    ).toBe(false)
  })
})

describe('keys', () => {
  test('are the same after a restart, and only their public halves are published', async () => {
    const { token } = await issue()
    const again = await KeyRing.open(directory, clock)
    expect(again.active.kid).toBe(keys.active.kid)
    expect(await new TokenVerifier(again, ISSUER, SERVICE).verify(token, NOW)).toBeDefined()
    expect(Object.keys(again.jwks().keys[0] ?? {}).sort()).toEqual([
      'alg',
      'crv',
      'kid',
      'kty',
      'use',
      'x',
      'y',
    ])
  })

  test('change in steps: the next is published before it signs, the old one is good until it is forgotten', async () => {
    const pem = () => readFileSync(join(directory, 'token-key.pem'), 'utf8')
    const old = await issue()
    const before = pem()
    const next = await keys.prepare()
    expect((await keys.prepare()).kid).toBe(next.kid)
    expect(keys.active.kid).not.toBe(next.kid)
    expect(keys.jwks().keys).toHaveLength(2)
    expect(pem()).not.toBe(before)
    clock.set(NOW + 1_000)
    await keys.activate()
    await keys.activate()
    expect(keys.active.kid).toBe(next.kid)
    const fresh = await issue()
    const restarted = new TokenVerifier(await KeyRing.open(directory, clock), ISSUER, SERVICE)
    expect(await restarted.verify(old.token, NOW)).toBeDefined()
    expect(await restarted.verify(fresh.token, NOW)).toBeDefined()
    await keys.forget(NOW)
    expect(keys.records()).toHaveLength(2)
    await keys.forget(NOW + 2_000)
    expect(keys.records().map(({ state }) => state)).toEqual(['active'])
    const later = new TokenVerifier(keys, ISSUER, SERVICE)
    expect(await later.verify(old.token, NOW)).toBeUndefined()
    expect(await later.verify(fresh.token, NOW)).toBeDefined()
  })
})

describe('the mark of an upload', () => {
  const path = '/v2/a/blobs/uploads/1'
  const robot = (id: number): typeof ANONYMOUS => ({
    ...ANONYMOUS,
    account: {
      kind: 'robot',
      robot: { id, name: 'ci', about: '', isEnabled: true, createdAt: 0, createdBy: '' },
    },
  })
  const queryOf = (marked: string) => marked.split('?')[1] ?? ''

  test('is good for who began it, and keeps what the upstream said', () => {
    const marked = markUpload(keys, robot(1), `${path}?_state=x%3D`)
    expect(unmarkUpload(keys, robot(1), path, `${queryOf(marked)}&digest=y`)).toBe(
      '_state=x%3D&digest=y',
    )
  })

  test('stays good when the key changes', async () => {
    const marked = markUpload(keys, robot(1), path)
    await keys.prepare()
    await keys.activate()
    expect(unmarkUpload(keys, robot(1), path, queryOf(marked))).toBe('')
  })

  test.each<[string, (query: string) => string | undefined]>([
    ['somebody else', (query) => unmarkUpload(keys, robot(2), path, query)],
    ['nobody', (query) => unmarkUpload(keys, ANONYMOUS, path, query)],
    ['another upload', (query) => unmarkUpload(keys, robot(1), '/v2/a/blobs/uploads/2', query)],
    ['another repository', (query) => unmarkUpload(keys, robot(1), '/v2/b/blobs/uploads/1', query)],
    ['no mark', () => unmarkUpload(keys, robot(1), path, '')],
    ['an empty mark', () => unmarkUpload(keys, robot(1), path, '_by=')],
    ['another mark first', (query) => unmarkUpload(keys, robot(1), path, `_by=x&${query}`)],
  ])('is not good for %s', (_, unmark) => {
    expect(unmark(queryOf(markUpload(keys, robot(1), path)))).toBeUndefined()
  })
})
