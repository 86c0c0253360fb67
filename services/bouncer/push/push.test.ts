// Web push of several persons: nobody's slow push service keeps the others asleep.

import { createECDH, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { waitFor } from '../../../test/support/wait-for.ts'
import { startScene, startStillScene } from '../bouncer.fixture.ts'
import { retryAfterMs } from './deliver.ts'

test('a push service that does not answer keeps only its own person waiting', async () => {
  await using scene = await startScene({
    bouncer: { push: { subject: 'mailto:irc@example.org', allowPrivateAddress: true } },
  })
  const paths: string[] = []
  const service = createServer((request, response) => {
    paths.push(request.url ?? '')
    if (request.url === '/fast') response.writeHead(201).end()
  })
  service.listen(0, '127.0.0.1')
  await once(service, 'listening')
  const address = service.address()
  const port = typeof address === 'object' ? address?.port : 0
  const vera = await scene.addPerson('vera')
  const p256dh = createECDH('prime256v1').generateKeys('base64url')
  const auth = randomBytes(16).toString('base64url')
  const subscribe = (userId: number, networkId: number, path: string) =>
    scene.store.subscriptions.put({
      userId,
      networkId,
      endpoint: `http://127.0.0.1:${port}/${path}`,
      p256dh,
      auth,
      createdAt: 0,
    })
  const [other] = vera.networks.values()
  await waitFor(() => other?.upstream?.isReady, { what: 'the welcome' })
  for (let count = 0; count < 10; count += 1) {
    subscribe(vera.record.id, other?.record.id ?? 0, `slow-${count}`)
  }
  subscribe(scene.user.record.id, scene.network.record.id, 'fast')
  scene.server.say('vera', 'hare', 'psst')
  await waitFor(() => paths.length > 0, { what: 'the slow ones' })
  scene.server.say('fox', 'hare', 'psst')
  await waitFor(() => paths.includes('/fast'), { what: 'the other push', timeoutMs: 3_000 })
  expect(paths.filter((path) => path.startsWith('/slow'))).toHaveLength(2)
  service.closeAllConnections()
  service.close()
})

const NOON = Date.UTC(2026, 0, 1, 12)

/** A person with one subscription at a service that answers as told; time stands still. */
async function startService(answer: (response: ServerResponse, count: number) => void) {
  const push = { subject: 'mailto:irc@example.org', allowPrivateAddress: true }
  const options = { bouncer: { push, random: () => 0 } }
  const { scene, clock } = await startStillScene(options, async () => {})
  const ttls: number[] = []
  const service = createServer((request, response) => {
    ttls.push(Number(request.headers.ttl))
    answer(response, ttls.length)
    response.end()
  })
  service.listen(0, '127.0.0.1')
  await once(service, 'listening')
  onTestFinished(async () => {
    await scene[Symbol.asyncDispose]()
    service.closeAllConnections()
    service.close()
  })
  const address = service.address()
  const { userId, id: networkId } = scene.network.record
  const subscription = {
    userId,
    networkId,
    endpoint: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`,
    p256dh: createECDH('prime256v1').generateKeys('base64url'),
    auth: randomBytes(16).toString('base64url'),
    createdAt: 0,
  }
  scene.store.subscriptions.put(subscription)
  /** Deliveries by what became of them, once there are so many. */
  const outcomes = async (count: number) => {
    const of = (outcome: string) => {
      const found = new RegExp(`pushes_total\\{outcome="${outcome}"\\} (\\d+)`).exec(
        scene.bouncer.metrics.text(),
      )
      return Number(found?.[1] ?? 0)
    }
    await waitFor(() => of('failed') + of('taken') === count, { what: `${count} deliveries` })
    return { failed: of('failed'), taken: of('taken') }
  }
  return { scene, clock, ttls, outcomes, subscription }
}

test('a delivery that fails is tried again after 5 s, then 20 s, and then is over', async () => {
  const { scene, clock, ttls, outcomes } = await startService((response, count) => {
    response.writeHead(count < 3 ? 503 : 201)
  })
  scene.server.say('fox', 'hare', 'psst')
  expect(await outcomes(1)).toEqual({ failed: 1, taken: 0 })
  clock.advance(4_999)
  clock.advance(1)
  expect(await outcomes(2)).toEqual({ failed: 2, taken: 0 })
  clock.advance(20_000)
  expect(await outcomes(3)).toEqual({ failed: 2, taken: 1 })
  clock.advance(24 * 3_600_000)
  expect(await outcomes(3)).toEqual({ failed: 2, taken: 1 })
  // What is left of the day that it is worth something (RFC 8030, 5.2).
  expect(ttls).toEqual([86_400, 86_395, 86_375])
})

test('Retry-After is waited for, when it is longer', async () => {
  const { scene, clock, ttls, outcomes } = await startService((response, count) => {
    if (count === 1) response.writeHead(429, { 'retry-after': '600' })
    else response.writeHead(201)
  })
  scene.server.say('fox', 'hare', 'psst')
  await outcomes(1)
  clock.advance(600_000)
  expect(await outcomes(2)).toEqual({ failed: 1, taken: 1 })
  expect(ttls[1]).toBe(86_400 - 600)
})

test.each([
  ['what the service refuses for good', 413, {}],
  ['what would be old news by then', 503, { 'retry-after': '86400' }],
])('%s is not tried again', async (_, status, headers) => {
  const { scene, clock, ttls, outcomes } = await startService((response) => {
    response.writeHead(status, headers)
  })
  scene.server.say('fox', 'hare', 'psst')
  await outcomes(1)
  await scene.settled()
  clock.advance(2 * 86_400_000)
  expect(ttls).toHaveLength(1)
})

test('a delivery is tried eight times at most', async () => {
  const { scene, clock, outcomes } = await startService((response) => {
    response.writeHead(500)
  })
  scene.server.say('fox', 'hare', 'psst')
  for (let count = 1; count <= 8; count += 1) {
    await outcomes(count)
    // The network is gone by then, for its silence; pushes go on.
    clock.advance(3_600_000)
  }
  clock.advance(86_400_000)
  expect(await outcomes(8)).toEqual({ failed: 8, taken: 0 })
})

test('what she has read meanwhile, or unsubscribed from, is not tried again', async () => {
  const { scene, clock, ttls, outcomes, subscription } = await startService((response, count) => {
    response.writeHead(count === 3 ? 201 : 503)
  })
  scene.server.say('fox', 'hare', 'psst')
  await outcomes(1)
  await scene.settled()
  scene.bouncer.push.read(scene.network, 'hare', clock.now())
  await outcomes(2)
  await scene.settled()
  // Of the two only the read marker is left.
  clock.advance(5_000)
  expect(await outcomes(3)).toEqual({ failed: 2, taken: 1 })
  scene.server.say('fox', 'hare', 'pssst')
  await outcomes(4)
  await scene.settled()
  const { userId, networkId, endpoint } = subscription
  expect(scene.store.subscriptions.remove(userId, networkId, endpoint)).toBe(true)
  clock.advance(5_000)
  await scene.settled()
  expect(ttls).toHaveLength(4)
})

test.each([
  ['120', 120_000],
  [new Date(NOON + 60_000).toUTCString(), 60_000],
  [new Date(NOON - 60_000).toUTCString(), undefined],
  ['0', undefined],
  ['soon', undefined],
  ['-5', undefined],
  [undefined, undefined],
])('Retry-After %j (RFC 9110, 10.2.3)', (text, expected) => {
  expect(retryAfterMs(text, NOON)).toBe(expected)
})
