import { settableClock } from '@fuchsbau/shared/clock.ts'
import { createLog } from '@fuchsbau/shared/log.ts'
import type { RelyingParty, Renewed } from '@fuchsbau/shared/login/oidc.ts'
import { createMetrics } from '@fuchsbau/shared/metrics.ts'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { person } from '../../../test/support/registry-process.ts'
import { makeTempData, removeTempData } from '../../../test/support/temp-data.ts'
import { waitFor } from '../../../test/support/wait-for.ts'
import { auditedFixture } from '../audited.fixture.ts'
import type { PersonRecord } from '../store/records.ts'
import { Seal } from '../store/seal.ts'
import { openStore, type Store } from '../store/store.ts'
import { checked } from './checked.ts'
import { Recheck } from './recheck.ts'
import { startRecheckSweep } from './recheck-sweep.ts'

const NOW = 1_800_000_000_000
const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
const ISSUER = 'https://id.test'

type Asked = Parameters<RelyingParty['renew']>[0]

const clock = settableClock(NOW)
let directory: string
let store: Store
let seal: Seal
let recheck: Recheck
let metrics: ReturnType<typeof createMetrics>
let lines: string[]
/** What the provider was asked, oldest first. */
let asked: Asked[]
/** What it says. */
let answer: (login: Asked) => Renewed | Promise<Renewed>

beforeEach(() => {
  clock.set(NOW)
  directory = makeTempData('recheck')
  lines = []
  asked = []
  answer = () => ({ outcome: 'here', groups: ['den'] })
  open(ISSUER)
})
afterEach(() => {
  store.close()
  removeTempData(directory)
})

/** As after a restart. */
function open(issuer?: string): void {
  const log = createLog({ level: 'trace', stream: { write: (line) => void lines.push(line) } })
  store = openStore({ directory, clock, log })
  seal = Seal.open(directory)
  metrics = createMetrics()
  const party = issuer === undefined ? undefined : { issuer, renew }
  recheck = new Recheck(auditedFixture({ store, clock, log, metrics }), {
    party,
    seal,
    everyMs: 15 * MINUTE_MS,
    maxLoginAgeMs: 30 * DAY_MS,
  })
}

async function renew(login: Asked): Promise<Renewed> {
  asked.push(login)
  return await answer(login)
}

/** Somebody who has logged in now. */
function vixen(more: Partial<PersonRecord> = {}, refreshToken = 'r1') {
  const base = { ...person('vixen', ['den']), createdAt: NOW, checkedAt: NOW }
  const sealed = recheck.sealed({ ...base, refreshToken })
  const added = store.people.add({ ...base, refreshToken: sealed, ...more })
  if (!added) throw new Error('the name is taken')
  store.commitTurn()
  return added
}

/** Her as whoever comes by one of her credentials finds her. */
const come = ({ id }: PersonRecord) =>
  checked(
    { recheck },
    () => store.people.get(id),
    (found) => found,
  )

const audited = (event: string) => store.audit.find({ event }, 10).map(({ outcome }) => outcome)
const count = (outcome: string) =>
  new RegExp(`rechecks_total{outcome="${outcome}"} (\\d+)`).exec(metrics.text())?.[1]

