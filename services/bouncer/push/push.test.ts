// Web push of several persons: nobody's slow push service keeps the others asleep.

import { createECDH, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { expect, test } from 'vitest'
import { waitFor } from '../../../test/support/wait-for.ts'
import { startScene } from '../bouncer.fixture.ts'

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
