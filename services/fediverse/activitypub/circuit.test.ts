import { describe, expect, test } from 'vitest'
import { Circuit } from './circuit.ts'

const retry = {
  firstMs: 60,
  factor: 2,
  maxMs: 1_000,
  attempts: Number.POSITIVE_INFINITY,
  jitter: 0,
}
const make = () => new Circuit({ openAfter: 3, retry, random: () => 0 })

/** Fails as often as said, each time with a probe of its own. */
function fail(circuit: Circuit, times: number, now = 0): void {
  for (let i = 0; i < times; i++) circuit.failed(circuit.wave, now)
}

describe('circuit of a host', () => {
  test('stays closed below the limit, and a success starts the count anew', () => {
    const circuit = make()
    fail(circuit, 2)
    expect(circuit.succeeded()).toBe(false)
    fail(circuit, 2)
    expect(circuit.limit(0, 32)).toBe(32)
    expect(circuit.isOpen).toBe(false)
  })

  test('opens at the limit: nothing while held, then one probe', () => {
    const circuit = make()
    fail(circuit, 3, 1_000)
    expect(circuit.limit(1_059, 32)).toBe(0)
    expect(circuit.limit(1_060, 32)).toBe(1)
  })

  test('each failed probe doubles the hold, up to the longest', () => {
    const circuit = make()
    fail(circuit, 3)
    const holds = Array.from({ length: 6 }, () => {
      const { heldUntil } = circuit
      fail(circuit, 1, heldUntil)
      return circuit.heldUntil - heldUntil
    })
    expect(holds).toEqual([120, 240, 480, 960, 1_000, 1_000])
  })

  test('attempts that were under way together count as one', () => {
    const circuit = make()
    const { wave } = circuit
    for (let i = 0; i < 32; i++) circuit.failed(wave, 0)
    expect(circuit.failures).toBe(3)
    expect(circuit.heldUntil).toBe(60)
  })

  test('a success closes an open circuit, and says so', () => {
    const circuit = make()
    fail(circuit, 5)
    expect(circuit.succeeded()).toBe(true)
    expect(circuit.limit(0, 32)).toBe(32)
  })

  test('Retry-After holds a healthy host; of several answers the longest counts', () => {
    const circuit = make()
    const { wave } = circuit
    circuit.failed(wave, 0, 100)
    circuit.failed(wave, 0, 300)
    circuit.failed(wave, 0, 200)
    expect(circuit.heldUntil).toBe(300)
    expect(circuit.isOpen).toBe(false)
    expect(circuit.limit(300, 32)).toBe(32)
  })

  test('a clock that is set back does not prolong a hold beyond the longest', () => {
    const circuit = make()
    fail(circuit, 3, 1_000_000)
    expect(circuit.limit(10, 32)).toBe(1)
  })
})