describe('a person whose credential is used', () => {
  test('is asked about when the last answer is too old, once for all who come at the same time', async () => {
    const her = vixen()
    clock.advance(15 * MINUTE_MS - 1)
    await come(her)
    expect(asked).toEqual([])
    clock.advance(1)
    await Promise.all([come(her), come(her), come(her)])
    expect(asked.map(({ refreshToken, subject }) => [refreshToken, subject])).toEqual([
      ['r1', her.sub],
    ])
    await come(her)
    expect(asked).toHaveLength(1)
    expect(store.people.get(her.id)?.checkedAt).toBe(clock.now())
  })

  test('has the groups of now, and the audit says that they are others', async () => {
    const her = vixen()
    clock.advance(15 * MINUTE_MS)
    await come(her)
    expect(audited('groups')).toEqual([])
    answer = () => ({ outcome: 'here', groups: [] })
    clock.advance(15 * MINUTE_MS)
    expect((await come(her))?.groups).toEqual([])
    expect(store.audit.find({ event: 'groups' }, 10)).toMatchObject([
      { outcome: 'ok', reference: '' },
    ])
  })

  test('keeps her groups when the provider says nothing about them', async () => {
    const her = vixen()
    answer = () => ({ outcome: 'here', groups: undefined })
    clock.advance(15 * MINUTE_MS)
    expect((await come(her))?.groups).toEqual(['den'])
  })

  test('who is gone is out, with her sessions, until she logs in again', async () => {
    const her = vixen()
    store.sessions.add({
      ...{ hash: 'h', personId: her.id, createdAt: NOW, usedAt: NOW },
      ...{ address: '', idToken: '', sid: '' },
    })
    answer = () => ({ outcome: 'gone', reason: 'invalid_grant' })
    clock.advance(15 * MINUTE_MS)
    expect(await come(her)).toMatchObject({ isGone: true, refreshToken: '' })
    expect(store.sessions.ofPerson(her.id)).toEqual([])
    expect(audited('gone')).toEqual(['refused by the identity provider'])
    expect(count('gone')).toBe('1')
    clock.advance(15 * MINUTE_MS)
    await come(her)
    expect(asked).toHaveLength(1)
  })

  test('of no provider is never asked about', async () => {
    const you = vixen({ issuer: '', sub: '' })
    clock.advance(1000 * DAY_MS)
    expect(await come(you)).toMatchObject({ isGone: false })
    expect(asked).toEqual([])
  })
})

describe('a refresh token', () => {
  test('stands nowhere in the database as it is', () => {
    const { refreshToken } = vixen({}, 'the refresh token')
    expect(refreshToken).not.toBe('')
    expect(refreshToken).not.toContain('the refresh token')
    expect(Buffer.from(refreshToken, 'base64url').toString()).not.toContain('refresh')
  })

  test('that replaces another is on disk before the rest of the answer is read', async () => {
    const her = vixen()
    const rest = Promise.withResolvers<Renewed>()
    answer = ({ keep }) => {
      keep('r2')
      return rest.promise
    }
    clock.advance(15 * MINUTE_MS)
    const coming = come(her)
    await waitFor(() => asked.length > 0, { what: 'the question' })
    // As if the power had gone: another process reads what is there.
    const kept = store.people.get(her.id)?.refreshToken ?? ''
    expect(seal.open(kept, `${her.issuer}\n${her.sub}`)).toBe('r2')
    rest.resolve({ outcome: 'failed', reason: 'x', isAway: true })
    await coming
    clock.advance(31_000)
    answer = () => ({ outcome: 'here', groups: [] })
    await come(her)
    await recheck.close()
    expect(asked.at(-1)?.refreshToken).toBe('r2')
  })

  test('is not shown again by who has read the person before it was replaced', async () => {
    const her = vixen()
    answer = ({ keep }) => {
      keep('r2')
      return { outcome: 'here', groups: [] }
    }
    clock.advance(15 * MINUTE_MS)
    await recheck.check(her)
    await recheck.check(her)
    clock.advance(15 * MINUTE_MS)
    await recheck.check(her)
    expect(asked.map(({ refreshToken }) => refreshToken)).toEqual(['r1', 'r2'])
  })

  test('survives a restart', async () => {
    const her = vixen()
    store.close()
    open(ISSUER)
    clock.advance(15 * MINUTE_MS)
    await come(her)
    expect(asked[0]?.refreshToken).toBe('r1')
  })

  test('that could not be stored is kept in memory until it can', async () => {
    const her = vixen()
    answer = ({ keep }) => {
      const { put } = store.people
      // The disk is full just now.
      store.people.put = () => false
      const { commitTurn } = store
      store.commitTurn = () => undefined
      Object.defineProperty(store, 'failure', { value: 'full', configurable: true })
      keep('r2')
      Object.assign(store, { commitTurn })
      store.people.put = put
      return { outcome: 'here', groups: ['den'] }
    }
    clock.advance(15 * MINUTE_MS)
    await come(her)
    await come(her)
    // Nothing is asked while nothing can be stored.
    expect(asked).toHaveLength(1)
    Reflect.deleteProperty(store, 'failure')
    answer = () => ({ outcome: 'here', groups: ['den'] })
    clock.advance(15 * MINUTE_MS)
    await come(her)
    expect(asked.at(-1)?.refreshToken).toBe('r2')
    clock.advance(15 * MINUTE_MS)
    await come(her)
    expect(asked.at(-1)?.refreshToken).toBe('r2')
  })

  test('of a login that came meanwhile is not replaced by an older one, and who has logged in is not gone', async () => {
    const her = vixen()
    const rest = Promise.withResolvers<Renewed>()
    answer = () => rest.promise
    clock.advance(15 * MINUTE_MS)
    const coming = come(her)
    await waitFor(() => asked.length > 0, { what: 'the question' })
    const refreshToken = recheck.sealed({ ...her, refreshToken: 'of the new login' })
    store.people.put({ ...her, refreshToken, groups: ['new'], checkedAt: clock.now() })
    asked[0]?.keep('r2')
    rest.resolve({ outcome: 'gone', reason: 'invalid_grant' })
    expect(await coming).toMatchObject({ isGone: false, groups: ['new'], refreshToken })
  })

  test('that cannot be unsealed asks nobody: her login counts for so long as others without one', async () => {
    const her = vixen({ refreshToken: 'sealed by another key' })
    clock.advance(15 * MINUTE_MS)
    expect(await come(her)).toMatchObject({ isGone: false, refreshToken: '' })
    expect(asked).toEqual([])
    expect(lines.join('')).toContain('cannot be unsealed')
  })
})

