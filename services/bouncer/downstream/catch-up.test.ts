// What is said while a client that fetches for itself has not asked yet: it stands behind what the client missed.
// https://ircv3.net/specs/extensions/chathistory
import { expect, test } from 'vitest'
import type { IrcClient } from '../../../test/support/irc-client.ts'
import { startScene } from '../bouncer.fixture.ts'

const CAPS = ['batch', 'server-time', 'message-tags', 'echo-message', 'labeled-response']
const HISTORY = [...CAPS, 'draft/chathistory']

const said = ({ lines }: IrcClient) =>
  lines.filter(({ command }) => command === 'PRIVMSG').map(({ params }) => params[1])
const pong = ({ lines }: IrcClient) => {
  const asked = lines.findLast(({ command }) => command === 'PING')
  return `PONG ${asked?.params[0]}`
}

/** #den with a line that a client missed; then one more while that client is there, and has not asked yet. */
async function scenery(caps: readonly string[]) {
  const scene = await startScene({ channels: ['#den'] })
  scene.server.join('#den', 'badger')
  scene.server.say('#den', 'badger', 'missed')
  await scene.settled()
  const desk = await scene.client('desk', caps, { answersPing: false })
  await desk.expect('366 * #den')
  await desk.expect('PING')
  scene.server.say('#den', 'badger', 'live')
  await scene.settled()
  return { scene, desk }
}

test('what is said before a client has asked for its history stands in the answer, and is told once', async () => {
  const { scene, desk } = await scenery(HISTORY)
  await using _ = scene
  expect(said(desk)).toEqual([])
  desk.send('CHATHISTORY LATEST #den * 10', pong(desk))
  await desk.sync()
  expect(said(desk)).toEqual(['missed', 'live'])
  scene.server.say('#den', 'badger', 'more')
  await desk.expect('PRIVMSG #den more')
  expect(said(desk)).toEqual(['missed', 'live', 'more'])
})

test('a client that asks for nothing is told what is said when it has answered our PING', async () => {
  const { scene, desk } = await scenery(HISTORY)
  await using _ = scene
  desk.send(pong(desk))
  await desk.expect('PRIVMSG #den live')
  expect(said(desk)).toEqual(['live'])
})

test('or when it has not answered for a while; what it says itself does not wait', async () => {
  const { scene, desk } = await scenery(HISTORY)
  await using _ = scene
  desk.send('@label=x PRIVMSG #den :own')
  await desk.expect('PRIVMSG #den own')
  await desk.expect('PRIVMSG #den live')
  await desk.sync()
  expect(said(desk)).toEqual(['own', 'live'])
})

test('the same with znc.in/playback', async () => {
  const { scene, desk } = await scenery([...CAPS, 'znc.in/playback'])
  await using _ = scene
  desk.send('PRIVMSG *playback :PLAY * 0', pong(desk))
  await desk.sync()
  expect(said(desk)).toEqual(['missed', 'live'])
})
