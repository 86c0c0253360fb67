import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { realDisk } from './disk.ts'
import { readSegment } from './segment.ts'
import { afterCrash, faultyDisk, NOON, post, tempDirectory, testStore } from './store.fixture.ts'
import type { StoreOptions } from './store.ts'

const HOUR = 3_600_000
const ROTATE = 5 * 60_000

function openTest(options: Partial<StoreOptions> = {}) {
  const tree = testStore()
  const store = tree.open({ retentionMs: HOUR, ...options })
  onTestFinished(() => store.close())
  const segments = () =>
    readdirSync(join(tree.directory, 'journal'))
      .filter((name) => name.endsWith('.log'))
      .map((name) => Number.parseInt(name, 10))
      .sort((a, b) => a - b)
  /** Goes on by so many ms, in the steps in which housekeeping is done. */
  const pass = async (ms: number) => {
    for (let left = ms; left > 0; left -= ROTATE) {
      tree.clock.advance(Math.min(left, ROTATE))
      store.maintain()
      await store.tree.settled()
    }
  }
  return { tree, store, segments, pass }
}

const activity = (i: number, attempts = 0) => ({
  id: `https://peer.example/a/${i}`,
  signer: 'https://peer.example/users/alice',
  receivedAt: NOON,
  document: { type: 'Create' },
  attempts,
})

describe('a journal segment', () => {
  test('stays for as long as a live copy may take after its effects were on disk, then goes', async () => {
    const { store, segments, pass } = openTest()
    await store.commit([store.objects.put(post(1))])
    await pass(ROTATE)
    await store.commit([store.objects.put(post(2))]) // closes the first segment
    expect(segments()).toEqual([1, 2])
    await pass(HOUR * 1.4)
    expect(segments()).toContain(1)
    await pass(HOUR * 0.3)
    expect(segments()).not.toContain(1)
    expect(store.objects.get(post(1).id)).toBeDefined()
  })

  test('that was found at start is kept as if it had been closed then', async () => {
    const { tree, store } = openTest()
    await store.commit([store.objects.put(post(1))])
    tree.clock.advance(10 * HOUR)
    const again = afterCrash(tree)
    again.maintain()
    await again.tree.settled()
    expect(again.tree.journal.closed).toHaveLength(1)
    await again.close()
  })

  test('goes earlier when the journal is too long, but not before its effects are on disk', async () => {
    const { store, segments } = openTest({ journalBytes: 1_000 })
    await store.commit([store.objects.put(post(1, { source: 'x'.repeat(2_000) }))])
    store.tree.journal.rotate()
    await store.commit([store.objects.put(post(2))])
    store.tree.index.unsynced.add('home/you')
    store.maintain()
    await store.tree.settled()
    expect(segments()).toEqual([2])
    expect(store.tree.index.unsynced.size).toBe(0)
  })

  test('takes what still waits with it into the next one, however long it waits', async () => {
    const { tree, store, pass } = openTest()
    await store.accepted.accept(activity(1))
    await store.accepted.accept(activity(2))
    await store.accepted.accept(activity(3))
    await store.commit([store.accepted.postpone(activity(2, 1))])
    await store.commit([store.accepted.finish(activity(3))])
    for (let i = 0; i < 20; i++) {
      await store.commit([store.objects.put(post(i))])
      await pass(HOUR / 2)
    }
    const paths = readdirSync(join(tree.directory, 'journal'))
      .flatMap((name) => [...readSegment(join(tree.directory, 'journal', name))])
      .flatMap(({ ops }) => ops?.map(({ path }) => path) ?? [])
    for (const i of [1, 2]) expect(paths).toContain(store.accepted.finish(activity(i)).path)
    // So a copy of the journal has them, whatever became of their files while it was taken.
    expect(paths).not.toContain(store.accepted.finish(activity(3)).path)
    expect(existsSync(join(tree.directory, store.accepted.finish(activity(1)).path))).toBe(true)
    const again = afterCrash(tree)
    expect(again.accepted.pending()).toMatchObject([
      { id: activity(1).id, attempts: 0 },
      { id: activity(2).id, attempts: 1 },
    ])
    expect(again.accepted.find(activity(2).id)).toEqual(activity(2, 1))
    await again.close()
  })

  test('is retired on a disk that is nearly full, which makes room', async () => {
    const { tree, store } = openTest()
    await store.commit([store.objects.put(post(1))])
    await store.accepted.accept(activity(1))
    await store.close()
    const full = testStore(tree.directory).open({
      minFreeBytes: Number.MAX_SAFE_INTEGER,
      journalBytes: 0,
    })
    full.maintain()
    await full.tree.settled()
    expect(full.tree.journal.closed).toHaveLength(0)
    expect(full.tree.unavailable()).toBe('the disk is nearly full')
    await full.close()
  })

  test('is retired by one flush of the whole disk where that can be had', async () => {
    for (const canBeHad of [true, false]) {
      const flushed: string[] = []
      const disk = faultyDisk()
      disk.syncAll = async (directory) => {
        flushed.push(directory)
        return canBeHad
      }
      const { tree, store, segments } = openTest({ journalBytes: 0, disk })
      await store.commit([store.objects.put(post(1))])
      store.tree.journal.rotate()
      await store.commit([store.objects.put(post(2))])
      store.maintain()
      await store.tree.settled()
      expect(flushed).toEqual([tree.directory])
      expect(segments()).toEqual([2])
      expect(store.tree.index.unsynced.size).toBe(0)
    }
  })

  test('that can not be read stays, and the next round tries again', async () => {
    const { tree, store, segments } = openTest({ journalBytes: 0, disk: faultyDisk() })
    await store.commit([store.objects.put(post(1))])
    store.tree.journal.rotate()
    await store.commit([store.objects.put(post(2))])
    const { index } = store.tree
    const directory = join(tree.directory, 'index/home/you')
    index.unsynced.add('home/you/not-a-directory') // ENOTDIR when it is opened
    store.maintain()
    await store.tree.settled()
    expect(segments()).toEqual([1, 2])
    index.unsynced.delete('home/you/not-a-directory')
    store.maintain()
    await store.tree.settled()
    expect(segments()).toEqual([2])
    expect(readFileSync(directory, 'utf8')).toContain('+')
  })
})

test('a whole disk is flushed by sync -f, which every Linux has', async () => {
  const directory = tempDirectory()
  expect(await realDisk.syncAll(directory)).toBe(process.platform === 'linux')
  expect(await realDisk.syncAll(join(directory, 'missing'))).toBe(false)
})
