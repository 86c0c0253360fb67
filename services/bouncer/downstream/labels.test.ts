// https://ircv3.net/specs/extensions/labeled-response: one answer for each label, and no line lost for it.
import { expect, test } from 'vitest'
import { startScene } from '../bouncer.fixture.ts'

const CAPS = ['batch', 'labeled-response', 'message-tags', 'echo-message']
const MODERN = Object.fromEntries([...CAPS, 'server-time'].map((cap) => [cap, '']))

test('of a JOIN of two channels the refusal of the second is told, behind the answer', async () => {
  await using scene = await startScene({ server: { caps: MODERN } })
  scene.server.on('JOIN', ({ params, tags }) => {
    const [names = ''] = params
    const label = tags['label'] ? `@label=${tags['label']} ` : ''
    for (const [index, name] of names.split(',').entries()) {
      scene.server.raw(
        index === 0
          ? `${label}:fox!fox@h JOIN ${name}`
          : `${label}:irc.fake.test 473 fox ${name} :Cannot join channel (+i)`,
        'fox',
      )
    }
    return true
  })
  await using client = await scene.client('desk', CAPS)
  client.send('@label=j JOIN #den,#closed')
  expect((await client.expect('473 * #closed')).params.at(-1)).toContain('Cannot join')
})

test.each([
  ['two channels left by one line', 'PART #a,#b', 'PART #b', 'ACK'],
  ['a text said to two channels by one line', 'PRIVMSG #a,#b :hello', 'PRIVMSG #b', 'PRIVMSG'],
])('%s: one answer', async (_, line, last, answer) => {
  await using scene = await startScene({ channels: ['#a', '#b'] })
  await using client = await scene.client('desk', CAPS)
  client.send(`@label=x ${line}`)
  await client.expect(last, { timeoutMs: 15_000 })
  const labelled = client.lines.filter(({ tags }) => tags['label'] === 'x')
  expect(labelled.map(({ command }) => command)).toEqual([answer])
})
