import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { StoreUnavailable } from './journal.ts'
import { hashId, indexes, paths } from './layout.ts'
import { afterCrash, copyOf, faultyDisk, idOf, NOON, post, testStore } from './store.fixture.ts'
import type { Store, StoreOptions } from './store.ts'
import { putJson, removeFile } from './tree.ts'

function openTest(options: Partial<StoreOptions> = {}) {
  const disk = faultyDisk()
  const { open, clock, directory } = testStore()
  const store = open({ disk, ...options })
  onTestFinished(async () => {
    disk.onWrite = undefined
    await store.close()
  })
  return { store, disk, clock, directory }
}

const home = (store: Store) =>
  store.objects.newest(indexes.home('you'), 100).objects.map(({ id }) => id)

describe('a transaction', () => {
  test('is seen by the reads that follow it, before it is on disk', () => {
    const { store, disk } = openTest()
    disk.onSync = () => new Promise(() => {})
    void store.commit([store.objects.put(post(1))])
    expect(store.objects.get(idOf(1))?.id).toBe(idOf(1))
    expect(home(store)).toEqual([idOf(1)])
    disk.onSync = undefined
  })

  test('resolves when it is on disk, and not before', async () => {
    const { store, disk } = openTest()
    const sync = Promise.withResolvers<void>()
    disk.onSync = () => sync.promise
    let isDurable = false
    const durable = store.commit([store.objects.put(post(1))]).then(() => {
      isDurable = true
    })
    for (let i = 0; i < 50; i++) await Promise.resolve()
    expect(isDurable).toBe(false)
    disk.onSync = undefined
    sync.resolve()
    await durable
    expect(isDurable).toBe(true)
  })

  test('of several files survives a crash between any two of them as a whole', async () => {
    const ops = (store: Store) => [
      store.objects.put(post(1)),
      store.objects.put(post(2)),
      putJson('failed/x.json', { id: 'x' }),
      store.objects.bury(post(0), NOON),
    ]
    for (let writes = 0; writes < 8; writes++) {
      const tree = testStore()
      const disk = faultyDisk()
      const store = tree.open({ disk })
      await store.commit([store.objects.put(post(0))])
      let left = writes
      // The journal is written first; from then on a dying process gets so far and no further.
      disk.onWrite = (target) =>
        typeof target === 'string' && left-- <= 0 ? { code: 'EIO' } : undefined
      void store.commit(ops(store))
      const recovered = afterCrash(tree)
      expect(home(recovered), `after ${writes} files`).toEqual([idOf(2), idOf(1)])
      expect(recovered.objects.get(idOf(0))?.kind).toBe('tombstone')
      expect(recovered.tree.read('failed/x.json')).toEqual({ id: 'x' })
      expect(recovered.tree.index.count(indexes.home('you'))).toBe(2)
      expect(recovered.recovery.wasReindexed).toBe(false)
      await recovered.close()
    }
  })

  test('with several changes of one file ends with the last', async () => {
    const { store } = openTest()
    await store.commit([
      store.objects.put(post(1)),
      store.objects.put(post(1, { home: [] })),
      store.objects.put(post(1, { home: ['you', 'you'], notify: ['you'] })),
    ])
    expect(store.tree.index.count(indexes.home('you'))).toBe(1)
    expect(store.tree.index.count(indexes.notifications('you'))).toBe(1)
  })

  test.each([
    'keys/you.json',
    'objects/../keys/you.json',
    '../outside.json',
    '/etc/passwd',
    'queue/../../x.json',
    'objects',
    'users/.hidden',
    'objects/a\tb.json',
  ])('of the path %j is refused', (path) => {
    const { store, directory } = openTest()
    expect(() => store.commit([putJson(path, {})])).toThrow(TypeError)
    expect(() => store.commit([removeFile(path)])).toThrow(TypeError)
    expect(existsSync(join(directory, 'keys'))).toBe(false)
  })

  test('tells those who listen, until they have heard enough', async () => {
    const { store } = openTest()
    const heard: [string, unknown][] = []
    const stop = store.tree.onChange((path, value) => heard.push([path, value]))
    await store.commit([putJson('failed/x.json', { a: 1 })])
    await store.commit([removeFile('failed/x.json')])
    stop()
    await store.commit([putJson('failed/y.json', { a: 1 })])
    expect(heard).toEqual([
      ['failed/x.json', { a: 1 }],
      ['failed/x.json', undefined],
    ])
  })
})

describe('files', () => {
  test('are for their owner only, and no temporary one is left', async () => {
    const { store, directory } = openTest()
    await store.commit([store.objects.put(post(1))])
    const path = join(directory, paths.object(hashId(idOf(1))))
    expect(statSync(path).mode & 0o777).toBe(0o600)
    for (const name of ['objects', 'index', 'journal', '.']) {
      expect(statSync(join(directory, name)).mode & 0o077, name).toBe(0)
    }
    expect(readdirSync(join(path, '..')).filter((name) => name.endsWith('.tmp'))).toEqual([])
  })

  test('that are damaged count as missing', async () => {
    const { store, directory } = openTest()
    await store.commit([putJson('failed/x.json', { a: 1 })])
    await store.close()
    writeFileSync(join(directory, 'failed/x.json'), '{"a":')
    const again = testStore(directory).open()
    expect(again.tree.read('failed/x.json')).toBeUndefined()
    await again.close()
  })

  test('whose text is huge are read, but do not stay in memory', async () => {
    const { store, directory } = openTest()
    await store.commit([putJson('failed/x.json', { text: 'x'.repeat(300_000) })])
    writeFileSync(join(directory, 'failed/x.json'), '{"text":"changed behind its back"}')
    expect(store.tree.read('failed/x.json')).toEqual({ text: 'changed behind its back' })
  })
})

