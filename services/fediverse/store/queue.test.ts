import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { NOON, testStore } from './store.fixture.ts'

function openTest() {
  const tree = testStore()
  const store = tree.open()
  onTestFinished(() => store.close())
  return { tree, store }
}

const inbox = (host: string) => ({ inbox: `https://${host}/inbox` })

test('a delivery is one file in the folder of its host, and its body is there once', async () => {
  const { tree, store } = openTest()
  const activity = { id: 'https://us.example/a/1', type: 'Create', content: 'Grüße' }
  const hosts = ['one.example', 'two.example:8443']
  const { ops, deliveries } = store.queue.enqueue('you', activity, hosts.map(inbox), NOON)
  await store.commit(ops)
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
  await store.commit(store.queue.enqueue('you', { id: '1' }, [inbox('..')], NOON).ops)
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
