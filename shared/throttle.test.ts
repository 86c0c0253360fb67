import { describe, expect, test } from 'vitest'
import { settableClock } from './clock.ts'
import { createThrottle, type Throttle } from './throttle.ts'

function fail(throttle: Throttle, address: string, account = 'reynard'): number {
  const attempt = throttle.begin(address, account)
  if (!attempt.ok) return attempt.waitMs
  attempt.done()
  return 0
}

function succeed(throttle: Throttle, address: string): boolean {
  const attempt = throttle.begin(address, 'reynard')
  if (!attempt.ok) return false
  attempt.succeed()
  attempt.done()
  return true
}

describe('guessing passwords', () => {
  test('gets slower from one address: free five times, then the wait doubles up to 15 minutes', () => {
    const clock = settableClock(0)
    const throttle = createThrottle(clock)
    const waits: number[] = []
    for (let round = 0; round < 20; round += 1) {
      // Another account each time: only the address counts.
      const waitMs = fail(throttle, '192.0.2.1', `user${round}`)
      waits.push(waitMs / 1_000)
      clock.advance(waitMs)
      if (waitMs > 0) fail(throttle, '192.0.2.1', `again${round}`)
    }
    expect(waits.slice(0, 9)).toEqual([0, 0, 0, 0, 0, 1, 2, 4, 8])
    expect(Math.max(...waits)).toBe(900)
  })

  test('a clock that is put back makes nobody wait longer', () => {
    const clock = settableClock(100_000_000)
    const throttle = createThrottle(clock)
    for (let round = 0; round < 6; round += 1) fail(throttle, '192.0.2.1', `user${round}`)
    clock.set(0)
    expect(fail(throttle, '192.0.2.1')).toBe(1_000)
  })

  test('gets slower for one account from many addresses, but never by more than 30 seconds', () => {
    const clock = settableClock(0)
    const throttle = createThrottle(clock)
    let longest = 0
    for (let round = 0; round < 200; round += 1)
      longest = Math.max(longest, fail(throttle, `198.51.100.${round}`))
    expect(longest).toBe(1_000)
    for (let round = 0; round < 20; round += 1) {
      const waitMs = fail(throttle, `203.0.113.${round}`)
      longest = Math.max(longest, waitMs)
      clock.advance(waitMs)
      fail(throttle, `203.0.113.${round}`)
    }
    expect(longest).toBe(30_000)
  })

  test('does not keep out who signed in from her address before', () => {
    const clock = settableClock(0)
    const throttle = createThrottle(clock)
    expect(succeed(throttle, '192.0.2.7')).toBe(true)
    for (let round = 0; round < 50; round += 1) fail(throttle, `198.51.100.${round}`)
    expect(fail(throttle, '198.51.100.99')).toBeGreaterThan(0)
    expect(succeed(throttle, '192.0.2.7')).toBe(true)
  })

  test('counts the addresses of one IPv6 network as one', () => {
    const throttle = createThrottle(settableClock(0))
    for (let host = 1; host <= 5; host += 1) fail(throttle, `2001:db8:0:1::${host}`, `user${host}`)
    expect(fail(throttle, '2001:db8:0:1:ffff::1', 'x')).toBeGreaterThan(0)
    expect(fail(throttle, '2001:db8:0:2::1', 'x')).toBe(0)
  })

  test('is forgotten after success, and after an hour', () => {
    const clock = settableClock(0)
    const throttle = createThrottle(clock)
    for (let round = 0; round < 4; round += 1) fail(throttle, '192.0.2.1')
    expect(succeed(throttle, '192.0.2.1')).toBe(true)
    for (let round = 0; round < 5; round += 1) expect(fail(throttle, '192.0.2.1')).toBe(0)
    expect(fail(throttle, '192.0.2.1')).toBeGreaterThan(0)
    clock.advance(3_600_001)
    for (let round = 0; round < 5; round += 1) expect(fail(throttle, '192.0.2.1')).toBe(0)
  })

  test('happens at most three times at once', () => {
    const throttle = createThrottle(settableClock(0))
    const running = ['a', 'b', 'c'].map((name, index) => throttle.begin(`192.0.2.${index}`, name))
    expect(throttle.begin('192.0.2.9', 'd')).toEqual({ ok: false, waitMs: 2_000 })
    const [first] = running
    if (first?.ok) first.done()
    expect(throttle.begin('192.0.2.9', 'd').ok).toBe(true)
  })

  test('forgets an attempt that nobody could check, and only that one', () => {
    const clock = settableClock(0)
    const throttle = createThrottle(clock)
    for (let round = 0; round < 4; round += 1) fail(throttle, '192.0.2.1')
    for (let round = 0; round < 20; round += 1) {
      const attempt = throttle.begin('192.0.2.1', 'reynard')
      if (!attempt.ok) throw new Error(`slowed at ${round}`)
      attempt.forget()
      attempt.done()
    }
    expect(fail(throttle, '192.0.2.1')).toBe(0)
    expect(fail(throttle, '192.0.2.1')).toBe(1_000)
  })
})
