import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { settableClock } from '@fuchsbau/shared/clock.ts'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Journal, type JournalOptions, type Op, StoreUnavailable } from './journal.ts'
import { readSegment } from './segment.ts'
import { faultyDisk, tempDirectory } from './store.fixture.ts'

const op = (i: number): Op[] => [{ kind: 'put', path: `objects/00/${i}.json`, text: `{"i":${i}}` }]

function openJournal(options: Partial<JournalOptions> = {}, directory = tempDirectory()) {
  const disk = faultyDisk()
  const clock = settableClock(1_000_000)
  const journal = new Journal(directory, {
    clock,
    disk,
    segmentBytes: 1_000_000,
    segmentMs: 300_000,
    ...options,
  })
  onTestFinished(async () => {
    disk.onSync = undefined
    await journal.close()
  })
  return { journal, disk, clock, directory }
}

/** Paths of all operations in the journal, in order. */
const written = (directory: string) =>
  readdirSync(directory)
    .sort()
    .flatMap((name) => [...readSegment(join(directory, name))])
    .flatMap(({ ops }) => ops?.map(({ path }) => path) ?? ['damaged'])

const pathsOf = (...numbers: number[]) => numbers.map((i) => `objects/00/${i}.json`)

/** A disk whose fdatasync waits until it is let go. */
function gate() {
  const waiting: PromiseWithResolvers<void>[] = []
  return {
    onSync: () => {
      const one = Promise.withResolvers<void>()
      waiting.push(one)
      return one.promise
    },
    count: () => waiting.length,
    async open() {
      await Promise.resolve()
      waiting.shift()?.resolve()
    },
    async fail() {
      await Promise.resolve()
      waiting.shift()?.reject(Object.assign(new Error('EIO: injected'), { code: 'EIO' }))
    },
  }
}

/** Lets all promises that are resolved by now run. */
const settle = async () => {
  for (let i = 0; i < 20; i++) await Promise.resolve()
}

describe('group commit', () => {
  test('500 transactions of one turn share one fdatasync', async () => {
    const { journal, disk, directory } = openJournal()
    await Promise.all(Array.from({ length: 500 }, (_, i) => journal.append(op(i))))
    expect(disk.syncs).toBe(1)
    expect(written(directory)).toHaveLength(500)
  })

  test('what comes during an fdatasync waits for the next one, all of it together', async () => {
    const { journal, disk } = openJournal()
    const door = gate()
    disk.onSync = door.onSync
    const done: string[] = []
    void journal.append(op(1)).then(() => done.push('first'))
    await settle()
    for (const name of ['second', 'third']) void journal.append(op(2)).then(() => done.push(name))
    await settle()
    expect({ done, syncs: disk.syncs }).toEqual({ done: [], syncs: 1 })
    await door.open()
    await expect.poll(() => door.count()).toBe(1)
    expect({ done, syncs: disk.syncs }).toEqual({ done: ['first'], syncs: 2 })
    await door.open()
    await settle()
    expect(done).toEqual(['first', 'second', 'third'])
    expect(disk.syncs).toBe(2)
  })

  test('a transaction is in the file when append returns: a killed process loses nothing', () => {
    const { journal, directory } = openJournal()
    void journal.append(op(1))
    expect(written(directory)).toEqual(pathsOf(1))
  })

  test('a lazy transaction asks for no fdatasync, and shares that of the next', async () => {
    const { journal, disk, directory } = openJournal()
    journal.appendLazily(op(1))
    await settle()
    expect(disk.syncs).toBe(0)
    await journal.append(op(2))
    expect(disk.syncs).toBe(1)
    expect(written(directory)).toEqual(pathsOf(1, 2))
  })

  test('flush waits for what was written lazily', async () => {
    const { journal, disk } = openJournal()
    journal.appendLazily(op(1))
    await journal.flush()
    expect(disk.syncs).toBe(1)
  })
})

