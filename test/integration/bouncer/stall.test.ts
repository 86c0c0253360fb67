// One client that does not read, while a network floods: the others notice nothing, the bouncer keeps little for it, and when
// it reads again it gets everything once.
import { expect, test } from 'vitest'
import { startBouncer } from '../../support/bouncer-process.ts'
import { startFakeIrc } from '../../support/fake-irc-server.ts'
import { heldMiB, MEASURABLE } from '../../support/heap.ts'
import type { IrcClient } from '../../support/irc-client.ts'
import { waitFor } from '../../support/wait-for.ts'

const LINES = 40_000
/** With more than the system's buffers take: some 20 MB for a client. */
const TEXT = 'x'.repeat(400)
const MODERN = ['server-time', 'message-tags', 'batch', 'draft/chathistory']

function numbersOf({ lines }: IrcClient): number[] {
  return lines
    .filter(({ command, nick }) => command === 'PRIVMSG' && nick === 'hare')
    .map(({ params }) => Number(/(\d+) x+$/.exec(params[1] ?? '')?.[1]))
}

/** Waits until a client has the last line, and compares. */
async function expectAll(client: IrcClient, who: string) {
  await waitFor(() => numbersOf(client).at(-1) === LINES - 1, {
    what: `the last line of ${who}`,
    timeoutMs: 30_000,
    everyMs: 100,
    context: () => `${numbersOf(client).length} lines, ${client.lines.at(-1)?.raw.slice(0, 99)}`,
  })
  // Not `toEqual`: it would print them all.
  expect(numbersOf(client).length, who).toBe(LINES)
  expect(
    numbersOf(client).findIndex((number, index) => number !== index),
    who,
  ).toBe(-1)
}

test(`${LINES} lines with two clients stalled: the healthy one gets them as they come, those later, once`, async () => {
  await using server = await startFakeIrc()
  await using bouncer = await startBouncer({
    people: [{ name: 'fox', port: server.port, channels: ['#den'] }],
    env: MEASURABLE,
  })
  await server.expectLine('JOIN #den')
  await using healthy = await bouncer.client('fox', 'healthy', MODERN)
  await using old = await bouncer.client('fox', 'old')
  await using modern = await bouncer.client('fox', 'modern', MODERN)
  await old.sync()
  await modern.sync()
  const before = await heldMiB(bouncer)
  old.pause()
  modern.pause()
  const text = (index: number) => `${index} ${TEXT}`
  await server.flood(LINES, { target: '#den', nick: 'hare', text })
  await expectAll(healthy, 'the healthy client')
  const gaps = healthy.lines
    .filter(({ command }) => command === 'PRIVMSG')
    .map(({ at }, index, said) => at - (said[index - 1]?.at ?? at))
  // A second is far more than it takes: the machine may be busy.
  expect(Math.max(0, ...gaps)).toBeLessThan(1_000)
  expect((await heldMiB(bouncer)) - before).toBeLessThan(12)
  expect(numbersOf(old).length).toBeLessThan(LINES)
  old.resume()
  modern.resume()
  await expectAll(old, 'the old client')
  await expectAll(modern, 'the modern client')
  server.say('#den', 'badger', 'it goes on')
  for (const client of [healthy, old, modern]) {
    expect((await client.expect(/PRIVMSG #den .*it goes on/)).nick).toBe('badger')
  }
}, 120_000)
