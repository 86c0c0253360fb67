// What a network says of TLS by a connection that only one person trusts binds nobody else.
// https://ircv3.net/specs/extensions/sts
import { expect, test } from 'vitest'
import { startScene } from './bouncer.fixture.ts'

const OFFER = { port: undefined, durationS: 1_000, isPreload: false }

test.each([
  ['with TLS', {}, true],
  ['with a pinned certificate', { fingerprint: 'ab'.repeat(32) }, false],
  // The proxy may lead any port to the host, and others would look for TLS there.
  ['through a proxy of her own', { socks: '127.0.0.1:1080', port: 1 }, false],
])('a policy that is told %s', async (_, record, isForAll) => {
  await using scene = await startScene()
  const { network, store, clock } = scene
  const { upstream } = network
  if (!upstream) throw new Error('not connected')
  Object.defineProperty(upstream, 'isTls', { value: true })
  network.record = { ...network.record, transport: 'tls', ...record }
  network.changed({ what: 'sts', offer: OFFER })
  expect(store.sts.get('127.0.0.1', clock.now()) !== undefined).toBe(isForAll)
})
