// What is said on a network is heard by all clients of a person, and missed by none that was away.
import { expect, test } from 'vitest'
import { startScene } from './bouncer.fixture.ts'

test('what is said in a channel is heard by every client, and missed by none that was away', async () => {
  await using scene = await startScene()
  const { server } = scene
  await using desk = await scene.client('desk')
  desk.send('JOIN #den')
  await desk.expect('366')
  await using phone = await scene.client('phone', [
    'server-time',
    'message-tags',
    'batch',
    'echo-message',
  ])
  await phone.expect('366')
  server.join('#den', 'badger')
  server.say('#den', 'badger', 'hello')
  await desk.expect('PRIVMSG #den hello')
  const heard = await phone.expect('PRIVMSG #den hello')
  expect(heard.tags).toMatchObject({ msgid: expect.any(String), time: expect.any(String) })
  desk.send('PRIVMSG #den :hi')
  await phone.expect('PRIVMSG #den hi')
  const lines = await desk.sync()
  expect(lines.filter(({ command }) => command === 'PRIVMSG')).toEqual([])
  desk.send('QUIT')
  await desk.closed
  server.say('#den', 'badger', 'missed')
  await phone.expect('PRIVMSG #den missed')
  await using again = await scene.client('desk', ['server-time'])
  const missed = (await again.sync()).filter(({ command }) => command === 'PRIVMSG')
  expect(missed.map(({ params }) => params[1])).toEqual(['missed'])
})
