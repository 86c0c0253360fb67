import { afterEach, describe, expect, test } from 'vitest'
import { Bench, day, delivered, down, hour, minute, settle, start } from './delivery.fixture.ts'
import type { DeliveryLimits } from './delivery-limits.ts'

const benches: Bench[] = []
function bench(limits: Partial<DeliveryLimits> = {}): Bench {
  const made = new Bench(limits)
  benches.push(made)
  return made
}
afterEach(async () => {
  for (const each of benches.splice(0)) await each.end()
})

const a = 'https://a.example/inbox'
const b = 'https://b.example/inbox'
const refused = (status: number) => ({ kind: 'refused', status, message: `${status}` }) as const
const first = <T>(list: readonly T[]): T => {
  expect(list.length).toBeGreaterThan(0)
  return list[0] as T
}

describe('order', () => {
  test('activities reach an inbox one after another, in the order they were queued', async () => {
    const { send, open, underWay } = bench()
    for (const id of ['create', 'update', 'delete']) await send(id, a)
    const seen: string[] = []
    while (open.length > 0) {
      expect(open).toHaveLength(1)
      seen.push(...underWay())
      await first(open).answer(delivered)
    }
    expect(seen).toEqual([`${a} create`, `${a} update`, `${a} delete`])
  })

  test('a failed activity holds back those behind it, until it got through', async () => {
    const { send, open, pass, underWay, answerAll } = bench()
    await send('create', a)
    await send('delete', a)
    await first(open).answer(down)
    expect(open).toEqual([])
    await pass(minute - 1)
    expect(open).toEqual([])
    await pass(1)
    expect(underWay()).toEqual([`${a} create`])
    expect(await answerAll()).toEqual([`${a} create`, `${a} delete`])
  })

  test('a slow host delays nobody else, and its own other inboxes no more than itself', async () => {
    const { send, underWay, open } = bench()
    const second = 'https://a.example/second'
    await send('1', a, second, b)
    await send('2', a, b)
    expect(underWay()).toEqual([`${a} 1`, `${b} 1`, `${second} 1`])
    await open[1]?.answer(delivered)
    expect(underWay()).toEqual([`${a} 1`, `${second} 1`, `${b} 2`])
  })

  test('an activity that a host answers with 500 again and again steps out of the way of the others', async () => {
    const { send, open, pass, underWay, answerAll } = bench({ asideAttempts: 3 })
    await send('poison', a)
    await send('next', a)
    const broken = { kind: 'failed', status: 500, message: '500' } as const
    await first(open).answer(broken)
    await pass(minute)
    await first(open).answer(broken)
    await pass(2 * minute)
    expect(underWay()).toEqual([`${a} poison`])
    await first(open).answer(broken)
    expect(await answerAll()).toEqual([`${a} next`])
    await pass(4 * minute)
    expect(await answerAll()).toEqual([`${a} poison`])
  })

  test('what stepped aside stays there over a restart', async () => {
    const made = bench({ asideAttempts: 1 })
    const { send, open, answerAll, pass } = made
    await send('poison', a)
    await first(open).answer({ kind: 'failed', status: 500, message: '500' })
    await made.crash()
    await send('next', a)
    expect(await answerAll()).toEqual([`${a} next`])
    await pass(minute)
    expect(await answerAll()).toEqual([`${a} poison`])
  })
})

describe('limits', () => {
  test('to one host at most perHost attempts run at once', async () => {
    const { send, open } = bench({ perHost: 2 })
    await send('1', ...[1, 2, 3, 4].map((n) => `https://a.example/${n}/inbox`))
    expect(open).toHaveLength(2)
    await first(open).answer(delivered)
    expect(open.map(({ inbox }) => inbox)).toEqual([
      'https://a.example/2/inbox',
      'https://a.example/3/inbox',
    ])
  })

  test('slow hosts leave slots to a host that comes later', async () => {
    const { send, open, underWay } = bench({ inFlight: 12, perHost: 12 })
    const many = (host: string) => Array.from({ length: 20 }, (_, n) => `https://${host}/${n}`)
    await send('1', ...many('slow.example'), ...many('slower.example'))
    const taken = open.length
    expect(taken).toBeGreaterThan(4)
    expect(taken).toBeLessThan(12)
    await send('2', b)
    expect(underWay()).toContain(`${b} 2`)
  })

  test('with all slots taken, hosts get free ones in turn', async () => {
    const { send, open, underWay } = bench({ inFlight: 2 })
    await send('1', 'https://c.example/1', 'https://d.example/1')
    await send('2', 'https://a.example/1', 'https://a.example/2', 'https://b.example/1')
    expect(open).toHaveLength(2)
    await open[1]?.answer(delivered)
    await open[0]?.answer(delivered)
    expect(underWay()).toEqual(['https://a.example/1 2', 'https://b.example/1 2'])
  })
})

