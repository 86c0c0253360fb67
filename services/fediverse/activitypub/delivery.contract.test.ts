// Fedify's contract of a message queue, as far as it fits: each message once, delays, batches, order by key. Here a
// message is an activity, its ordering key is an inbox, and the listeners are peers that take it. What does not fit: we
// queue nothing to be sent later (the adapter does what a failure does), have one process, and don't hand the queue to
// Fedify, whose messages would carry the private key.

import type { MessageQueue, MessageQueueListenOptions } from '@fedify/fedify'
import { testMessageQueue } from '@fedify/testing'
import { systemClock } from '@fuchsbau/shared/clock.ts'
import { silentLog } from '@fuchsbau/shared/log.ts'
import { createMetrics } from '@fuchsbau/shared/metrics.ts'
import { expect, test } from 'vitest'
import { makeTempData, removeTempData } from '../../../test/support/temp-data.ts'
import { openStore } from '../store/store.ts'
import { startDelivery } from './delivery.ts'

type Listener = Parameters<MessageQueue['listen']>[0]
type EnqueueOptions = Parameters<MessageQueue['enqueue']>[1]

/** Two queues over one engine. */
function makeQueues(directory: string) {
  const clock = systemClock()
  const store = openStore({ directory, clock })
  const listeners = new Set<Listener>()
  let count = 0
  const engine = startDelivery({
    store,
    clock,
    log: silentLog(),
    metrics: createMetrics(),
    random: Math.random,
    onGone() {},
    async post(_delivery, body) {
      const [listener] = listeners
      if (!listener) return { kind: 'failed', message: 'nobody listens' }
      // The next message goes to the other listener.
      listeners.delete(listener)
      listeners.add(listener)
      await listener(JSON.parse(body.text).message)
      return { kind: 'delivered' }
    },
  })
  const enqueue = async (message: unknown, { delay, orderingKey }: EnqueueOptions = {}) => {
    const now = clock.now()
    count += 1
    const inbox = `https://${(orderingKey ?? `n${count}`).toLowerCase()}.example/inbox`
    const activity = { id: `urn:${count}`, message }
    const { ops, deliveries } = store.queue.enqueue('alice', activity, [{ inbox }], now)
    const nextAt = now + (delay?.total('millisecond') ?? 0)
    const delayed = deliveries.map((delivery) => ({ ...delivery, nextAt }))
    await store.commit([...ops, ...delayed.map((delivery) => store.queue.postpone(delivery))])
    engine.wake(delayed)
  }
  const make = () => ({
    enqueue,
    async enqueueMany(messages: readonly unknown[], options?: EnqueueOptions) {
      for (const message of messages) await enqueue(message, options)
    },
    listen(handler: Listener, { signal }: MessageQueueListenOptions = {}) {
      const own: Listener = (message) => handler(message)
      listeners.add(own)
      return new Promise<void>((resolve) => {
        signal?.addEventListener('abort', () => {
          listeners.delete(own)
          resolve()
        })
      })
    },
  })
  const close = async () => {
    await engine.close(1_000)
    const left = engine.stats().waiting
    await store.close()
    return left
  }
  return { make, close }
}

test('a queue over the delivery engine fulfils the contract of @fedify/testing', {
  timeout: 60_000,
}, async () => {
  const directory = makeTempData('contract')
  const queues = makeQueues(directory)
  let left: number | undefined
  await testMessageQueue(
    queues.make,
    async () => {
      left = await queues.close()
    },
    { testOrderingKey: true },
  )
  removeTempData(directory)
  expect(left).toBe(0)
})
