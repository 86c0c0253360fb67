// The delivery engine over hours and restarts: hosts that are down, crashes, odd clocks, the operator, the end.

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
const many = (count: number, host = 'a.example') =>
  Array.from({ length: count }, (_, n) => `https://${host}/${n}`)

/** Five failures: the host is held. */
async function openCircuit(made: Bench): Promise<void> {
  await made.send('first', ...many(5))
  for (const attempt of [...made.open]) await attempt.answer(down)
}

describe('a host that is down', () => {
  test('is held as a whole after five failures, then probed with one attempt at a time', async () => {
    const made = bench()
    await openCircuit(made)
    await made.send('more', ...many(3, 'a.example:443'), a, b)
    expect(made.underWay()).toEqual([`${b} more`])
    await made.answerAll()
    await made.pass(minute)
    expect(made.open).toHaveLength(1)
    await made.open[0]?.answer(down)
    expect(made.open).toEqual([])
    await made.pass(2 * minute)
    expect(made.open).toHaveLength(1)
  })

  test('gets everything at once when a probe went through', async () => {
    const made = bench()
    await openCircuit(made)
    await made.send('more', ...many(5))
    await made.pass(minute)
    await made.open[0]?.answer(delivered)
    expect(made.open).toHaveLength(5)
    expect(await made.answerAll()).toHaveLength(9)
    expect(made.queued()).toEqual([])
    expect(made.logged.map(({ msg }) => msg)).toEqual([
      'host keeps failing: held as a whole',
      'host is back',
    ])
  })

  test('takes another delivery for each probe, so that one that breaks it does not hold it', async () => {
    const made = bench()
    await openCircuit(made)
    const probed = new Set<string>()
    for (let i = 1; i <= 16; i *= 2) {
      await made.pass(i * minute)
      probed.add(made.open[0]?.inbox ?? '')
      await made.open[0]?.answer(down)
    }
    expect(probed.size).toBeGreaterThan(2)
  })

  test('is still held after a crash, until the same instant', async () => {
    const made = bench()
    await openCircuit(made)
    await made.pass(minute)
    await made.open[0]?.answer(down)
    await made.crash()
    await made.send('new', a)
    expect(made.open).toEqual([])
    expect(made.engine.stats().held).toMatchObject([
      { host: 'a.example', waiting: 6, failures: 6, heldUntil: made.clock.now() - 1 + 2 * minute },
    ])
    await made.pass(2 * minute)
    expect(made.open).toHaveLength(1)
  })

  test('loses after ten days what waited so long, and keeps what is younger', async () => {
    const made = bench()
    await openCircuit(made)
    while (made.clock.now() < start + 5 * day) {
      await made.pass(hour)
      await made.open[0]?.answer(down)
    }
    await made.send('young', a)
    while (made.queued().length === 6) {
      await made.pass(hour)
      await made.open[0]?.answer(down)
    }
    expect((made.clock.now() - start) / day).toBeLessThan(10.6)
    expect([...made.engine.list()].map(({ inbox }) => inbox)).toEqual([a])
    expect(made.metrics.text()).toContain('deliveries_total{outcome="expired"} 5')
    expect(made.metrics.text()).toContain('delivery_open_circuits 1')
  })

  test('leaves slots to hosts that work, however many hosts are down', async () => {
    const made = bench({ inFlight: 8 })
    const dead = Array.from({ length: 20 }, (_, n) => `https://dead${n}.example/inbox`)
    await made.send('1', ...dead)
    await made.answerAll(down)
    await made.pass(minute)
    expect(made.open).toHaveLength(6)
    expect(made.metrics.text()).toContain('delivery_waiting_hosts 14')
    await made.send('2', a, b)
    expect(made.underWay()).toEqual(expect.arrayContaining([`${a} 2`, `${b} 2`]))
  })
})

describe('crashes', () => {
  test('what was queued is attempted after a crash, in order, and nothing that ended', async () => {
    const made = bench()
    for (const id of ['1', '2', '3']) await made.send(id, a, b)
    await made.open.find(({ inbox }) => inbox === a)?.answer(delivered)
    await made.crash()
    const seen = await made.answerAll()
    expect(seen.filter((each) => each.startsWith(a))).toEqual([`${a} 2`, `${a} 3`])
    expect(seen.filter((each) => each.startsWith(b))).toEqual([`${b} 1`, `${b} 2`, `${b} 3`])
    await expect.poll(() => [...made.queued(), ...made.bodies()]).toEqual([])
  })

  test('attempts and their pause survive a crash', async () => {
    const made = bench()
    await made.send('1', a)
    await made.open[0]?.answer(down)
    await made.pass(minute)
    await made.open[0]?.answer(down)
    await made.crash()
    await made.pass(2 * minute - 1)
    expect(made.open).toEqual([])
    await made.pass(1)
    expect(made.open).toMatchObject([{ delivery: { attempts: 2 } }])
  })

  test('bodies that no delivery needs any more are swept at the start', async () => {
    const made = bench()
    const { store } = made
    await made.send('kept', a)
    const { ops } = store.queue.enqueue('alice', { id: 'orphan' }, [{ inbox: a }], start)
    await store.commit(ops.slice(0, 1))
    expect(made.bodies()).toHaveLength(2)
    await made.crash()
    expect(made.bodies()).toHaveLength(1)
    expect(await made.answerAll()).toEqual([`${a} kept`])
  })

  test('a disk that takes no data does not stop deliveries; outcomes are written when it does again', async () => {
    const made = bench()
    await made.send('1', a)
    await made.send('2', a)
    const { commit } = made.store
    made.store.commit = () => {
      throw new Error('ENOSPC')
    }
    expect(await made.answerAll()).toEqual([`${a} 1`, `${a} 2`])
    expect(made.queued()).toHaveLength(2)
    made.store.commit = commit
    await made.pass(10_000)
    expect(made.queued()).toEqual([])
    expect(made.logged).toMatchObject([{ level: 'error' }])
  })
})

