// Texts of several lines from a client. https://ircv3.net/specs/extensions/multiline
import { expect, test } from 'vitest'
import { modernCaps } from '../../../test/support/fake-irc/world.ts'
import { startScene } from '../bouncer.fixture.ts'

test('commands in several lines to the bouncer itself are not shown to the network', async () => {
  const caps = { ...modernCaps, 'draft/multiline': 'max-bytes=4096,max-lines=24' }
  await using scene = await startScene({ server: { caps } })
  await using desk = await scene.client('desk', ['batch', 'message-tags'])
  desk.send('CAP REQ draft/multiline')
  await desk.expect('CAP * ACK')
  desk.send('BATCH +1 draft/multiline bouncerserv')
  desk.send('@batch=1 PRIVMSG bouncerserv :network status')
  desk.send('@batch=1 PRIVMSG bouncerserv :help secret', 'BATCH -1')
  const fromService = ({ nick }: { nick: string }) => nick === 'BouncerServ'
  const answers = (await desk.sync()).filter(fromService)
  expect(answers.length).toBeGreaterThanOrEqual(2)
  await scene.settled()
  expect(scene.server.received.filter(({ raw }) => /bouncerserv|secret/i.test(raw))).toEqual([])
})