describe('segments', () => {
  test('a segment is closed when it is long enough or old enough', async () => {
    const { journal, clock, directory } = openJournal({ segmentBytes: 60 })
    await journal.append(op(1))
    await journal.append(op(2))
    expect(journal.closed).toHaveLength(0)
    await journal.append(op(3)) // 66 bytes are in the first
    expect(journal.closed.map(({ number }) => number)).toEqual([1])
    clock.advance(300_000)
    await journal.append(op(4))
    expect(journal.closed.map(({ number }) => number)).toEqual([1, 2])
    expect(written(directory)).toEqual(pathsOf(1, 2, 3, 4))
  })

  test('a closed segment is durable before what follows it is acknowledged', async () => {
    const { journal, disk } = openJournal()
    const door = gate()
    disk.onSync = door.onSync
    let isDone = false
    void journal.append(op(1))
    journal.rotate()
    void journal.append(op(2)).then(() => {
      isDone = true
    })
    await settle()
    await door.open()
    await expect.poll(() => door.count()).toBe(1)
    expect(isDone).toBe(false)
    await door.open()
    await expect.poll(() => isDone).toBe(true)
  })

  test('closed segments have no room left in them', async () => {
    const { journal, directory } = openJournal()
    await journal.append(op(1))
    expect(statSync(join(directory, '0000000001.log')).size).toBe(1024 * 1024)
    journal.rotate()
    await journal.append(op(2))
    expect(readFileSync(join(directory, '0000000001.log'), 'utf8')).toMatch(/"i":1\}\n$/)
  })

  test('a journal that is opened again goes on behind the last segment', async () => {
    const { journal, directory } = openJournal()
    await journal.append(op(1))
    await journal.close()
    const again = openJournal({}, directory)
    await again.journal.append(op(2))
    expect(again.journal.closed).toMatchObject([{ number: 1, closedAt: 1_000_000 }])
    expect(written(directory)).toEqual(pathsOf(1, 2))
  })

  test('an empty segment is not left behind', async () => {
    const { journal, directory } = openJournal()
    await journal.close()
    expect(readdirSync(directory)).toEqual([])
  })
})

describe('a full disk', () => {
  test.each([0, 1, 20, 40])(
    'refuses the transaction with nothing changed, after %i bytes of it',
    async (part) => {
      const { journal, disk, directory } = openJournal()
      await journal.append(op(1))
      disk.onWrite = () => ({ code: 'ENOSPC', part })
      expect(() => journal.append(op(2))).toThrow(StoreUnavailable)
      expect(written(directory)).toEqual(pathsOf(1))
      disk.onWrite = undefined
      await journal.append(op(3))
      expect(written(directory)).toEqual(pathsOf(1, 3))
      expect(journal.failure).toBeUndefined()
    },
  )

  test('that can not even take back half a line stops the journal for good', async () => {
    const { journal, disk } = openJournal()
    await journal.append(op(1))
    disk.onWrite = () => ({ code: 'EIO', part: 10 })
    disk.truncate = () => {
      throw new Error('EIO')
    }
    expect(() => journal.append(op(2))).toThrow(StoreUnavailable)
    disk.onWrite = undefined
    expect(() => journal.append(op(3))).toThrow(StoreUnavailable)
    expect(journal.failure?.message).toBe('EIO')
  })
})

describe('a failed fdatasync', () => {
  test('is told to all who waited, and nothing is promised any more', async () => {
    const { journal, disk } = openJournal()
    const door = gate()
    disk.onSync = door.onSync
    const first = journal.append(op(1))
    await settle()
    // Written while the failing fdatasync runs: a later one that succeeds would promise too much,
    // because the kernel may have dropped the pages and forgotten the error.
    const second = journal.append(op(2))
    await door.fail()
    await expect(first).rejects.toThrow(StoreUnavailable)
    await expect(second).rejects.toThrow(StoreUnavailable)
    expect(() => journal.append(op(3))).toThrow(StoreUnavailable)
    await expect(journal.flush()).rejects.toThrow(StoreUnavailable)
    expect(await journal.close()).toBe(false)
  })

  test('that nobody waits for does not bring the process down', async () => {
    const { journal, disk } = openJournal()
    disk.onSync = () => Promise.reject(new Error('EIO'))
    void journal.append(op(1))
    await expect.poll(() => journal.failure?.message).toBe('EIO')
  })
})

test('a closed journal takes nothing more, even if its descriptor were used again', async () => {
  const { journal } = openJournal()
  await journal.close()
  expect(() => journal.append(op(1))).toThrow(StoreUnavailable)
})
