import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { settableClock } from '@fuchsbau/shared/clock.ts'
import { describe, expect, onTestFinished, test } from 'vitest'
import { StoreUnavailable } from './journal.ts'
import { HEARTBEAT_STALE_MS, StoreLocked, takeLock, treeIdentity, whenUnlocked } from './lock.ts'
import { NOON, post, tempDirectory, testStore } from './store.fixture.ts'

const now = () => NOON
const lockIn = (directory = tempDirectory()) => join(directory, 'lock')
const read = (path: string) => JSON.parse(readFileSync(path, 'utf8'))
const change = (path: string, fields: object) =>
  writeFileSync(path, JSON.stringify({ ...read(path), ...fields }))

function failure(task: () => unknown): unknown {
  try {
    task()
  } catch (error) {
    return error
  }
  return undefined
}

/** A process that holds the lock until it is killed. */
async function holder(path: string) {
  const code = `
    const { takeLock } = await import(process.argv[1])
    takeLock(process.argv[2], () => ${NOON})
    process.stdout.write('held')
    setInterval(() => {}, 1000)`
  const child = spawn(
    process.execPath,
    ['--input-type=module', '-e', code, join(import.meta.dirname, 'lock.ts'), path],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  return child
}

describe('a second process', () => {
  test('is refused with a message that names the first', async () => {
    const path = lockIn()
    const child = await holder(path)
    const error = failure(() => takeLock(path, now))
    expect(error).toBeInstanceOf(StoreLocked)
    expect((error as StoreLocked).message).toContain(`in use by process ${child.pid} `)
    expect(error).toMatchObject({ pid: child.pid, isCertain: true })
  })

  test('gets the lock when the first was killed', async () => {
    const path = lockIn()
    const child = await holder(path)
    child.kill('SIGKILL')
    await once(child, 'exit')
    const lock = takeLock(path, now)
    expect(read(path).pid).toBe(process.pid)
    lock.release()
  })

  test('is refused by openStore too, which leaves the tree alone', async () => {
    const tree = testStore()
    const store = tree.open()
    expect(failure(() => tree.open())).toMatchObject({ name: 'StoreLocked', pid: process.pid })
    await store.commit([store.objects.put(post(1))])
    await store.close()
    const again = tree.open()
    expect(again.recovery.wasClean).toBe(true)
    await again.close()
  })
})

describe('a lock that is left over', () => {
  test.each([
    ['of another boot', { bootId: 'another' }],
    ['of a process that is gone', { pid: 2 ** 22 + 1 }],
    ['of a process whose number was given away again', { startedAt: '1' }],
    [
      'of another container that has not been heard of',
      {
        pidNamespace: 'pid:[1]',
        beatAt: NOON - HEARTBEAT_STALE_MS,
      },
    ],
    ['that is empty', undefined],
  ])('%s is taken over', (_, fields) => {
    const path = lockIn()
    takeLock(path, now)
    if (fields) change(path, fields)
    else writeFileSync(path, '')
    const lock = takeLock(path, now)
    expect(read(path)).toMatchObject({ pid: process.pid, beatAt: NOON })
    lock.release()
    expect(existsSync(path)).toBe(false)
  })

  test('in the copy of a tree that is in use is taken over', () => {
    const directory = tempDirectory()
    takeLock(lockIn(directory), now)
    const copy = join(tempDirectory(), 'copy')
    cpSync(directory, copy, { recursive: true, preserveTimestamps: true })
    expect(() => takeLock(lockIn(directory), now)).toThrow(StoreLocked)
    takeLock(lockIn(copy), now).release()
  })

  test('half-way, by a crash while it was taken, is removed after a moment', () => {
    const path = lockIn()
    writeFileSync(`${path}.new`, '')
    const written = Date.now()
    expect(() => takeLock(path, () => written)).toThrow(StoreLocked)
    takeLock(path, () => written + 6_000).release()
    expect(existsSync(`${path}.new`)).toBe(false)
  })
})

describe('a lock of another container', () => {
  test('is honoured as long as its heartbeat is heard, and says that it is a guess', () => {
    const path = lockIn()
    takeLock(path, now)
    change(path, { pidNamespace: 'pid:[1]', beatAt: NOON - HEARTBEAT_STALE_MS + 1 })
    const error = failure(() => takeLock(path, now))
    expect(error).toMatchObject({ name: 'StoreLocked', isCertain: false })
    expect((error as Error).message).toContain('another container')
  })

  /** A start beside such a lock, last heard of 3 s ago; `isAlive` says whether it is heard of again. */
  async function start(isAlive: boolean) {
    const path = lockIn()
    takeLock(path, now)
    const clock = settableClock(NOON)
    const beat = () => change(path, { pidNamespace: 'pid:[1]', beatAt: clock.now() - 3_000 })
    beat()
    const said: string[] = []
    const open = () => takeLock(path, () => clock.now())
    let result: unknown
    const ended = whenUnlocked(open, clock, (text) => said.push(text)).then(
      (lock) => {
        result = lock
      },
      (error) => {
        result = error
      },
    )
    let seconds = 0
    for (; result === undefined && seconds < 60; seconds++) {
      if (isAlive) beat()
      clock.advance(1_000)
      await new Promise(setImmediate)
    }
    await ended
    return { path, result, seconds, said }
  }

  test('is waited for at start, with a word, until it does not count any more', async () => {
    const { path, result, seconds, said } = await start(false)
    expect(result).not.toBeInstanceOf(Error)
    expect(read(path).pid).toBe(process.pid)
    expect(seconds).toBe(17)
    expect(said).toEqual([expect.stringMatching(/in use by process \d+.*: waiting up to 20 s$/)])
  })

  test('that goes on beating refuses the start in the end', async () => {
    const { result, seconds } = await start(true)
    expect(result).toBeInstanceOf(StoreLocked)
    expect(seconds).toBe(21)
  })

  test('is not waited for when its process is seen', async () => {
    const path = lockIn()
    takeLock(path, now)
    const said: string[] = []
    const opening = whenUnlocked(
      () => takeLock(path, now),
      settableClock(NOON),
      (text) => said.push(text),
    )
    await expect(opening).rejects.toMatchObject({ name: 'StoreLocked', isCertain: true })
    expect(said).toEqual([])
  })
})

describe('the holder', () => {
  test('shows that it lives', () => {
    const path = lockIn()
    let time = NOON
    const lock = takeLock(path, () => time)
    time += 10_000
    expect(lock.beat()).toBe(true)
    expect(read(path).beatAt).toBe(NOON + 10_000)
    lock.release()
  })

  test('that has lost its lock writes nothing more, and leaves the lock of the other alone', async () => {
    const tree = testStore()
    const store = tree.open()
    const path = lockIn(tree.directory)
    const other = join(tempDirectory(), 'other')
    takeLock(other, now)
    renameSync(other, path)
    store.maintain()
    expect(store.tree.unavailable()).toContain('lock')
    expect(() => store.commit([store.objects.put(post(1))])).toThrow(StoreUnavailable)
    await store.close()
    expect(existsSync(path)).toBe(true)
    expect(readdirSync(join(tree.directory, 'journal'))).not.toContain('clean')
  })

  test('that slept while another took its lock finds out before it writes', async () => {
    const tree = testStore()
    const store = tree.open()
    await store.commit([store.objects.put(post(1))])
    const path = lockIn(tree.directory)
    rmSync(path)
    writeFileSync(path, 'another')
    tree.clock.advance(HEARTBEAT_STALE_MS)
    expect(() => store.commit([store.objects.put(post(2))])).toThrow(StoreUnavailable)
    await store.close()
  })

  test('leaves nothing behind', () => {
    const directory = tempDirectory()
    takeLock(lockIn(directory), now).release()
    expect(readdirSync(directory)).toEqual([])
  })
})

test('a tree is known by the file that is written once: a copy has another identity', () => {
  const directory = tempDirectory()
  writeFileSync(join(directory, 'layout.json'), '{}')
  const identity = treeIdentity(directory)
  writeFileSync(join(directory, 'other'), '{}')
  rmSync(join(directory, 'other'))
  expect(treeIdentity(directory)).toBe(identity)
  const copy = join(tempDirectory(), 'copy')
  cpSync(directory, copy, { recursive: true, preserveTimestamps: true })
  expect(treeIdentity(copy)).not.toBe(identity)
})
