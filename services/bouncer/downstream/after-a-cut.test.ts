// What an old client has is known by its PONGs: so often is it asked, and so much it gets again after a cut.
import { expect, test } from 'vitest'
import { waitFor } from '../../../test/support/wait-for.ts'
import { startStillScene } from '../bouncer.fixture.ts'

test('after a cut, what came in the last 50 ms comes again, and nothing is missing', async () => {
  const still = await startStillScene({ channels: ['#den'] }, ({ client, server }) => {
    server.join('#den', 'hare')
    return client('desk')
  })
  await using scene = still.scene
  const { clock, arrived: client } = still
  /** One line each 10 ms; each was read, and each PING answered, before the next. */
  for (let n = 0; n < 100; n += 1) {
    scene.server.say('#den', 'hare', `line ${n}`)
    await client.expect(({ params }) => params[1] === `line ${n}`)
    await client.sync()
    clock.advance(10)
  }
  client.cut()
  await waitFor(() => scene.user.downstreams.size === 0, { what: 'the end of the connection' })
  scene.server.say('#den', 'hare', 'line 100')
  await scene.settled()
  await using again = await scene.client('desk')
  await again.sync()
  const texts = again.lines.flatMap(({ command, params }) =>
    command === 'PRIVMSG' ? [/line \d+$/.exec(params[1] ?? '')?.[0]] : [],
  )
  expect(texts.at(-1)).toBe('line 100')
  expect(texts.length).toBeLessThanOrEqual(1 + 50 / 10)
  expect(texts).toEqual(
    Array.from({ length: texts.length }, (_, at) => `line ${101 - texts.length + at}`),
  )
})