describe('while the provider does not answer', () => {
  const away = (): Renewed => ({ outcome: 'failed', reason: 'unreachable', isAway: true })

  test('what it said last holds, is told and counted, and is asked again soon', async () => {
    const her = vixen()
    answer = away
    clock.advance(15 * MINUTE_MS)
    expect(await come(her)).toMatchObject({ isGone: false, groups: ['den'], checkedAt: NOW })
    await come(her)
    expect(asked).toHaveLength(1)
    expect(count('failed')).toBe('1')
    expect(lines.filter((line) => line.includes('the last answer holds'))).toHaveLength(1)
    answer = () => ({ outcome: 'gone', reason: 'x' })
    clock.advance(30_000)
    await come(her)
    await recheck.close()
    expect(store.people.get(her.id)?.isGone).toBe(true)
  })

  test('a request waits five seconds for it, once; the others do not', async () => {
    const her = vixen()
    const rest = Promise.withResolvers<Renewed>()
    answer = () => rest.promise
    clock.advance(15 * MINUTE_MS)
    const coming = come(her)
    await waitFor(() => asked.length > 0, { what: 'the question' })
    clock.advance(5_000)
    expect(await coming).toMatchObject({ isGone: false })
    expect(await come(her)).toMatchObject({ isGone: false })
    rest.resolve(away())
    await recheck.close()
    // It is known to be away: asked again, but nobody waits.
    clock.advance(30_000)
    const late = Promise.withResolvers<Renewed>()
    answer = () => late.promise
    expect(await come(her)).toMatchObject({ isGone: false })
    expect(asked).toHaveLength(2)
    late.resolve({ outcome: 'gone', reason: 'x' })
    await recheck.close()
    expect(await come(her)).toMatchObject({ isGone: true })
  })

  test('an error of ours stops nobody, either', async () => {
    const her = vixen()
    answer = () => {
      throw new Error('a bug')
    }
    clock.advance(15 * MINUTE_MS)
    expect(await come(her)).toMatchObject({ isGone: false })
    expect(lines.join('')).toContain('a bug')
  })
})

