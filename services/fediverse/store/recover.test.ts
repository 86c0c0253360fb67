import {
  appendFileSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { AcceptedActivity } from './accepted.ts'
import { hashId, indexes, paths } from './layout.ts'
import { afterCrash, copyOf, idOf, NOON, post, type TestStore, testStore } from './store.fixture.ts'
import type { Store } from './store.ts'

const activity = (i: number): AcceptedActivity => ({
  id: `https://peer.example/a/${i}`,
  signer: 'https://peer.example/users/alice',
  receivedAt: NOON + i,
  document: { type: 'Create' },
  attempts: 0,
})

const home = (store: Store) =>
  [...store.tree.index.newest(indexes.home('you'))].map(({ key }) => key)
const keys = (...numbers: number[]) => numbers.map((i) => hashId(idOf(i)))
const objectFile = (tree: TestStore, i: number) =>
  join(tree.directory, paths.object(hashId(idOf(i))))
const indexFile = (tree: TestStore) => join(tree.directory, paths.index(indexes.home('you')))

async function withPosts(count: number): Promise<{ tree: TestStore; store: Store }> {
  const tree = testStore()
  const store = tree.open()
  for (let i = 0; i < count; i++) await store.commit([store.objects.put(post(i, { at: NOON + i }))])
  return { tree, store }
}

describe('after an orderly end', () => {
  test('nothing is replayed', async () => {
    const { tree, store } = await withPosts(3)
    await store.close()
    const again = tree.open()
    expect(again.recovery).toMatchObject({ wasClean: true, wasReindexed: false, restored: 0 })
    expect(home(again)).toEqual(keys(2, 1, 0))
    await again.close()
  })

  test('what was held waits in a file', async () => {
    const { tree, store } = await withPosts(0)
    await store.accepted.accept(activity(1))
    await store.close()
    expect(readdirSync(join(tree.directory, 'inbox'))).toHaveLength(1)
    const again = tree.open()
    expect(again.recovery.wasClean).toBe(true)
    expect(again.accepted.pending()).toHaveLength(1)
    expect(again.accepted.find(activity(1).id)).toEqual(activity(1))
    // Its end removes the file, although it was held once.
    await again.commit([again.accepted.finish(activity(1))])
    await again.close()
    expect(readdirSync(join(tree.directory, 'inbox'))).toEqual([])
  })

  test('in another boot of the machine, the journal is replayed all the same', async () => {
    const { tree, store } = await withPosts(2)
    await store.close()
    const marker = join(tree.directory, paths.cleanMarker)
    writeFileSync(marker, readFileSync(marker, 'utf8').replace(/^\S+/, 'another-boot'))
    rmSync(objectFile(tree, 1)) // a power cut behind the end
    const again = tree.open()
    expect(again.recovery).toMatchObject({ wasClean: false, restored: 1 })
    expect(again.objects.get(idOf(1))?.id).toBe(idOf(1))
    await again.close()
  })
})

describe('after a crash', () => {
  test.each([
    ['missing', (file: string) => rmSync(file)],
    ['empty', (file: string) => truncateSync(file)],
    ['half', (file: string) => truncateSync(file, 20)],
    ['older', (file: string) => writeFileSync(file, JSON.stringify(post(1, { home: [] })))],
  ])('a file that is %s comes back from the journal', async (_, damage) => {
    const { tree } = await withPosts(3)
    damage(objectFile(tree, 1))
    const again = afterCrash(tree)
    expect(again.recovery).toMatchObject({ wasClean: false, wasReindexed: false, restored: 1 })
    expect(again.objects.get(idOf(1))).toEqual(post(1, { at: NOON + 1 }))
    await again.close()
  })

  test.each([0, 1, 57, 58, 59, 115, 116, 200])(
    'an index of which %i bytes reached the disk is completed',
    async (bytes) => {
      const { tree } = await withPosts(4)
      truncateSync(indexFile(tree), bytes)
      const again = afterCrash(tree)
      expect(home(again)).toEqual(keys(3, 2, 1, 0))
      expect(again.tree.index.count(indexes.home('you'))).toBe(4)
      expect(again.recovery.indexed).toBe(4 - Math.floor(bytes / 58))
      await again.close()
    },
  )

  test('an entry that is missing in the middle is put at its place', async () => {
    const { tree } = await withPosts(5)
    const bytes = readFileSync(indexFile(tree))
    bytes.fill(0, 58, 116)
    writeFileSync(indexFile(tree), bytes)
    const again = afterCrash(tree)
    expect(home(again)).toEqual(keys(4, 3, 2, 1, 0))
    await again.close()
  })

  test('an entry that came with an old time is not taken for missing', async () => {
    const { tree, store } = await withPosts(5)
    const old = post('old', { at: NOON - 7 * 86_400_000 })
    await store.commit([store.objects.put(old)])
    await store.commit([store.objects.put(post(9, { at: NOON + 9 }))])
    const again = afterCrash(tree)
    expect(again.recovery.indexed).toBe(0)
    expect(home(again)).toEqual([idOf(9), old.id, ...[4, 3, 2, 1, 0].map(idOf)].map(hashId))
    await again.close()
  })

  test('an entry that was taken away does not come back, even if its end did not reach the index', async () => {
    const { tree, store } = await withPosts(3)
    await store.close() // so that the journal may be taken away: the entry is older than it
    for (const name of readdirSync(join(tree.directory, 'journal'))) {
      if (name.endsWith('.log')) rmSync(join(tree.directory, 'journal', name))
    }
    const second = tree.open()
    await second.commit([second.objects.bury(post(1), NOON + 9)])
    truncateSync(indexFile(tree), 3 * 58)
    const again = afterCrash(tree)
    expect(home(again)).toEqual(keys(2, 0))
    expect(again.tree.index.count(indexes.home('you'))).toBe(2)
    await again.close()
  })

  test('what is accepted and not done waits again, once; what is done does not', async () => {
    const { tree, store } = await withPosts(0)
    for (const i of [1, 2, 3]) await store.accepted.accept(activity(i))
    await store.commit([store.objects.put(post(1)), store.accepted.finish(activity(1))])
    await store.commit([store.accepted.postpone({ ...activity(2), attempts: 1 })])
    const again = afterCrash(tree)
    const { accepted } = again
    expect(accepted.pending().map(({ id }) => accepted.find(id))).toEqual([
      { ...activity(2), attempts: 1 },
      activity(3),
    ])
    for (const i of [1, 2, 3]) expect(again.accepted.isSeen(activity(i).id)).toBe(true)
    expect(again.accepted.isSeen(activity(4).id)).toBe(false)
    await again.close()
  })

  test('replaying twice, with a crash in between, changes nothing more', async () => {
    const { tree, store } = await withPosts(5)
    await store.accepted.accept(activity(1))
    truncateSync(indexFile(tree), 70)
    rmSync(objectFile(tree, 3))
    const second = afterCrash(tree)
    expect(second.recovery).toMatchObject({ restored: 2, indexed: 4 })
    const third = afterCrash(tree)
    expect(third.recovery).toMatchObject({ restored: 1, indexed: 0 }) // what is held
    expect(home(third)).toEqual(keys(4, 3, 2, 1, 0))
    expect(third.accepted.pending()).toHaveLength(1)
    expect(third.accepted.find(activity(1).id)).toEqual(activity(1))
    await third.close()
  })

  test('a torn last line is passed over and told', async () => {
    const { tree } = await withPosts(2)
    const [segment = ''] = readdirSync(join(tree.directory, 'journal'))
    const path = join(tree.directory, 'journal', segment)
    const text = readFileSync(path, 'utf8').replace(/\0+$/, '')
    writeFileSync(path, text.slice(0, -5))
    rmSync(objectFile(tree, 1))
    const again = afterCrash(tree)
    expect(again.recovery.damaged).toBe(1)
    expect(again.objects.get(idOf(0))?.id).toBe(idOf(0))
    expect(again.objects.get(idOf(1))).toBeUndefined()
    await again.close()
  })
})

describe('a copy', () => {
  test('has its indexes compared with its objects', async () => {
    const { tree, store } = await withPosts(3)
    const copy = copyOf(tree.directory)
    await store.close()
    // Objects that were copied after the index, and not in the copied journal.
    for (const name of readdirSync(join(copy.directory, 'journal'))) {
      rmSync(join(copy.directory, 'journal', name))
    }
    truncateSync(indexFile(copy), 58)
    const opened = copy.open()
    expect(opened.recovery).toMatchObject({ wasClean: false, wasReindexed: true })
    expect(home(opened)).toEqual(keys(2, 1, 0))
    const again = afterCrash(copy)
    expect(again.recovery.wasReindexed).toBe(false) // once is enough
    await again.close()
  })

  test('of a program that derives other entries is compared as well', async () => {
    const { tree, store } = await withPosts(3)
    await store.close()
    const marker = join(tree.directory, paths.indexMarker)
    const text = readFileSync(marker, 'utf8')
    writeFileSync(marker, text.replace(/^\d+:/, '1:'))
    truncateSync(indexFile(tree), 58)
    const again = tree.open()
    expect(again.recovery).toMatchObject({ wasClean: true, wasReindexed: true })
    expect(home(again)).toEqual(keys(2, 1, 0))
    await again.close()
    expect(readFileSync(marker, 'utf8')).toBe(text)
  })

  test('that was interrupted while its indexes were compared starts over', async () => {
    const { tree, store } = await withPosts(3)
    await store.close()
    rmSync(join(tree.directory, paths.indexMarker))
    truncateSync(indexFile(tree), 58)
    const again = tree.open()
    expect(again.recovery.wasReindexed).toBe(true)
    expect(home(again)).toEqual(keys(2, 1, 0))
    await again.close()
  })

  test('names ids that were not copied without harm', async () => {
    const { tree, store } = await withPosts(3)
    const dangling = `+${hashId('nothing')} ${NOON + 9} 000000004\n`
    appendFileSync(indexFile(tree), dangling)
    const again = afterCrash(tree)
    expect(again.objects.newest(indexes.home('you'), 10).objects.map(({ id }) => id)).toEqual(
      [2, 1, 0].map(idOf),
    )
    await again.close()
    await store.close()
  })
})
