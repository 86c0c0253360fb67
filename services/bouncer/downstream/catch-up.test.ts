// What an old client has is known by its PONGs: so often is it asked, and so much it gets again after a cut.
import { settableClock } from '@fuchsbau/shared/clock.ts'
import { expect, test } from 'vitest'
import { waitFor } from '../../../test/support/wait-for.ts'
import { startScene } from '../bouncer.fixture.ts'

test('after a cut, what came in the last 50 ms comes again, and nothing is missing', async () => {
  const clock = settableClock(Date.UTC(2026, 0, 1, 12))
  const ticking = setInterval(() => clock.advance(1), 1)
  await using scene = await startScene({ clock, channels: ['#den'] })
  scene.server.join('#den', 'hare')
  const client = await scene.client('desk')
  clearInterval(ticking)
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