describe('failures', () => {
  test('the pauses grow from a minute to half a day', async () => {
    const { send, open, clock, pass } = bench()
    await send('1', a)
    const pauses: number[] = []
    for (let i = 0; i < 13; i++) {
      const { nextAt } = first(open).delivery
      await first(open).answer(down)
      const from = clock.now()
      while (open.length === 0) await pass(minute)
      pauses.push((clock.now() - from) / minute)
      expect(nextAt).toBeLessThanOrEqual(from)
    }
    expect(pauses.slice(0, 5)).toEqual([1, 2, 4, 8, 16])
    expect(pauses.slice(-2)).toEqual([720, 720])
  })

  test('a failure is written to the file of the delivery, in words', async () => {
    const { send, open, store } = bench()
    await send('1', a)
    await first(open).answer(down)
    expect([...store.queue.all()]).toMatchObject([
      { attempts: 1, nextAt: start + 1 + minute, lastError: 'connect ECONNREFUSED' },
    ])
  })

  test('Retry-After holds the whole host, as long as the peer asked (RFC 9110, 10.2.3)', async () => {
    const { send, open, pass, underWay } = bench({ perHost: 1 })
    await send('1', a, 'https://a.example/other', b)
    await first(open).answer({
      kind: 'failed',
      status: 429,
      message: 'slow down',
      retryAfterMs: hour,
    })
    expect(underWay()).toEqual([`${b} 1`])
    await pass(hour - 1)
    expect(underWay()).toEqual([`${b} 1`])
    await pass(1)
    expect(underWay()).toEqual([`${b} 1`, 'https://a.example/other 1'])
  })

  test('a Retry-After of years counts as half a day', async () => {
    const { send, open, pass } = bench()
    await send('1', a)
    await first(open).answer({ kind: 'failed', message: '', retryAfterMs: 1000 * day })
    await pass(12 * hour)
    expect(open).toHaveLength(1)
  })

  test('a delivery is given up after ten days, with one line in the log', async () => {
    const { send, open, pass, clock, queued, bodies, logged, metrics } = bench()
    await send('1', a)
    let attempts = 0
    while (queued().length > 0) {
      while (open.length === 0) await pass(hour)
      attempts += 1
      await first(open).answer(down)
    }
    const days = (clock.now() - start) / day
    expect(days).toBeGreaterThanOrEqual(10)
    expect(days).toBeLessThan(10.6)
    expect(attempts).toBeGreaterThan(20)
    await expect.poll(() => bodies()).toEqual([])
    expect(logged.filter(({ msg }) => msg === 'delivery given up')).toHaveLength(1)
    expect(metrics.text()).toContain('deliveries_total{outcome="expired"} 1')
  })

  test('after ten days of our own being down nothing is given up at the first failure', async () => {
    const made = bench()
    await made.send('1', a)
    made.clock.set(start + 11 * day)
    await made.crash()
    await first(made.open).answer(down)
    expect(made.queued()).toHaveLength(1)
    await made.pass(minute)
    expect(await made.answerAll()).toEqual([`${a} 1`])
  })

  test('401 and 403 are tried again a few times, other refusals not at all', async () => {
    const { send, open, pass, queued, metrics } = bench()
    await send('1', a)
    for (const pause of [1, 2, 4]) {
      await first(open).answer(refused(401))
      expect(queued()).toHaveLength(1)
      await pass(pause * minute)
    }
    await first(open).answer(refused(401))
    expect(queued()).toEqual([])
    await send('2', b)
    await first(open).answer(refused(422))
    expect(queued()).toEqual([])
    expect(metrics.text()).toContain('deliveries_total{outcome="refused"} 2')
  })

  test('behind one that was refused after retries the next get one attempt each', async () => {
    const { send, open, queued, answerAll } = bench({ refusedAttempts: 1 })
    await send('1', a)
    await send('2', a)
    await send('3', a)
    await first(open).answer(refused(403))
    expect(await answerAll(refused(403))).toEqual([`${a} 2`, `${a} 3`])
    expect(queued()).toEqual([])
  })

  test('404 and 410 end the delivery and name the follower to drop', async () => {
    const { send, open, gone, queued, bodies } = bench()
    await send('1', { inbox: a, follower: 'https://a.example/bob' })
    await first(open).answer({ kind: 'gone' })
    expect(gone).toMatchObject([{ inbox: a, follower: 'https://a.example/bob', user: 'alice' }])
    await expect.poll(() => [...queued(), ...bodies()]).toEqual([])
  })

  test('what a shared inbox that is gone was to get goes to those behind it, in order, and the body stays', async () => {
    const { send, open, gone, instead, underWay, answerAll, queued, bodies, metrics } = bench()
    const own = ['ann', 'abe'].map((name) => `https://a.example/${name}/inbox`)
    instead.set(
      a,
      own.map((inbox) => ({ inbox, follower: inbox.replace('/inbox', '') })),
    )
    await send('create', a)
    await send('delete', a)
    const { body } = first(open)
    await first(open).answer({ kind: 'gone' })
    expect(underWay()).toEqual([`${own[0]} create`, `${own[1]} create`, `${a} delete`])
    expect(first(open).body).toBe(body)
    await open[2]?.answer({ kind: 'gone' })
    expect(queued()).toHaveLength(4)
    expect(await answerAll()).toEqual(
      ['create', 'delete'].flatMap((id) => own.map((inbox) => `${inbox} ${id}`)),
    )
    expect(gone.map(({ inbox }) => inbox)).toEqual([a, a])
    await expect.poll(() => [...queued(), ...bodies()]).toEqual([])
    expect(metrics.text()).toContain('deliveries_total{outcome="gone"} 2')
    expect(metrics.text()).toContain('deliveries_total{outcome="delivered"} 4')
  })

  test('a shared inbox that is gone is replaced in one transaction', async () => {
    const made = bench()
    const own = 'https://a.example/ann/inbox'
    made.instead.set(a, [{ inbox: own, follower: 'https://a.example/ann' }])
    await made.send('1', a)
    const { store } = made
    const commit = store.commit.bind(store)
    let commits = 0
    store.commit = (ops) => {
      commits += 1
      return commit(ops)
    }
    await first(made.open).answer({ kind: 'gone' })
    expect(commits).toBe(1)
    await made.crash()
    expect(made.underWay()).toEqual([`${own} 1`])
    expect(made.open).toMatchObject([{ delivery: { follower: 'https://a.example/ann' } }])
    await first(made.open).answer({ kind: 'gone' })
    expect(made.gone).toMatchObject([{ inbox: a }, { follower: 'https://a.example/ann' }])
    expect(made.queued()).toEqual([])
  })

  test('a shared inbox is replaced although the disk is full, and found gone again after a crash', async () => {
    const made = bench()
    const own = 'https://a.example/ann/inbox'
    made.instead.set(a, [{ inbox: own, follower: 'https://a.example/ann' }])
    await made.send('1', a)
    made.store.commit = () => {
      throw new Error('ENOSPC')
    }
    await first(made.open).answer({ kind: 'gone' })
    expect(made.underWay()).toEqual([`${own} 1`])
    await made.crash()
    expect(made.underWay()).toEqual([`${a} 1`])
  })

  test('what the operator dropped meanwhile goes nowhere else', async () => {
    const { send, open, instead, engine, queued } = bench()
    instead.set(a, [{ inbox: 'https://a.example/ann/inbox', follower: 'https://a.example/ann' }])
    await send('1', a)
    engine.drop({ host: 'a.example' })
    await first(open).answer({ kind: 'gone' })
    expect(open).toEqual([])
    expect(queued()).toEqual([])
  })

  test('a mistake in the code that posts is retried, logged, and stops nobody', async () => {
    const { send, open, pass, logged, answerAll } = bench()
    await send('1', a, b)
    await first(open).break(new TypeError('oops'))
    expect(await answerAll()).toEqual([`${b} 1`])
    expect(logged).toMatchObject([{ level: 'error', msg: 'attempt broke' }])
    await pass(minute)
    expect(await answerAll()).toEqual([`${a} 1`])
  })
})

