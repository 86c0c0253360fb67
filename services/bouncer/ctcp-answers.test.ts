// https://modern.ircdocs.horse/ctcp
import { expect, test } from 'vitest'
import { type Scene, type SceneOptions, startStillScene } from './bouncer.fixture.ts'
import manifest from './package.json' with { type: 'json' }

/** In a channel with Hare; time stands still. */
async function quiet(options: SceneOptions = {}) {
  const { scene, clock } = await startStillScene(
    { channels: ['#den'], ...options },
    ({ server, settled }) => {
      server.join('#den', 'hare')
      return settled()
    },
  )
  clock.advance(20_000)
  return { scene, clock }
}

/** What she has answered, when the network has everything that was sent up to now. */
async function answers({ server, network }: Scene): Promise<string[]> {
  network.upstream?.sendNow('VERSION')
  await server.expectLine('VERSION')
  return server.received
    .filter(({ command }) => command === 'NOTICE')
    .map(({ params }) => params.join(' '))
}

const ask = ({ server }: Scene, text: string, target = 'fox') =>
  server.say(target, 'hare', `\x01${text}\x01`)

test('VERSION and PING are answered while no client is there', async () => {
  const { scene } = await quiet()
  await using _ = scene
  ask(scene, 'VERSION')
  ask(scene, 'PING 1700000000 123')
  await scene.settled()
  expect(await answers(scene)).toEqual([
    `hare \x01VERSION Fuchsbau ${manifest.version}\x01`,
    'hare \x01PING 1700000000 123\x01',
  ])
})

test('three are answered at once, then one each 10 s', async () => {
  const { scene, clock } = await quiet()
  await using _ = scene
  const askTen = async () => {
    for (let n = 0; n < 10; n += 1) ask(scene, `PING ${n}`)
    await scene.settled()
    return (await answers(scene)).length
  }
  expect(await askTen()).toBe(3)
  clock.advance(10_000)
  expect(await askTen()).toBe(4)
  clock.advance(25_000)
  expect(await askTen()).toBe(6)
})

test('nothing else is answered, and nothing in a channel, nor an answer, nor what is long', async () => {
  const { scene } = await quiet()
  await using _ = scene
  for (const text of ['TIME', 'CLIENTINFO', 'DCC SEND a 1 2 3', 'ACTION waves', 'PING', '']) {
    ask(scene, text)
  }
  ask(scene, `PING ${'x'.repeat(101)}`)
  for (const target of ['#den', '@#den']) ask(scene, 'VERSION', target)
  scene.server.notice('fox', 'hare', '\x01VERSION\x01')
  scene.server.raw(':irc.fake.test PRIVMSG fox :\x01VERSION\x01', 'fox')
  await scene.settled()
  expect(await answers(scene)).toEqual([])
})

test('a client that is there answers for itself', async () => {
  const { scene } = await quiet()
  await using _ = scene
  await using client = await scene.client('desk')
  ask(scene, 'VERSION')
  await client.expect('PRIVMSG fox')
  expect(await answers(scene)).toEqual([])
})

test('it can be switched off', async () => {
  const { scene } = await quiet({ bouncer: { answersCtcp: false } })
  await using _ = scene
  ask(scene, 'VERSION')
  await scene.settled()
  expect(await answers(scene)).toEqual([])
})
