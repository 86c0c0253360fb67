import { settableClock } from '@fuchsbau/shared/clock.ts'
import { silentLog } from '@fuchsbau/shared/log.ts'
import { createMetrics } from '@fuchsbau/shared/metrics.ts'
import { verifyPassword } from '@fuchsbau/shared/password.ts'
import { describe, expect, test, vi } from 'vitest'
import { Bouncer } from '../bouncer.ts'
import { addUser, NOON, testStore } from '../store/store.fixture.ts'
import { admit, authenticate, type Proven } from './authenticate.ts'
import { hashAppPassword, hashesOf, newVerifier, ScramCheck } from './password.ts'
import { parseClientFirst, ScramClient } from './scram.ts'

vi.mock('@fuchsbau/shared/password.ts', { spy: true })

/** A bouncer where `alice` has the password `main secret` and the app password `app secret`. */
async function scene() {
  const { store } = testStore()
  const clock = settableClock(NOON)
  const alice = addUser(store)
  const { hash, scram } = await hashesOf(store, alice, 'main secret')
  store.users.put({ ...alice, password: hash })
  store.credentials.setScram(alice.id, scram)
  const app = store.credentials.addAppPassword({
    userId: alice.id,
    label: 'phone',
    hash: hashAppPassword('app secret'),
    scram: await newVerifier(store, alice, 'app secret'),
    createdAt: NOON,
  })
  const metrics = createMetrics()
  const bouncer = new Bouncer({ store, clock, log: silentLog(), metrics, serverName: 'x.test' })
  const proven: Proven = { user: alice, by: 'password' }
  return { bouncer, store, clock, alice, proven, app, metrics }
}

/** Whether SCRAM lets in, and whether the server proved that it knows the password, too. */
async function scram(bouncer: Bouncer, name: string, password: string) {
  const client = new ScramClient(name, password)
  const first = parseClientFirst(client.first)
  if (!first) throw new Error('malformed')
  const check = new ScramCheck(bouncer, name, first)
  const result = check.finish((await client.respond(check.challenge)) ?? '', '192.0.2.1')
  return {
    user: result?.user.name,
    by: result?.by,
    isServerTrue: client.isServerTrue(result?.final ?? ''),
  }
}

describe('SCRAM-SHA-256', () => {
  test('takes any password of a person, because all have one salt', async () => {
    const { bouncer, store, alice } = await scene()
    const isIn = { user: 'alice', isServerTrue: true }
    expect(await scram(bouncer, 'alice', 'main secret')).toEqual({ ...isIn, by: 'password' })
    expect(store.credentials.appPasswords(alice.id)[0]?.lastUsedAt).toBeUndefined()
    expect(await scram(bouncer, 'Alice', 'app secret')).toEqual({ ...isIn, by: 'app-password' })
    expect(store.credentials.appPasswords(alice.id)).toMatchObject([{ lastUsedFrom: '192.0.2.1' }])
    expect(await scram(bouncer, 'alice', 'wrong')).toEqual({ isServerTrue: false })
  })

  test('takes no password that was taken back, not even while it is being proved', async () => {
    const { bouncer, store, alice, app } = await scene()
    const client = new ScramClient('alice', 'app secret')
    const first = parseClientFirst(client.first)
    if (!first) throw new Error('malformed')
    const check = new ScramCheck(bouncer, 'alice', first)
    const proof = (await client.respond(check.challenge)) ?? ''
    store.credentials.removeAppPassword(alice.id, app.id)
    expect(check.finish(proof, '192.0.2.1')).toBeUndefined()
    expect(await scram(bouncer, 'alice', 'app secret')).toMatchObject({ user: undefined })
  })

  test('challenges nobody like somebody, and always the same (RFC 5802, 9)', async () => {
    const { bouncer } = await scene()
    const first = parseClientFirst('n,,n=x,r=abc')
    if (!first) throw new Error('malformed')
    const challengeOf = (name: string) =>
      new ScramCheck(bouncer, name, first).challenge.replace(/^r=[^,]+/, '')
    expect(challengeOf('bob')).toBe(challengeOf('BOB'))
    expect(challengeOf('bob')).not.toBe(challengeOf('carol'))
    expect(challengeOf('bob').replace(/s=[^,]+/, '')).toBe(
      challengeOf('alice').replace(/s=[^,]+/, ''),
    )
    expect(challengeOf('bob')).toHaveLength(challengeOf('alice').length)
  })
})

describe('a login', () => {
  const attempt = { name: 'alice', address: '192.0.2.1', method: 'PASS', client: '' }

  test('tells by which of the passwords it was', async () => {
    const { bouncer } = await scene()
    for (const [password, by] of [
      ['main secret', 'password'],
      ['app secret', 'app-password'],
    ] as const) {
      expect(await authenticate(bouncer, { ...attempt, password })).toMatchObject({ ok: true, by })
    }
  })

  test('of nobody checks a hash like that of somebody: the time does not tell who is here', async () => {
    const { bouncer } = await scene()
    const parametersOf = (hash: string | undefined) => hash?.split('$').slice(0, 4).join('$')
    const checked = []
    for (const name of ['alice', 'nobody']) {
      vi.mocked(verifyPassword).mockClear()
      const result = await authenticate(bouncer, { ...attempt, name, password: 'wrong' })
      expect(result).toEqual({
        ok: false,
        reason: 'Wrong user name or password',
        isForNow: false,
      })
      expect(vi.mocked(verifyPassword)).toHaveBeenCalledTimes(1)
      const [[password, hash] = []] = vi.mocked(verifyPassword).mock.calls
      checked.push({ password, parameters: parametersOf(hash) })
    }
    expect(checked[1]).toEqual(checked[0])
  })

  test('counts a password that was changed while it was checked as wrong', async () => {
    const { bouncer, store, alice } = await scene()
    const trying = authenticate(bouncer, { ...attempt, password: 'main secret' })
    const { hash } = await hashesOf(store, alice, 'another')
    store.users.put({ ...alice, password: hash })
    // Both take the same time: which is first is not known, but never is the old one right afterwards.
    await trying
    expect(await authenticate(bouncer, { ...attempt, password: 'main secret' })).toMatchObject({
      ok: false,
      reason: 'Wrong user name or password',
    })
  })

  test('of hundreds at once all get their turn', async () => {
    const { bouncer, proven } = await scene()
    let most = 0
    let running = 0
    const check = async () => {
      running += 1
      most = Math.max(most, running)
      await Promise.resolve()
      running -= 1
      return proven
    }
    const logins = Array.from({ length: 300 }, () => admit(bouncer, attempt, check))
    const results = await Promise.all(logins)
    expect(results.filter(({ ok }) => ok)).toHaveLength(300)
    expect(most).toBe(2)
  })

  test('of thousands at once is refused in words, and so is one that fails', async () => {
    const { bouncer, proven } = await scene()
    const { promise, resolve } = Promise.withResolvers<void>()
    const waiting = Array.from({ length: 1_002 }, () =>
      admit(bouncer, attempt, async () => {
        await promise
        return proven
      }),
    )
    expect(await admit(bouncer, attempt, async () => proven)).toMatchObject({
      reason: 'Too many log in just now: try again later',
    })
    resolve()
    await Promise.all(waiting)
    const failing = admit(bouncer, attempt, () => Promise.reject(new Error('no such luck')))
    expect(await failing).toMatchObject({
      reason: 'The login cannot be checked now: try again later',
    })
  })
})