describe('bodies', () => {
  test('the body is the same bytes for every inbox and goes with the last delivery', async () => {
    const { send, open, queued, bodies } = bench()
    await send('1', a, b)
    expect(open[0]?.body).toBe(open[1]?.body)
    expect(JSON.parse(open[0]?.body.text ?? '')).toEqual({ id: '1' })
    await first(open).answer(delivered)
    expect(bodies()).toHaveLength(1)
    await first(open).answer(delivered)
    await expect.poll(() => [...queued(), ...bodies()]).toEqual([])
  })

  test('a body that is queued again while its last delivery ends is kept', async () => {
    const { store, engine, clock, send, open, underWay } = bench()
    await send('1', a)
    const again = store.queue.enqueue('alice', { id: '1' }, [{ inbox: b }], clock.now())
    const isDurable = store.commit(again.ops).then(() => engine.wake(again.deliveries))
    await first(open).answer(delivered)
    await isDurable
    await settle()
    expect(underWay()).toEqual([`${b} 1`])
  })

  test('a delivery whose body is missing is dropped with a line in the log', async () => {
    const { store, engine, send, open, queued, logged, answerAll } = bench({ cachedBodies: 0 })
    await send('1', a)
    await send('2', a)
    const [, next] = engine.list()
    await store.commit([store.queue.removeBody(next?.body ?? '')])
    await first(open).answer(delivered)
    expect(await answerAll()).toEqual([])
    expect(queued()).toEqual([])
    expect(logged).toMatchObject([{ level: 'error', msg: 'body of a delivery is missing' }])
  })
})
