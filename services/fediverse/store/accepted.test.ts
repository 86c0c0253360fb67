import { existsSync, readdirSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Accepted, type AcceptedActivity } from './accepted.ts'
import { StoreUnavailable } from './journal.ts'
import { hashId } from './layout.ts'
import { afterCrash, faultyDisk, NOON, testStore } from './store.fixture.ts'
import { putJson } from './tree.ts'

const DAY = 86_400_000

const activity = (i: number | string, receivedAt = NOON): AcceptedActivity => ({
  id: `https://peer.example/a/${i}`,
  signer: 'https://peer.example/users/alice',
  receivedAt,
  document: { type: 'Create' },
  attempts: 0,
})

/** What is told of it without its document. */
const waiting = ({ document: _, ...rest }: AcceptedActivity) => rest

function openTest() {
  const tree = testStore()
  const disk = faultyDisk()
  const store = tree.open({ disk })
  onTestFinished(() => store.close())
  return { tree, store, disk }
}

describe('an accepted activity', () => {
  test('is on disk when the promise resolves, without a file of its own', async () => {
    const { tree, store, disk } = openTest()
    const sync = Promise.withResolvers<void>()
    disk.onSync = () => sync.promise
    let isDurable = false
    const accepted = store.accepted.accept(activity(1)).then(() => {
      isDurable = true
    })
    for (let i = 0; i < 50; i++) await Promise.resolve()
    expect(isDurable).toBe(false)
    disk.onSync = undefined
    sync.resolve()
    await accepted
    expect(existsSync(join(tree.directory, 'inbox'))).toBe(false)
    expect(store.accepted.pending()).toEqual([waiting(activity(1))])
  })

  test('is not accepted when the disk does not take it, and can come again', async () => {
    const { store, disk } = openTest()
    disk.onWrite = () => ({ code: 'ENOSPC' })
    expect(() => store.accepted.accept(activity(1))).toThrow(StoreUnavailable)
    disk.onWrite = undefined
    expect(store.accepted.isSeen(activity(1).id)).toBe(false)
    expect(store.accepted.pending()).toEqual([])
    await store.accepted.accept(activity(1))
    expect(store.accepted.pending()).toEqual([waiting(activity(1))])
  })

  test('waits in a file after a failed attempt, and is put aside after the last', async () => {
    const { tree, store } = openTest()
    await store.accepted.accept(activity(1))
    await store.commit([store.accepted.postpone({ ...activity(1), attempts: 1 })])
    expect(readdirSync(join(tree.directory, 'inbox'))).toEqual([`${hashId(activity(1).id)}.json`])
    expect(store.accepted.pending()).toEqual([waiting({ ...activity(1), attempts: 1 })])
    expect(store.accepted.find(activity(1).id)).toEqual({ ...activity(1), attempts: 1 })
    await store.commit(store.accepted.fail({ ...activity(1), attempts: 8, lastError: 'gone' }))
    expect(store.accepted.pending()).toEqual([])
    expect(store.accepted.failed()).toEqual([{ ...activity(1), attempts: 8, lastError: 'gone' }])
  })

  test('that comes again while it waits is there once', async () => {
    const { tree, store } = openTest()
    await store.accepted.accept(activity(1))
    await store.commit([store.accepted.postpone({ ...activity(1), attempts: 1 })])
    await store.accepted.accept(activity(1)) // long after, when it is not remembered any more
    expect(store.accepted.pending()).toEqual([waiting(activity(1))])
    await store.commit([store.accepted.finish(activity(1))])
    expect(store.accepted.pending()).toEqual([])
    const again = afterCrash(tree)
    expect(again.accepted.pending()).toEqual([])
    await again.close()
  })

  test('is listed without being read whole', async () => {
    const { tree, store } = openTest()
    const document = {
      type: 'Create',
      id: 'x',
      attempts: 7,
      content: 'é","document":{"'.repeat(40_000),
    }
    const postponed = { ...activity(1), document, attempts: 2, nextAt: NOON + 1, lastError: '"' }
    await store.commit([store.accepted.postpone(postponed)])
    await store.accepted.accept({ ...activity('","document":'), document })
    const path = join(tree.directory, 'inbox', `${hashId(activity(1).id)}.json`)
    expect(store.accepted.find(activity(1).id)).toEqual(postponed)
    truncateSync(path, 10_000) // so that only the beginning can be parsed
    expect(store.accepted.pending()).toEqual([
      waiting(postponed),
      waiting(activity('","document":')),
    ])
  })

  test('that was written with its document first is listed as well', async () => {
    const { store } = openTest()
    const { id, document, ...rest } = { ...activity(1), nextAt: NOON + 5 }
    await store.commit([putJson(`inbox/${hashId(id)}.json`, { id, document, ...rest })])
    expect(store.accepted.pending()).toMatchObject([{ id, nextAt: NOON + 5 }])
  })

  test('waits in the order in which it came', async () => {
    const { store } = openTest()
    for (const i of [3, 1, 2]) await store.accepted.accept(activity(i, NOON + i))
    await store.commit([store.accepted.postpone(activity(2, NOON + 2))])
    expect(store.accepted.pending().map(({ id }) => id)).toEqual(
      [1, 2, 3].map((i) => activity(i).id),
    )
  })

  test('is refused when too much waits without a file: the peer comes again', async () => {
    const { store } = openTest()
    const large = { ...activity('large'), document: { content: 'x'.repeat(64 * 1024 * 1024) } }
    await store.accepted.accept(large)
    expect(() => store.accepted.accept(activity(1))).toThrow(StoreUnavailable)
    await store.commit([store.accepted.finish(large)])
    await store.accepted.accept(activity(1))
  })
})

