import { expect, test } from 'vitest'
import { HostLimit } from './host-limit.ts'

/** A task that ends when told to. */
function makeTask() {
  const { promise, resolve } = Promise.withResolvers<string>()
  const task = { isStarted: false, end: () => resolve('done') }
  const run = () => {
    task.isStarted = true
    return promise
  }
  return { task, run }
}

test('tasks for one host wait for their turn, those for another do not', async () => {
  const limit = new HostLimit({ running: 1 })
  const [first, second, other] = [makeTask(), makeTask(), makeTask()]
  const results = [
    limit.run('a.example', first.run),
    limit.run('a.example', second.run),
    limit.run('b.example', other.run),
  ]
  expect([first, second, other].map(({ task }) => task.isStarted)).toEqual([true, false, true])
  first.task.end()
  await results[0]
  expect(second.task.isStarted).toBe(true)
  second.task.end()
  other.task.end()
  expect(await Promise.all(results)).toEqual(['done', 'done', 'done'])
})

test('a task is refused when enough are waiting for its host', async () => {
  const limit = new HostLimit({ running: 1, waiting: 1 })
  const [first, second, third] = [makeTask(), makeTask(), makeTask()]
  const results = [limit.run('a.example', first.run), limit.run('a.example', second.run)]
  expect(await limit.run('a.example', third.run)).toBeUndefined()
  expect(third.task.isStarted).toBe(false)
  first.task.end()
  second.task.end()
  await Promise.all(results)
})

test('a task is refused when enough are running for all hosts together', async () => {
  const limit = new HostLimit({ total: 2 })
  const [first, second, third] = [makeTask(), makeTask(), makeTask()]
  const results = [limit.run('a.example', first.run), limit.run('b.example', second.run)]
  expect(await limit.run('c.example', third.run)).toBeUndefined()
  first.task.end()
  await results[0]
  const again = limit.run('c.example', third.run)
  expect(third.task.isStarted).toBe(true)
  third.task.end()
  second.task.end()
  expect(await again).toBe('done')
  await results[1]
})

test('a task that fails gives up its place', async () => {
  const limit = new HostLimit({ running: 1, waiting: 1, total: 1 })
  for (let round = 0; round < 3; round += 1) {
    await expect(limit.run('a.example', () => Promise.reject(new Error('no')))).rejects.toThrow(
      'no',
    )
  }
  expect(await limit.run('b.example', async () => 'done')).toBe('done')
})
