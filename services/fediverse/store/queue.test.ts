import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { fsck } from './fsck.ts'
import type { Delivery } from './queue.ts'
import { afterCrash, NOON, testStore } from './store.fixture.ts'

function openTest() {
  const tree = testStore()
  const store = tree.open()
  onTestFinished(() => store.close())
  return { tree, store }
}

const inbox = (host: string) => ({ inbox: `https://${host}/inbox` })

test('a delivery that waits is one file in the folder of its host, and its body is there once', async () => {
  const { tree, store } = openTest()
  const activity = { id: 'https://us.example/a/1', type: 'Create', content: 'Grüße' }
  const hosts = ['one.example', 'two.example:8443']
  const { ops, deliveries } = store.queue.enqueue('you', activity, hosts.map(inbox), NOON)
  await store.commit(ops)
  expect([...store.queue.all()]).toEqual(deliveries)
  tree.clock.advance(10_000)
  store.maintain()
  await store.tree.settled()
  expect(readdirSync(join(tree.directory, 'queue')).sort()).toEqual([
    'one.example',
    'two.example_8443',
  ])
  expect([...store.queue.all()]).toEqual(deliveries)
  expect(store.queue.bodies()).toEqual([deliveries[0]?.body])
  for (const delivery of deliveries) {
    // The digest of exactly these bytes, as RFC 3230 and RFC 9530 want it.
    expect(store.queue.body(delivery)).toMatchObject({
      text: '{"id":"https://us.example/a/1","type":"Create","content":"Grüße"}',
      digest: '5CHI7qQplkLF+pKsjQTgJpmZthD8LeXjsrXz2pfqFWo=',
    })
  }
})

test('deliveries to a host come back in the order in which they were queued, whatever the clock does', async () => {
  const { tree, store } = openTest()
  const times = [NOON, NOON, NOON - 60_000, NOON + 5, NOON]
  for (const [i, now] of times.entries()) {
    await store.commit(store.queue.enqueue('you', { id: `${i}` }, [inbox('one.example')], now).ops)
  }
  await store.close()
  const again = tree.open()
  await again.commit(again.queue.enqueue('you', { id: '5' }, [inbox('one.example')], NOON).ops)
  const order = [...again.queue.all()].map((delivery) => again.queue.body(delivery)?.id)
  expect(order).toEqual(['0', '1', '2', '3', '4', '5'])
  expect([...again.queue.all()].map(({ queuedAt }) => queuedAt)).toEqual([...times, NOON])
  await again.close()
})

test('an inbox that is named twice gets one delivery', async () => {
  const { store } = openTest()
  const twice = [inbox('one.example'), inbox('one.example')]
  const { ops, deliveries } = store.queue.enqueue('you', { id: '1' }, twice, NOON)
  expect(deliveries).toHaveLength(1)
  expect(ops).toHaveLength(2)
  expect(store.queue.enqueue('you', { id: '1' }, [], NOON)).toEqual({ ops: [], deliveries: [] })
})

test('a host whose name is two dots gets a folder of its own', async () => {
  const { tree, store } = openTest()
  const { ops, deliveries } = store.queue.enqueue('you', { id: '1' }, [inbox('..')], NOON)
  await store.commit([...ops, ...deliveries.map((one) => store.queue.postpone(one))])
  expect(readdirSync(join(tree.directory, 'queue'))).toEqual(['_.'])
  expect([...store.queue.all()]).toHaveLength(1)
})

test('an attempt changes the file, the end removes it, and empty folders go at the next start', async () => {
  const { tree, store } = openTest()
  const { ops, deliveries } = store.queue.enqueue('you', { id: '1' }, [inbox('one.example')], NOON)
  await store.commit(ops)
  const [delivery] = deliveries
  if (!delivery) throw new Error('nothing queued')
  const next = { ...delivery, attempts: 1, nextAt: NOON + 60_000, lastError: 'refused' }
  await store.commit([store.queue.postpone(next)])
  expect([...store.queue.all()]).toEqual([next])
  await store.commit([store.queue.finish(next), store.queue.removeBody(next.body)])
  expect([...store.queue.all()]).toEqual([])
  expect(store.queue.bodies()).toEqual([])
  expect(readdirSync(join(tree.directory, 'queue'))).toEqual([])
})

test('a delivery that is done at once never was a file; one that is not has one after a crash too', async () => {
  const { tree, store } = openTest()
  const hosts = ['one.example', 'two.example', 'three.example']
  const { ops, deliveries } = store.queue.enqueue('you', { id: '1' }, hosts.map(inbox), NOON)
  await store.commit(ops)
  const [one, two, three] = deliveries
  if (!one || !two || !three) throw new Error('nothing queued')
  await store.commit([store.queue.finish(one)])
  await store.commit([store.queue.postpone({ ...two, attempts: 1 })])
  const ids = (from: Iterable<Delivery>) => Array.from(from, ({ inbox: to }) => to).sort()
  expect(readdirSync(join(tree.directory, 'queue'))).toEqual(['two.example'])
  expect(ids(store.queue.all())).toEqual([three.inbox, two.inbox])
  const again = afterCrash(tree)
  expect(ids(again.queue.all())).toEqual([three.inbox, two.inbox])
  expect((await fsck(again)).counts).toEqual({})
  await again.close()
  expect(readdirSync(join(tree.directory, 'queue')).sort()).toEqual([
    'three.example',
    'two.example',
  ])
  const last = tree.open()
  expect(last.recovery.wasClean).toBe(true)
  expect(ids(last.queue.all())).toEqual([three.inbox, two.inbox])
  await last.close()
})

test('1,000 deliveries that wait get their files in pieces, while other things go on', async () => {
  const { tree, store } = openTest()
  const many = Array.from({ length: 1_000 }, (_, i) => inbox(`host${i}.example`))
  const { ops, deliveries } = store.queue.enqueue('you', { id: '1' }, many, NOON)
  await store.commit(ops)
  tree.clock.advance(60_000)
  store.maintain()
  const [first, last] = [deliveries[0] as Delivery, deliveries.at(-1) as Delivery]
  expect(store.tree.queued.count).toBe(950)
  await store.commit([store.queue.finish(first), store.queue.finish(last)])
  await store.tree.settled()
  expect(store.tree.queued.count).toBe(0)
  expect([...store.queue.all()]).toHaveLength(998)
})
