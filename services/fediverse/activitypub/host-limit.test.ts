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

test('a task is refused when enough are waiting for all hosts together, until one of them began', async () => {
  const limit = new HostLimit({ running: 1, totalWaiting: 2 })
  const [a, b, more] = [makeTask(), makeTask(), makeTask()]
  const results = [
    limit.run('a.example', a.run),
    limit.run('b.example', b.run),
    limit.run('a.example', async () => 'done'),
    limit.run('b.example', async () => 'done'),
  ]
  expect(await limit.run('b.example', more.run)).toBeUndefined()
  expect(more.task.isStarted).toBe(false)
  expect(await limit.run('c.example', async () => 'started at once')).toBe('started at once')
  a.task.end()
  await Promise.all([results[0], results[2]])
  const again = limit.run('b.example', more.run)
  b.task.end()
  more.task.end()
  expect(await Promise.all([...results, again])).toEqual(Array(5).fill('done'))
})

test('by default 1,000 tasks wait for all hosts together', async () => {
  const limit = new HostLimit({ running: 1 })
  const hosts = Array.from({ length: 20 }, (_, n) => `${n}.example`)
  const tasks = hosts.map(() => makeTask())
  const running = hosts.map((host, n) => limit.run(host, tasks[n]?.run ?? (async () => 'none')))
  const waiting = hosts.flatMap((host) =>
    Array.from({ length: 60 }, () => limit.run(host, async () => 'waited')),
  )
  for (const { task } of tasks) task.end()
  await Promise.all(running)
  const outcomes = await Promise.all(waiting)
  expect(outcomes.filter((outcome) => outcome === 'waited')).toHaveLength(1_000)
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
