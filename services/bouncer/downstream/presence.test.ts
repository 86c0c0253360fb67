// Away, of all clients of a network together.
import { expect, test } from 'vitest'
import { startScene } from '../bouncer.fixture.ts'

test('her own words stay when her last client goes, and she is back with the next', async () => {
  await using scene = await startScene({ network: { isAutoAway: true } })
  const { server } = scene
  const words = () =>
    server.received.filter(({ command }) => command === 'AWAY').map(({ params }) => params[0] ?? '')
  const desk = await scene.client('desk')
  await server.expectLine(({ command, params }) => command === 'AWAY' && params.length === 0)
  const before = words().length
  desk.send('AWAY :out for mice')
  await server.expectLine('AWAY *')
  await desk.close()
  await using phone = await scene.client('phone')
  await server.expectLine(({ command, params }) => command === 'AWAY' && params.length === 0)
  await phone.sync()
  expect(words().slice(before)).toEqual(['out for mice', ''])
})
