import { describe, expect, test, vi } from 'vitest'
import { settableClock, systemClock } from './clock.ts'

describe('the settable clock', () => {
  test('stands still until it is set', () => {
    const clock = settableClock(1000)
    expect(clock.now()).toBe(1000)
    clock.set(5000)
    expect(clock.now()).toBe(5000)
  })

  test('runs what falls due in order, each at its own instant', () => {
    const clock = settableClock(0)
    const ran: [string, number][] = []
    clock.after(30, () => ran.push(['late', clock.now()]))
    clock.after(10, () => ran.push(['early', clock.now()]))
    clock.after(100, () => ran.push(['never', clock.now()]))
    clock.advance(50)
    expect(ran).toEqual([
      ['early', 10],
      ['late', 30],
    ])
    expect(clock.now()).toBe(50)
  })

  test('runs a task that was planned by a task within the same stretch', () => {
    const clock = settableClock(0)
    const ran: number[] = []
    clock.after(10, () => clock.after(10, () => ran.push(clock.now())))
    clock.advance(20)
    expect(ran).toEqual([20])
  })

  test('forgets a cancelled task', () => {
    const clock = settableClock(0)
    const task = vi.fn()
    clock.after(10, task).cancel()
    clock.advance(20)
    expect(task).not.toHaveBeenCalled()
  })
})

describe('the system clock', () => {
  test('waits for delays longer than setTimeout takes', () => {
    vi.useFakeTimers()
    const task = vi.fn()
    const days = 24 * 3600 * 1000
    systemClock().after(30 * days, task)
    vi.advanceTimersByTime(29 * days)
    expect(task).not.toHaveBeenCalled()
    vi.advanceTimersByTime(days)
    expect(task).toHaveBeenCalledOnce()
    vi.useRealTimers()
  })
})