describe('clocks', () => {
  test('a clock set back by a year does not stop retries', async () => {
    const made = bench()
    await made.send('1', a)
    await made.open[0]?.answer(down)
    made.clock.set(start - 365 * day)
    await made.send('2', b)
    await made.open[0]?.answer(down)
    await made.pass(minute)
    expect(made.underWay().toSorted()).toEqual([`${a} 1`, `${b} 2`])
  })

  test('a jump ahead makes things due, and gives up nothing that failed a few times only', async () => {
    const made = bench()
    await made.send('1', a)
    await made.open[0]?.answer(down)
    await made.pass(365 * day)
    expect(made.underWay()).toEqual([`${a} 1`])
    await made.open[0]?.answer(down)
    expect(made.queued()).toHaveLength(1)
  })
})

describe('the operator', () => {
  test('sees what is queued and why it waits', async () => {
    const made = bench()
    await made.send('1', a, b)
    await made.open[0]?.answer(down)
    expect([...made.engine.list('a.example')]).toMatchObject([
      { inbox: a, attempts: 1, lastError: 'connect ECONNREFUSED' },
    ])
    expect(made.engine.stats()).toEqual({ waiting: 1, inFlight: 1, oldestAt: start + 1, held: [] })
    expect(made.metrics.text()).toContain('deliveries_queued 2')
  })

  test('may have a host retried at once', async () => {
    const made = bench()
    await openCircuit(made)
    made.engine.retryNow('a.example')
    await settle()
    expect(made.open).toHaveLength(1)
    await made.open[0]?.answer(delivered)
    expect(await made.answerAll()).toHaveLength(4)
  })

  test('may drop what waits for a host; what is under way ends with its attempt', async () => {
    const made = bench()
    await made.send('1', a, b)
    await made.send('2', a)
    expect(made.engine.drop({ host: 'a.example' })).toBe(2)
    await made.open.find(({ inbox }) => inbox === a)?.answer(down)
    expect([...made.engine.list()]).toMatchObject([{ inbox: b }])
    await expect.poll(() => made.bodies()).toHaveLength(1)
    expect(made.metrics.text()).toContain('deliveries_total{outcome="dropped"} 2')
  })
})

describe('a host that shows life by itself', () => {
  test('is probed at once when it is held, and gets everything when the probe went through', async () => {
    const made = bench()
    await openCircuit(made)
    made.engine.noteLife('b.example')
    made.engine.noteLife('a.example')
    await settle()
    expect(made.open).toHaveLength(1)
    await made.open[0]?.answer(delivered)
    expect(await made.answerAll()).toHaveLength(4)
  })

  test('gets at once what waits for a retry, before it would be held', async () => {
    const made = bench()
    await made.send('1', a)
    await made.open[0]?.answer(down)
    made.engine.noteLife('a.example')
    await settle()
    expect(made.underWay()).toEqual([`${a} 1`])
  })

  test('is believed once a minute', async () => {
    const made = bench()
    await openCircuit(made)
    let probes = 0
    for (let second = 0; second < 120; second += 1) {
      made.engine.noteLife('a.example')
      await made.pass(1_000)
      probes += made.open.length
      await made.answerAll(down)
    }
    expect(probes).toBe(2)
  })

  test('still gets the pause that it asked for (RFC 9110, 10.2.3)', async () => {
    const made = bench({ openAfter: 1 })
    const busy = { kind: 'failed', status: 503, message: 'busy', retryAfterMs: hour } as const
    await made.send('1', a)
    await made.open[0]?.answer(busy)
    made.engine.noteLife('a.example')
    await made.pass(hour - 1)
    expect(made.open).toEqual([])
    await made.pass(1)
    expect(made.underWay()).toEqual([`${a} 1`])
  })

  test('but refuses one activity is not sent that one sooner', async () => {
    const made = bench()
    await made.send('1', a)
    await made.open[0]?.answer({ kind: 'refused', status: 401, message: '401' })
    made.engine.noteLife('a.example')
    await settle()
    expect(made.open).toEqual([])
  })
})

describe('closing', () => {
  test('waits for attempts under way, starts no others, and leaves the rest on disk', async () => {
    const made = bench()
    await made.send('1', a)
    await made.send('2', a)
    let isClosed = false
    const closed = made.engine.close(minute).then(() => {
      isClosed = true
    })
    await settle()
    expect(isClosed).toBe(false)
    await made.open[0]?.answer(delivered)
    await closed
    expect(made.open).toEqual([])
    expect(made.queued()).toHaveLength(1)
  })

  test('after the deadline aborts what is under way, and writes nothing more', async () => {
    const made = bench()
    await made.send('1', a)
    const closed = made.engine.close(minute)
    await made.pass(minute)
    await closed
    const [attempt] = made.open
    expect(attempt?.signal.aborted).toBe(true)
    await attempt?.answer(delivered)
    expect(made.queued()).toHaveLength(1)
  })
})
