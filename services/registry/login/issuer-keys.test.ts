// Keys of issuers, by the clock: when they are read, and when not.
import { settableClock } from '@fuchsbau/shared/clock.ts'
import { silentLog } from '@fuchsbau/shared/log.ts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type FakeIssuer, startFakeIssuer } from '../../../test/support/fake-issuer.ts'
import { IssuerAway, IssuerKeys } from './issuer-keys.ts'

let issuer: FakeIssuer
const clock = settableClock(1_800_000_000_000)
let keys: IssuerKeys

beforeEach(async () => {
  issuer = await startFakeIssuer({ redirectUris: ['http://127.0.0.1/back'] })
  keys = new IssuerKeys({ clock, log: silentLog() })
})
afterEach(() => issuer[Symbol.asyncDispose]())

const reads = () => issuer.requests.filter((path) => path === '/jwks').length

test('they are read when the first token comes, by all who wait together, and kept for an hour', async () => {
  expect(reads()).toBe(0)
  await Promise.all([keys.of(issuer.issuer), keys.of(issuer.issuer), keys.of(issuer.issuer)])
  clock.advance(3_599_999)
  await keys.of(issuer.issuer)
  expect(reads()).toBe(1)
  clock.advance(1)
  await keys.of(issuer.issuer)
  expect(reads()).toBe(2)
})

test('a key that is not among them has them read anew, once a minute', async () => {
  const find = await keys.of(issuer.issuer)
  expect(await keys.newer(issuer.issuer)).toBeUndefined()
  const { kid } = issuer.rotateKeys()
  const header = { alg: 'RS256', kid }
  const token = { payload: '', signature: '' }
  await expect(async () => find(header, token)).rejects.toThrow()
  clock.advance(60_000)
  const newer = await keys.newer(issuer.issuer)
  await expect(newer?.(header, token)).resolves.toBeDefined()
  expect(await keys.newer(issuer.issuer)).toBeUndefined()
  expect(reads()).toBe(2)
})

test('an issuer that is away is not asked again for ten seconds', async () => {
  await issuer.stop()
  await expect(keys.of(issuer.issuer)).rejects.toThrow(IssuerAway)
  await issuer.start()
  clock.advance(9_999)
  await expect(keys.of(issuer.issuer)).rejects.toThrow(IssuerAway)
  clock.advance(1)
  await keys.of(issuer.issuer)
  expect(reads()).toBe(1)
})