describe('a disk that is full when the journal is written', () => {
  test('refuses the transaction and changes nothing', async () => {
    const { store, disk } = openTest()
    await store.commit([store.objects.put(post(1))])
    disk.onWrite = () => ({ code: 'ENOSPC', part: 5 })
    expect(() => store.commit([store.objects.put(post(2))])).toThrow(StoreUnavailable)
    expect(store.objects.get(idOf(2))).toBeUndefined()
    expect(home(store)).toEqual([idOf(1)])
    disk.onWrite = undefined
    await store.commit([store.objects.put(post(3))])
    expect(home(store)).toEqual([idOf(3), idOf(1)])
  })
})

describe('a disk that is full after the journal was written', () => {
  /** Fails from the n-th write after the journal's on. */
  function failAfter(disk: ReturnType<typeof faultyDisk>, n: number): void {
    let left = n + 1
    disk.onWrite = () => (left-- > 0 ? undefined : { code: 'ENOSPC', part: 3 })
  }

  test.each([0, 1, 2, 3, 4, 5])(
    'at write %i keeps the promise when there is room again',
    async (n) => {
      const { store, disk, directory } = openTest()
      await store.commit([
        store.objects.put(post(0)),
        store.objects.put(post(1, { notify: ['you'] })),
      ])
      failAfter(disk, n)
      // In the journal: it is acknowledged although it can't be applied yet.
      await store.commit([
        store.objects.put(post(2, { notify: ['you'] })),
        store.objects.bury(post(1), NOON),
        store.objects.put(post(3)),
      ])
      const isStuck = store.tree.unavailable() !== undefined
      expect(isStuck).toBe(true)
      expect(() => store.commit([store.objects.put(post(4))])).toThrow(StoreUnavailable)
      store.maintain() // still full
      expect(store.tree.unavailable()).toContain('ENOSPC')
      const crashed = copyOf(directory).open()
      disk.onWrite = undefined
      store.maintain()
      expect(store.tree.unavailable()).toBeUndefined()
      for (const one of [store, crashed]) {
        expect(home(one)).toEqual([idOf(3), idOf(2), idOf(0)])
        expect([...one.tree.index.newest(indexes.home('you'))]).toHaveLength(3)
        expect(one.tree.index.count(indexes.home('you'))).toBe(3)
        expect(one.tree.index.count(indexes.notifications('you'))).toBe(1)
      }
      await crashed.close()
    },
  )

  test('an end in between is no orderly one: the next start applies the rest', async () => {
    const { directory, open } = testStore()
    const disk = faultyDisk()
    const store = open({ disk })
    await store.commit([store.objects.put(post(0))])
    failAfter(disk, 0)
    await store.commit([store.objects.put(post(1))])
    await store.close()
    const again = testStore(directory).open()
    expect(again.recovery.wasClean).toBe(false)
    expect(home(again)).toEqual([idOf(1), idOf(0)])
    await again.close()
  })
})

describe('a disk that is nearly full', () => {
  test('takes no new data, but lets things be removed', async () => {
    const { open, directory } = testStore()
    const before = open()
    await before.commit([putJson('failed/x.json', {}), putJson('failed/y.json', {})])
    await before.close()
    const store = testStore(directory).open({ minFreeBytes: Number.MAX_SAFE_INTEGER })
    expect(store.tree.unavailable()).toBe('the disk is nearly full')
    expect(() => store.commit([putJson('failed/z.json', {})])).toThrow(StoreUnavailable)
    expect(() => store.accepted.accept(activity())).toThrow(StoreUnavailable)
    await store.commit([removeFile('failed/x.json')])
    expect(store.tree.list('failed')).toEqual(['y.json'])
    await store.close()
  })

  test('leaves out what may be lost, without a word', async () => {
    const { store, directory } = openTest({ minFreeBytes: Number.MAX_SAFE_INTEGER })
    store.tree.writeCached('cache/actors/00/x.json', { name: 'x' })
    expect(store.tree.read('cache/actors/00/x.json')).toEqual({ name: 'x' })
    expect(existsSync(join(directory, 'cache/actors/00/x.json'))).toBe(false)
  })

  const activity = () => ({
    id: 'https://peer.example/a/1',
    signer: 'https://peer.example/users/alice',
    receivedAt: NOON,
    document: {},
    attempts: 0,
  })
})

describe('copies of what peers have', () => {
  test('cost no fdatasync; those in an index are in the journal all the same', async () => {
    const { store, disk, directory } = openTest()
    const { syncs } = disk
    store.objects.putCached(post(1))
    store.tree.writeCached('cache/actors/00/x.json', { name: 'x' })
    await new Promise(setImmediate)
    expect(disk.syncs).toBe(syncs)
    expect(home(store)).toEqual([idOf(1)])
    const journal = readFileSync(join(directory, 'journal/0000000001.log'), 'utf8')
    expect(journal).toContain(hashId(idOf(1)))
    expect(journal).not.toContain('cache/actors')
  })
})
