import { afterEach, describe, expect, test } from 'vitest'
import { settableClock } from '../clock.ts'
import { createHttp } from '../http.ts'
import { silentLog } from '../log.ts'
import { createMetrics } from '../metrics.ts'
import { makePageSite } from '../page/site.ts'
import type { Identity } from './oidc.ts'
import { type KeptSession, type SessionKeeper, WebSessions } from './sessions.ts'

const DAY_MS = 86_400_000
type Person = { name: string; isHere: boolean }
type Kept = KeptSession & { person: Person; idToken?: string }

const servers: { close(): PromiseLike<unknown> }[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

/** A store in memory that counts how often the use of a session is written down. */
class MemoryKeeper implements SessionKeeper<Person, Kept> {
  failure: string | undefined
  notes = 0
  readonly rows = new Map<string, Kept>()

  find(hash: string) {
    const record = this.rows.get(hash)
    return record?.person.isHere ? { record, person: record.person } : undefined
  }
  ofPerson(person: Person) {
    return [...this.rows.values()]
      .filter((row) => row.person === person)
      .toSorted((a, b) => b.usedAt - a.usedAt)
  }
  add(session: KeptSession, person: Person, identity: Identity | undefined) {
    this.rows.set(session.hash, {
      ...session,
      person,
      ...(identity && { idToken: identity.idToken }),
    })
  }
  noteUse(record: Kept, usedAt: number, address: string) {
    this.notes += 1
    this.rows.set(record.hash, { ...record, usedAt, address })
  }
  remove({ hash }: Kept) {
    const idToken = this.rows.get(hash)?.idToken
    this.rows.delete(hash)
    return idToken
  }
  expire(usedBefore: number, createdBefore: number) {
    for (const { hash, usedAt, createdAt } of this.rows.values()) {
      if (usedAt < usedBefore || createdAt < createdBefore) this.rows.delete(hash)
    }
  }
}

function start(base = 'https://den.test') {
  const clock = settableClock(1_000 * DAY_MS)
  const keeper = new MemoryKeeper()
  const fox: Person = { name: 'fox', isHere: true }
  const site = makePageSite(base, { name: 'fuchsbau', version: '0' }, '')
  const sessions = new WebSessions({ keeper, site, clock, cookie: 'den' })
  const app = createHttp({ log: silentLog(), metrics: createMetrics(), name: 'test' })
  servers.push(app)
  app.get('/in', (request, reply) => {
    const { idToken } = request.query as { idToken?: string }
    sessions.begin(request, reply, fox, idToken ? ({ idToken } as Identity) : undefined)
    return reply.send('in')
  })
  app.get('/who', (request, reply) => reply.send(sessions.find(request)?.person.name ?? 'nobody'))
  app.get('/out', (request, reply) => {
    const session = sessions.find(request)
    return reply.send((session && sessions.end(session, reply)) ?? 'no ID token')
  })
  /** What is answered to a browser that has this cookie, and the cookie that it has then. */
  const get = async (path: string, cookie = '') => {
    const { body, headers } = await app.inject({ url: path, headers: { cookie } })
    const set = [headers['set-cookie'] ?? []].flat().join()
    return { body, set, cookie: set ? (set.split(';')[0] ?? '') : cookie }
  }
  return { clock, keeper, fox, get }
}

describe('a session', () => {
  test('is kept by a hash of what the browser holds, in a cookie for this host alone', async () => {
    const { keeper, get } = start()
    const { set, cookie } = await get('/in')
    expect(set).toMatch(
      /^__Host-den=[\w-]{43}; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure$/,
    )
    const [hash = ''] = keeper.rows.keys()
    expect(hash).toMatch(/^[0-9a-f]{64}$/)
    expect(cookie).not.toContain(hash)
    expect((await get('/who', cookie)).body).toBe('fox')
    expect((await get('/who', `__Host-den=${hash}`)).body).toBe('nobody')
  })

  test('gets a new token at each login, and the one before ends', async () => {
    const { keeper, get } = start()
    const before = await get('/in')
    const after = await get('/in', before.cookie)
    expect(after.cookie).not.toBe(before.cookie)
    expect((await get('/who', before.cookie)).body).toBe('nobody')
    expect(keeper.rows.size).toBe(1)
  })

  test('ends when it was not used for a week', async () => {
    const { clock, get } = start()
    const { cookie } = await get('/in')
    clock.advance(7 * DAY_MS)
    expect((await get('/who', cookie)).body).toBe('fox')
    clock.advance(7 * DAY_MS + 1)
    expect((await get('/who', cookie)).body).toBe('nobody')
  })

  test('ends after 30 days in any case', async () => {
    const { clock, get } = start()
    const { cookie } = await get('/in')
    for (let day = 1; day <= 30; day += 1) {
      clock.advance(DAY_MS)
      expect((await get('/who', cookie)).body, `day ${day}`).toBe('fox')
    }
    clock.advance(1)
    expect((await get('/who', cookie)).body).toBe('nobody')
  })

  test('that is over is deleted at the next login of anybody', async () => {
    const { clock, keeper, get } = start()
    await get('/in')
    clock.advance(7 * DAY_MS + 1)
    await get('/in')
    expect(keeper.rows.size).toBe(1)
  })

  test('is one of 50 at most: the one that was not used for longest ends', async () => {
    const { clock, keeper, get } = start()
    const first = await get('/in')
    const second = await get('/in')
    clock.advance(60_001)
    await get('/who', first.cookie)
    for (let count = 2; count < 51; count += 1) await get('/in')
    expect(keeper.rows.size).toBe(50)
    expect((await get('/who', first.cookie)).body).toBe('fox')
    expect((await get('/who', second.cookie)).body).toBe('nobody')
  })

  test('has its use written down once a minute at most, and not while nothing can be stored', async () => {
    const { clock, keeper, get } = start()
    const { cookie } = await get('/in')
    await get('/who', cookie)
    clock.advance(60_000)
    await get('/who', cookie)
    expect(keeper.notes).toBe(0)
    clock.advance(1)
    keeper.failure = 'the disk is full'
    expect((await get('/who', cookie)).body).toBe('fox')
    expect(keeper.notes).toBe(0)
    keeper.failure = undefined
    await get('/who', cookie)
    await get('/who', cookie)
    expect(keeper.notes).toBe(1)
  })

  test('is nobody while its person may not be here', async () => {
    const { fox, get } = start()
    const { cookie } = await get('/in')
    fox.isHere = false
    expect((await get('/who', cookie)).body).toBe('nobody')
  })

  test('ends with the log-out, which gives the ID token back and makes the browser forget', async () => {
    const { keeper, get } = start('http://den.test')
    const { cookie } = await get('/in?idToken=of-the-provider')
    const out = await get('/out', cookie)
    expect(out.body).toBe('of-the-provider')
    expect(out.set).toBe('den=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax')
    expect(keeper.rows.size).toBe(0)
    expect((await get('/who', cookie)).body).toBe('nobody')
    expect((await get('/out', (await get('/in')).cookie)).body).toBe('no ID token')
  })
})
