// A nick that the network refuses: who is told, where the network has no labeled-response.
import { expect, test } from 'vitest'
import { startScene } from '../bouncer.fixture.ts'

const REFUSAL = /^43[1-8]$|^447$/

test('a nick that is in use is refused to the client that wanted it, and to no other', async () => {
  await using scene = await startScene({ server: { caps: {}, takenNicks: ['owl', 'hare'] } })
  await using desk = await scene.client('desk')
  await using phone = await scene.client('phone')
  desk.send('NICK owl')
  expect((await desk.expect('433')).params.slice(0, 2)).toEqual(['fox', 'owl'])
  await phone.sync()
  phone.send('NICK hare')
  await phone.expect('433')
  await desk.sync()
  const refused = (lines: typeof desk.lines) =>
    lines.filter(({ command }) => REFUSAL.test(command)).map(({ params }) => params[1])
  expect([refused(desk.lines), refused(phone.lines)]).toEqual([['owl'], ['hare']])
})

test('a nick that is granted is told to all, and the next refusal is not taken for its answer', async () => {
  await using scene = await startScene({ server: { caps: {}, takenNicks: ['owl'] } })
  await using desk = await scene.client('desk')
  await using phone = await scene.client('phone')
  desk.send('NICK vixen')
  await phone.expect('NICK vixen')
  phone.send('NICK owl')
  await phone.expect('433')
  expect((await desk.sync()).filter(({ command }) => REFUSAL.test(command))).toEqual([])
})

test('the nick that she has is not asked for again: nothing would answer, and her PONG would wait', async () => {
  await using scene = await startScene({ server: { caps: {} } })
  await using desk = await scene.client('desk')
  desk.send('NICK fox')
  await desk.sync({ timeoutMs: 3_000 })
  await scene.settled()
  expect(scene.server.received.filter(({ raw }) => raw === 'NICK fox')).toHaveLength(1)
})
