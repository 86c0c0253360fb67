import { describe, expect, test } from 'vitest'
import { createSerial, QueueFullError } from './serial.ts'

describe('a queue per key', () => {
  test('runs the tasks of one key in order, never two at once', async () => {
    const serial = createSerial({ limit: 100 })
    const events: string[] = []
    const first = Promise.withResolvers<void>()
    const one = serial.run('ann', async () => {
      events.push('one begins')
      await first.promise
      events.push('one ends')
    })
    const two = serial.run('ann', async () => void events.push('two'))
    await serial.run('ben', async () => void events.push('ben'))
    expect(events).toEqual(['one begins', 'ben'])
    first.resolve()
    await Promise.all([one, two])
    expect(events).toEqual(['one begins', 'ben', 'one ends', 'two'])
  })

  test('goes on after a task that failed, and hands the failure to its caller only', async () => {
    const serial = createSerial({ limit: 10 })
    const failed = serial.run('ann', async () => {
      throw new Error('broken')
    })
    const next = serial.run('ann', async () => 7)
    await expect(failed).rejects.toThrow('broken')
    await expect(next).resolves.toBe(7)
  })

  test('refuses a task when the queue of that key is full', async () => {
    const serial = createSerial({ limit: 1 })
    const gate = Promise.withResolvers<void>()
    const held = serial.run('ann', () => gate.promise)
    await expect(serial.run('ann', async () => 1)).rejects.toBeInstanceOf(QueueFullError)
    await expect(serial.run('ben', async () => 2)).resolves.toBe(2)
    gate.resolve()
    await held
    await expect(serial.run('ann', async () => 3)).resolves.toBe(3)
  })

  test('is idle when nothing waits, and forgets keys without tasks', async () => {
    const serial = createSerial({ limit: 10 })
    const done: number[] = []
    for (const n of [1, 2, 3]) void serial.run('ann', async () => void done.push(n))
    expect(serial.pending('ann')).toBe(3)
    await serial.idle()
    expect(done).toEqual([1, 2, 3])
    expect(serial.pending('ann')).toBe(0)
  })
})
