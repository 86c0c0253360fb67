// senpai in a terminal, with soju.im/bouncer-networks: it finds its user's networks by itself, and those added later.
import { expect, test } from 'vitest'
import { startScene } from '../../services/bouncer/bouncer.fixture.ts'
import { createCa } from '../support/ca.ts'
import { startFakeIrc } from '../support/fake-irc-server.ts'
import { startSenpai } from '../support/irc-terminal.ts'
import { requirePeer } from '../support/peers.ts'

test('senpai shows all networks on one connection, and a new one at once', async () => {
  if (!requirePeer('senpai') || !requirePeer('tmux')) return
  await using ca = await createCa()
  await using scene = await startScene({ channels: ['#den'] })
  await using other = await startFakeIrc({ name: 'irc.fort.test' })
  const sasl = { account: 'you', password: 'secret' }
  await using terminal = await startSenpai({ ca, port: scene.port, nick: 'fox', sasl })
  await terminal.waitFor('#den')
  expect(scene.network.downstreams.size).toBe(1)
  await scene.settled()
  scene.server.join('#den', 'hare')
  scene.server.say('#den', 'hare', 'hello to the den')
  await terminal.enter('/buffer #den')
  await terminal.waitFor('hello to the den')
  const create = `network create -name fort -addr irc+insecure://127.0.0.1:${other.port}`
  await terminal.enter(`/msg BouncerServ ${create}`)
  await other.expectLine('USER')
  await terminal.waitFor('fort')
  const fort = scene.user.networkNamed('fort')
  const isAttached = () => (fort?.downstreams.size ?? 0) === 1
  await expect.poll(isAttached, { timeout: 10_000 }).toBe(true)
}, 60_000)
