// Our PONG is a barrier: what it waits for, and what not.
import { expect, test } from 'vitest'
import type { IrcClient } from '../../../test/support/irc-client.ts'
import { waitFor } from '../../../test/support/wait-for.ts'
import { startStillScene } from '../bouncer.fixture.ts'

const NAMES = ['#a', '#b', '#c', '#d']

/** The channels of which WHO was answered, and PONG, in order. */
const told = ({ lines }: IrcClient) =>
  lines.flatMap(({ command, params }) =>
    command === '315' ? [params[1]] : command === 'PONG' ? ['PONG'] : [],
  )

/** A client on a network without labels; time goes on until it is there, and then stands still. */
async function attached() {
  const {
    scene,
    clock,
    arrived: client,
  } = await startStillScene({ server: { caps: {} } }, (started) => started.client('desk'))
  clock.advance(10_000) // what was said at the login is forgotten by the flood control
  const asked = () => scene.server.received.filter(({ command }) => command === 'WHO').length
  /** PING, which has been heard when this resolves. */
  const ping = async () => {
    client.send('PING now', 'CAP LIST')
    await client.expect('CAP * LIST', { since: client.lines.length })
  }
  return { scene, clock, client, asked, ping }
}

test('PONG waits for what the network was asked, and not for long for what the flood control holds', async () => {
  const { scene, clock, client, asked, ping } = await attached()
  await using _ = scene
  await using __ = client
  // Five tokens, of which each WHO takes three: two are asked at once.
  client.send(...NAMES.map((name) => `WHO ${name}`))
  await client.expect('315 * #b')
  await ping()
  expect(told(client)).toEqual(['#a', '#b'])
  clock.advance(899)
  await scene.settled()
  expect(told(client)).toEqual(['#a', '#b'])
  clock.advance(1)
  await client.expect('PONG')
  expect(asked()).toBe(2)
  clock.advance(20_000)
  await client.expect('315 * #d')
  expect(told(client)).toEqual(['#a', '#b', 'PONG', '#c', '#d'])
})

test('PONG waits up to 10 s for the answer of a network that was asked', async () => {
  const { scene, clock, client, asked, ping } = await attached()
  await using _ = scene
  await using __ = client
  scene.server.on('WHO', () => true)
  client.send('WHO #a')
  await ping()
  await waitFor(() => asked() === 1, { what: 'the question' })
  clock.advance(9_999)
  await scene.settled()
  expect(told(client)).toEqual([])
  clock.advance(1)
  await client.expect('PONG')
})

test('what was held and is asked within a moment is waited for', async () => {
  const { scene, clock, client, asked, ping } = await attached()
  await using _ = scene
  await using __ = client
  scene.server.on('WHO', ({ params }) => params[0] === '#c')
  // What is left of the tokens fills up: the third goes out before the moment is over.
  client.send('WHO #a', 'WHO #b', 'WHO #c')
  await client.expect('315 * #b')
  clock.advance(3_500)
  await ping()
  clock.advance(899)
  await waitFor(() => asked() === 3, { what: 'the third question' })
  clock.advance(5_000)
  await scene.settled()
  expect(told(client)).toEqual(['#a', '#b'])
  scene.server.raw(':irc.fake.test 315 fox #c :End of WHO list', 'fox')
  await client.expect('PONG')
  expect(told(client).slice(0, 4)).toEqual(['#a', '#b', '#c', 'PONG'])
})