describe('what was seen', () => {
  test('is known by its exact id', async () => {
    const { store } = openTest()
    await store.accepted.accept(activity('Ä'))
    expect(store.accepted.isSeen('https://peer.example/a/Ä')).toBe(true)
    for (const other of [
      'https://peer.example/a/ä',
      'https://peer.example/a/%C3%84',
      'https://peer.example/a/A\u0308',
      'https://PEER.example/a/Ä',
      'https://peer.example/a/Ä/',
    ]) {
      expect(store.accepted.isSeen(other), other).toBe(false)
    }
  })

  test('is remembered on the next day and after a start, and forgotten then', async () => {
    const { tree, store } = openTest()
    await store.accepted.accept(activity(1))
    await store.commit([store.accepted.finish(activity(1))])
    tree.clock.advance(DAY)
    store.maintain()
    expect(store.accepted.isSeen(activity(1).id)).toBe(true)
    await store.close()
    const again = tree.open()
    expect(again.accepted.isSeen(activity(1).id)).toBe(true)
    tree.clock.advance(DAY)
    again.maintain()
    expect(again.accepted.isSeen(activity(1).id)).toBe(false)
    expect(readdirSync(join(tree.directory, 'index/seen'))).toEqual([])
    await again.close()
  })

  test('takes no more memory in a flood: the oldest goes first', async () => {
    const { tree, store } = openTest()
    const accepted = new Accepted(store.tree, tree.clock, 100)
    for (let i = 0; i < 1_000; i++) {
      void accepted.accept(activity(i))
      store.commitLazily([accepted.finish(activity(i))])
    }
    const seen = Array.from({ length: 1_000 }, (_, i) => accepted.isSeen(activity(i).id))
    expect(seen.filter(Boolean)).toHaveLength(300)
    expect(seen.indexOf(true)).toBe(700)
    const restarted = new Accepted(store.tree, tree.clock, 100)
    expect(restarted.isSeen(activity(999).id)).toBe(true)
    expect(restarted.isSeen(activity(899).id)).toBe(false)
  })
})