test('one whom the provider answers nonsense about keeps nobody else from being asked about', async () => {
  const her = vixen()
  const hare = { ...person('hare'), checkedAt: NOW }
  const refreshToken = recheck.sealed({ ...hare, refreshToken: 'h1' })
  const him = store.people.add({ ...hare, refreshToken })
  if (!him) throw new Error('taken')
  answer = ({ refreshToken: shown }) =>
    shown === 'r1'
      ? { outcome: 'failed', reason: 'x', isAway: false }
      : { outcome: 'gone', reason: 'x' }
  clock.advance(15 * MINUTE_MS)
  await come(her)
  expect(await come(him)).toMatchObject({ isGone: true })
})

describe('demanded after a logout at the provider', () => {
  test('the answer is new, and the next use waits for it', async () => {
    const her = vixen()
    const rest = Promise.withResolvers<Renewed>()
    answer = () => rest.promise
    recheck.demand(her)
    const coming = come(her)
    rest.resolve({ outcome: 'gone', reason: 'x' })
    expect(await coming).toMatchObject({ isGone: true })
    expect(asked).toHaveLength(1)
  })

  test('while she is being asked about, she is asked about once more', async () => {
    const her = vixen()
    const before = Promise.withResolvers<Renewed>()
    answer = () => before.promise
    clock.advance(15 * MINUTE_MS)
    const coming = come(her)
    await waitFor(() => asked.length > 0, { what: 'the question' })
    recheck.demand(her)
    answer = () => ({ outcome: 'gone', reason: 'x' })
    const later = come(her)
    before.resolve({ outcome: 'here', groups: ['den'] })
    await coming
    expect(await later).toMatchObject({ isGone: true })
    expect(asked).toHaveLength(2)
  })

  test('it is asked for again when it failed', async () => {
    const her = vixen()
    answer = () => ({ outcome: 'failed', reason: 'x', isAway: false })
    recheck.demand(her)
    await recheck.close()
    clock.advance(30_000)
    answer = () => ({ outcome: 'here', groups: ['den'] })
    await come(her)
    await come(her)
    expect(asked).toHaveLength(2)
  })
})

describe('a person about whom nobody can be asked', () => {
  test.each<[string, () => PersonRecord]>([
    ['without a refresh token', () => vixen({ refreshToken: '' })],
    ['of another provider', () => vixen({ issuer: 'https://before.test' })],
    [
      'while no provider is configured',
      () => {
        store.close()
        open()
        return vixen()
      },
    ],
  ])('(%s) is here for so long as a login counts', async (_, make) => {
    const her = make()
    clock.advance(30 * DAY_MS - 1)
    expect(await come(her)).toMatchObject({ isGone: false })
    clock.advance(1)
    expect(await come(her)).toMatchObject({ isGone: true })
    expect(asked).toEqual([])
    expect(audited('gone')).toEqual(['her last login is too long ago'])
  })

  test('of a provider whose name ends with a slash is none of them', async () => {
    const her = vixen({ issuer: `${ISSUER}/` })
    const refreshToken = recheck.sealed({ ...her, refreshToken: 'r1' })
    store.people.put({ ...her, refreshToken })
    clock.advance(15 * MINUTE_MS)
    await come(her)
    expect(asked).toHaveLength(1)
  })
})

test('who is not here for a day is asked about all the same: her refresh token stays good', async () => {
  const her = vixen()
  const base = { store, clock, log: createLog({ level: 'silent' }), recheck }
  const stop = startRecheckSweep(base)
  clock.advance(DAY_MS)
  expect(asked).toHaveLength(0)
  clock.advance(10 * MINUTE_MS)
  await waitFor(() => store.people.get(her.id)?.checkedAt !== NOW, { what: 'the answer' })
  expect(asked).toHaveLength(1)
  stop()
  clock.advance(2 * DAY_MS)
  expect(asked).toHaveLength(1)
})
