// The flood control: a burst, then a steady pace that no server's defaults take for a flood; nothing is lost, and only queries
// are overtaken.
import { settableClock } from '@fuchsbau/shared/clock.ts'
import { expect, test } from 'vitest'
import { createFloodControl, DEFAULT_FLOOD, FASTER_FLOOD, floodLimits } from './flood.ts'

function start(limits = DEFAULT_FLOOD) {
  const clock = settableClock(1_000_000)
  const sent: { line: string; at: number }[] = []
  const flood = createFloodControl((line) => sent.push({ line, at: clock.now() }), clock, limits)
  return { clock, sent, flood }
}

/** Whether a penalty in seconds, as InspIRCd and servers in the way of RFC 1459 count it, ever goes over a limit. */
function highestPenalty(sent: readonly { at: number }[], perLineMs: number): number {
  let penalty = 0
  let before = sent[0]?.at ?? 0
  let highest = 0
  for (const { at } of sent) {
    penalty = Math.max(0, penalty - (at - before)) + perLineMs
    before = at
    highest = Math.max(highest, penalty)
  }
  return highest
}

test('100 pasted lines arrive whole, in order, with a pause between them', () => {
  const { clock, sent, flood } = start()
  const lines = Array.from({ length: 100 }, (_, index) => `PRIVMSG #den :line ${index}`)
  for (const line of lines) expect(flood.send(line)).toBe(true)
  expect(sent).toHaveLength(5)
  clock.advance(200_000)
  expect(sent.map(({ line }) => line)).toEqual(lines)
})

test('RFC 1459, 8.10: two seconds a line never add up to more than twelve', () => {
  const { clock, sent, flood } = start()
  for (let index = 0; index < 100; index++) flood.send(`PRIVMSG #den :${index}`)
  clock.advance(300_000)
  expect(highestPenalty(sent, 2_000)).toBeLessThanOrEqual(12_000)
})

test('InspIRCd: one second a line (commandrate 1000) stays below its threshold of ten', () => {
  const { clock, sent, flood } = start(FASTER_FLOOD)
  for (let index = 0; index < 100; index++) flood.send(`PRIVMSG #den :${index}`)
  clock.advance(300_000)
  expect(sent).toHaveLength(100)
  expect(highestPenalty(sent, 1_000)).toBeLessThan(10_000)
})

test('long lines and expensive commands cost more', () => {
  const { sent, flood } = start()
  for (let index = 0; index < 5; index++) flood.send('JOIN #den')
  expect(sent).toHaveLength(3)
  const long = start()
  for (let index = 0; index < 5; index++) long.flood.send(`PRIVMSG #den :${'x'.repeat(460)}`)
  expect(long.sent).toHaveLength(3)
})

test('what waits is bounded: more is refused, not dropped unseen', () => {
  const { flood } = start({ burst: 1, everyMs: 1_000, queue: 3, bytesPerToken: 450 })
  expect([1, 2, 3, 4, 5].map((index) => flood.send(`${index}`))).toEqual([
    true,
    true,
    true,
    true,
    false,
  ])
  expect(flood.waiting).toBe(3)
})

test('what is first goes ahead of what waits, and each line tells when it is written', () => {
  const { clock, sent, flood } = start({ burst: 1, everyMs: 1_000, queue: 9, bytesPerToken: 450 })
  const written: number[] = []
  flood.send('a')
  flood.send('b', { onWrite: () => written.push(clock.now()) })
  flood.send('c', { first: true })
  expect(written).toEqual([])
  clock.advance(10_000)
  expect(sent.map(({ line }) => line)).toEqual(['a', 'c', 'b'])
  expect(written).toHaveLength(1)
})

test.each([
  ['InspIRCd-3', FASTER_FLOOD],
  ['InspIRCd-4.7.0', FASTER_FLOOD],
  ['ergo-2.14.0', FASTER_FLOOD],
  ['ngircd-26.1', FASTER_FLOOD],
  ['solanum-1.0-dev', DEFAULT_FLOOD],
  ['', DEFAULT_FLOOD],
])('the pace for %s', (version, limits) => {
  expect(floodLimits(version)).toBe(limits)
})

test('what is said and done overtakes questions, and nothing else', () => {
  const { clock, sent, flood } = start()
  const past = 'CHATHISTORY AFTER #den timestamp=2026-01-01T00:00:00.000Z 9'
  const asked = ['WHO #den', 'MODE #den', '@label=f1 MODE #den b', 'NAMES #den', past]
  const done = ['JOIN #fox', 'PRIVMSG #fox :a', 'MODE #fox +m', 'NOTICE hare :b', 'PRIVMSG #fox :c']
  for (let index = 0; index < 5; index++) flood.send('AWAY')
  for (const line of [...asked, ...done, 'WHOIS hare', 'PRIVMSG #den :d']) flood.send(line)
  clock.advance(100_000)
  expect(sent.slice(5).map(({ line }) => line)).toEqual([
    ...done,
    'PRIVMSG #den :d',
    ...asked,
    'WHOIS hare',
  ])
})

test('a person speaks at once after her programs asked for all channels', () => {
  const { clock, sent, flood } = start(FASTER_FLOOD)
  for (let index = 0; index < 60; index++) flood.send(`WHO #den${index}`)
  flood.send('PRIVMSG #den :hello')
  clock.advance(4_000)
  expect(sent.map(({ line }) => line)).toContain('PRIVMSG #den :hello')
})
