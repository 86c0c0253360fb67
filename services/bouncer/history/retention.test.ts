import { expect, test } from 'vitest'
import { addNetwork, line, NOON, testStore } from '../store/store.fixture.ts'
import { retentionRule, setRetentionRule, startRetention } from './retention.ts'

const DAY = 86_400_000

test('lines go when they are older than the rule of their conversation, network or bouncer says', () => {
  const { store, clock } = testStore()
  const [a, b] = [addNetwork(store), addNetwork(store, 'alice', 'other')]
  const add = (networkId: number, target: string, days: number) =>
    store.messages.append(
      line(networkId, `${days} days`, { target, foldedTarget: target, time: NOON - days * DAY }),
    )
  for (const days of [400, 40, 4]) {
    add(a.id, '#fox', days)
    add(a.id, '#long', days)
    add(b.id, '#fox', days)
  }
  setRetentionRule(store, { networkId: a.id }, { days: 10 })
  setRetentionRule(store, { networkId: a.id, foldedTarget: '#long' }, { days: 1_000 })
  expect(retentionRule(store, { networkId: a.id })).toEqual({ days: 10 })
  const stop = startRetention({
    store,
    clock,
    people: () => [[a.id, b.id]],
    defaultMs: 100 * DAY,
    quota: 0,
    onError: (error) => expect(error).toBeUndefined(),
  })
  clock.advance(120_000)
  stop()
  const left = (networkId: number, foldedTarget: string) =>
    store.messages
      .latest({ networkId, foldedTarget, limit: 10, withEvents: true })
      .map(({ text }) => text)
  expect(left(a.id, '#fox')).toEqual(['4 days'])
  expect(left(a.id, '#long')).toEqual(['400 days', '40 days', '4 days'])
  expect(left(b.id, '#fox')).toEqual(['40 days', '4 days'])
})

test('a network that takes too much room loses its oldest lines', () => {
  const { store, clock } = testStore()
  const network = addNetwork(store)
  for (let n = 0; n < 2_000; n++) store.messages.append(line(network.id, 'x'.repeat(940)))
  setRetentionRule(store, { networkId: network.id }, { megabytes: 1 })
  const stop = startRetention({
    store,
    clock,
    people: () => [[network.id]],
    defaultMs: 100 * DAY,
    quota: 0,
    onError: (error) => expect(error).toBeUndefined(),
  })
  clock.advance(120_000)
  stop()
  const [size] = store.messages.sizes(network.id)
  expect(size?.bytes).toBeLessThanOrEqual(1_000_000)
  expect(size?.bytes).toBeGreaterThan(990_000)
})

test('of a person who has more lines than the quota the oldest go, wherever and whenever they were stored', () => {
  const { store, clock } = testStore()
  const [a, b, others] = [
    addNetwork(store),
    addNetwork(store, 'alice', 'other'),
    addNetwork(store, 'eve'),
  ]
  const add = ({ id }: { id: number }, n: number) => {
    const target = `#${n % 7}`
    store.messages.append(line(id, `${n}`, { target, foldedTarget: target, time: NOON + n }))
  }
  // The odd ones were imported: stored first, or last.
  for (let n = 1; n < 1_000; n += 2) add(a, n)
  for (let n = 0; n < 2_000; n += 2) add(b, n)
  for (let n = 1_001; n < 2_000; n += 2) add(a, n)
  for (let n = 0; n < 900; n += 1) add(others, n)
  const stop = startRetention({
    store,
    clock,
    people: () => [[a.id, b.id], [others.id]],
    defaultMs: 100 * DAY,
    quota: 1_000,
    onError: (error) => expect(error).toBeUndefined(),
  })
  clock.advance(120_000)
  stop()
  const left = [a, b].flatMap(({ id }) => store.messages.afterId(id, 0, 3_000))
  expect(left).toHaveLength(1_000)
  expect(Math.min(...left.map(({ text }) => Number(text)))).toBe(1_000)
  expect(store.removal.count([a.id, b.id])).toBe(1_000)
  expect(store.removal.count([others.id])).toBe(900)
})

test('a step towards the quota deletes no more than 125 lines', () => {
  const { store } = testStore()
  const { id } = addNetwork(store)
  for (let n = 0; n < 600; n += 1) store.messages.append(line(id, 'x', { time: NOON + n }))
  const steps = Array.from({ length: 6 }, () => store.removal.trimAll([id], 10))
  expect(steps).toEqual([125, 125, 125, 125, 90, 0])
})
