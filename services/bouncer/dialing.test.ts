// How many connections to one host may begin at once, and that one that gets in wakes the others.
import { settableClock } from '@fuchsbau/shared/clock.ts'
import { expect, test } from 'vitest'
import { Dialing } from './dialing.ts'

function start() {
  const clock = settableClock(1_000_000)
  const dialing = new Dialing(clock)
  const begun: number[] = []
  const begin = (host: string, delayMs: number, canWake = false) =>
    dialing.after(host, delayMs, () => begun.push(clock.now() - 1_000_000), { canWake })
  return { clock, dialing, begun, begin }
}

test('of 100 to one host 20 begin at once, then one each 50 ms: all within 5 s', () => {
  const { clock, begun, begin } = start()
  for (let index = 0; index < 100; index++) begin('irc.test', 0)
  clock.advance(0)
  expect(begun).toHaveLength(20)
  clock.advance(5_000)
  expect(begun).toHaveLength(100)
  for (const at of begun) {
    expect(begun.filter((other) => other >= at && other < at + 1_000).length).toBeLessThanOrEqual(
      40,
    )
  }
})

test('other hosts have turns of their own', () => {
  const { clock, begun, begin } = start()
  for (let index = 0; index < 20; index++) begin('irc.test', 0)
  begin('other.test', 0)
  clock.advance(0)
  expect(begun).toHaveLength(21)
})

test('one that gets in wakes those that could not reach the same host, and no others', () => {
  const { clock, dialing, begun, begin } = start()
  begin('irc.test', 60_000, true)
  begin('irc.test', 60_000) // was banned there, say
  begin('other.test', 60_000, true)
  clock.advance(1_000)
  dialing.arrived('irc.test')
  dialing.arrived('irc.test')
  clock.advance(1_000)
  expect(begun).toEqual([1_000])
  clock.advance(60_000)
  expect(begun).toHaveLength(3)
})

test('one that is cancelled does not begin', () => {
  const { clock, dialing, begun, begin } = start()
  begin('irc.test', 100, true).cancel()
  dialing.arrived('irc.test')
  clock.advance(1_000)
  expect(begun).toEqual([])
})

test('one person who connects anew again and again does not keep the others waiting', () => {
  const { clock, begun, begin } = start()
  for (let index = 0; index < 20; index++) begin('irc.test', 0)
  clock.advance(0)
  for (let index = 0; index < 1_000; index++) {
    const timer = begin('irc.test', 0)
    clock.advance(0)
    timer.cancel()
  }
  begin('irc.test', 0)
  clock.advance(100)
  expect(begun).toHaveLength(21)
})
