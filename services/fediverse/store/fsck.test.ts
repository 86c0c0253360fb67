import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { fsck } from './fsck.ts'
import type { ProblemKind } from './fsck-report.ts'
import { hashId, indexes, paths } from './layout.ts'
import type { Relation } from './relations.ts'
import { copyOf, idOf, NOON, post, type TestStore, testStore } from './store.fixture.ts'
import type { Store } from './store.ts'
import { putJson } from './tree.ts'

const actor = (i: number) => `https://peer.example/users/${i}`

const relation = (i: number, state: Relation['state'] = 'accepted'): Relation => ({
  actor: actor(i),
  activity: `${actor(i)}#follow`,
  state,
  at: NOON + i,
  inbox: `${actor(i)}/inbox`,
})

/** A tree with something of everything. */
async function sample(): Promise<{ tree: TestStore; store: Store }> {
  const tree = testStore()
  const store = tree.open()
  store.users.writeKeys('you', {
    rsaPrivate: 'a',
    rsaPublic: 'b',
    ed25519Private: 'c',
    ed25519Public: 'd',
  })
  const own = { local: 'you', actor: 'https://us.example/you' }
  const deliveries = store.queue.enqueue(
    'you',
    { id: 'https://us.example/a/1' },
    [1, 2].map((i) => ({ inbox: `https://host${i}.example:8443/inbox` })),
    NOON,
  )
  await store.commit([
    putJson(paths.user('you'), { name: 'you', pinned: [] }),
    store.objects.put(post('own', { ...own, at: NOON + 1 })),
    ...[2, 3, 4, 5].map((i) =>
      store.objects.put(post(i, { at: NOON + i, inReplyTo: idOf('own'), notify: ['you'] })),
    ),
    store.objects.put(
      post('like', { kind: 'like', at: NOON + 6, home: [], target: idOf('own'), notify: ['you'] }),
    ),
    store.objects.put(post('boost', { kind: 'announce', at: NOON + 7, target: idOf('own') })),
    ...[1, 2, 3].map((i) => store.relations.put('you', 'followers', relation(i))),
    store.relations.put('you', 'followers', relation(4, 'requested')),
    store.relations.put('you', 'following', relation(5)),
    store.relations.put('you', 'following', relation(6, 'requested')),
    store.relations.put('you', 'blocks', relation(7)),
    ...deliveries.ops,
    ...deliveries.deliveries.map((one) => store.queue.postpone(one)),
  ])
  await store.commit([store.objects.bury(post(3), NOON + 9)])
  await store.commit([store.relations.remove('you', 'followers', actor(2))])
  return { tree, store }
}

/** Everything that the indexes answer. */
function answers(store: Store): Record<string, unknown> {
  const names = [
    indexes.home('you'),
    indexes.own('you'),
    indexes.posts('you'),
    indexes.notifications('you'),
    indexes.replies(hashId(idOf('own'))),
    indexes.likes(hashId(idOf('own'))),
    indexes.announces(hashId(idOf('own'))),
    indexes.madeBy('https://peer.example/users/alice'),
  ]
  const timelines = names.map((name) => [
    name,
    [store.tree.index.count(name), store.objects.newest(name, 100).objects.map(({ id }) => id)],
  ])
  const actors = (relations: Iterable<Relation>) => Array.from(relations, (one) => one.actor)
  return {
    ...Object.fromEntries(timelines),
    followers: [
      store.relations.count('you', 'followers'),
      actors(store.relations.list('you', 'followers')),
    ],
    following: actors(store.relations.list('you', 'following')),
    blocks: actors(store.relations.list('you', 'blocks')),
    requests: actors(store.relations.requested('you', 'followers')),
    asked: actors(store.relations.requested('you', 'following')),
  }
}

const kindsOf = async (store: Store) => Object.keys((await fsck(store)).counts)

describe('a sound tree', () => {
  test('is called sound, and repairing it changes nothing', async () => {
    const { tree, store } = await sample()
    const before = answers(store)
    const files = readdirSync(join(tree.directory, 'index'), { recursive: true })
    expect(before['followers']).toEqual([2, [actor(3), actor(1)]])
    expect(before['home/you']).toEqual([5, ['boost', 5, 4, 2, 'own'].map(idOf)])
    const report = await fsck(store, { repair: true })
    expect(report).toMatchObject({ isSound: true, counts: {}, repaired: 0 })
    expect(report.lines.at(-1)).toBe('The tree is sound.')
    expect(answers(store)).toEqual(before)
    expect(readdirSync(join(tree.directory, 'index'), { recursive: true })).toEqual(files)
    await store.close()
  })

  test('is read file by file, with word of how far it is every second', async () => {
    const { tree, store } = await sample()
    for (let i = 100; i < 500; i++) store.commitLazily([store.objects.put(post(i))])
    const progress: [number, string][] = []
    const { files } = await fsck(store, {
      onProgress(done, phase) {
        progress.push([done, phase])
        tree.clock.advance(1_000)
      },
    })
    const counted = progress.filter(([, phase]) => phase === 'files').map(([done]) => done)
    expect(counted.slice(0, 4)).toEqual([100, 200, 300, 400])
    expect(files).toBeGreaterThan(400)
    await store.close()
  })
})

describe('indexes', () => {
  test('that were deleted altogether answer the same after a repair', async () => {
    const { tree, store } = await sample()
    const before = answers(store)
    await store.close()
    rmSync(join(tree.directory, 'index'), { recursive: true })
    const report = await fsck(tree.directory, { repair: true, clock: tree.clock })
    expect(report).toMatchObject({ isSound: true, counts: {} })
    expect(report.lines[0]).toMatch(/indexes or index entries completed/)
    const again = tree.open()
    expect(answers(again)).toEqual(before)
    await again.close()
  })

  test('that were deleted, all but `seen/`, are rebuilt, and a replay is known', async () => {
    const { tree, store } = await sample()
    const before = answers(store)
    const id = 'https://peer.example/a/1'
    const seen = { id, signer: actor(1), receivedAt: NOON, document: {}, attempts: 0 }
    await store.accepted.accept(seen)
    await store.commit([store.accepted.finish(seen)])
    await store.close()
    const index = join(tree.directory, 'index')
    for (const name of readdirSync(index))
      if (name !== 'seen') rmSync(join(index, name), { recursive: true })
    const again = tree.open()
    expect(answers(again)).toEqual(before)
    expect(again.accepted.isSeen(id)).toBe(true)
    await again.close()
  })

  test('that were deleted under a running server are rebuilt too', async () => {
    const { tree, store } = await sample()
    const before = answers(store)
    store.tree.index.close()
    rmSync(join(tree.directory, 'index'), { recursive: true })
    const found = await fsck(store)
    expect(found.isSound).toBe(false)
    expect(Object.keys(found.counts)).toEqual(['missing entry'])
    expect(await fsck(store, { repair: true })).toMatchObject({ isSound: true })
    expect(answers(store)).toEqual(before)
    await store.close()
  })

  const home = (tree: TestStore) => join(tree.directory, 'index/home/you')
  const record = (sign: string, id: string, at: number, count: number) =>
    `${sign}${hashId(id)} ${String(at).padStart(13, '0')} ${String(count).padStart(9, '0')}\n`

  const damages: [ProblemKind[], string, (tree: TestStore) => void][] = [
    [
      ['missing entry'],
      'an entry cut off',
      (tree) => truncateSync(join(tree.directory, 'index/own/you')),
    ],
    [['torn index'], 'half a record', (tree) => appendFileSync(home(tree), '+0123456789')],
    [
      ['damaged record'],
      'a record of zeros',
      (tree) => appendFileSync(home(tree), Buffer.alloc(58)),
    ],
    [
      ['dangling entry'],
      'an entry of nothing',
      (tree) => appendFileSync(home(tree), record('+', 'nothing', NOON + 99, 6)),
    ],
    [
      ['duplicate entry'],
      'an entry twice',
      (tree) => appendFileSync(home(tree), record('+', idOf(5), NOON + 99, 6)),
    ],
    [
      ['entries out of order', 'dangling entry'],
      'an entry that is too old for its place',
      (tree) => appendFileSync(home(tree), record('+', 'nothing', 5, 6)),
    ],
    [
      ['wrong count', 'dangling entry'],
      'a count that is wrong',
      (tree) => appendFileSync(home(tree), record('+', 'nothing', NOON + 99, 77)),
    ],
    [
      ['dangling entry'],
      'an index that nothing asks for',
      (tree) => {
        renameSync(home(tree), join(dirname(home(tree)), 'nobody'))
        writeFileSync(home(tree), readFileSync(join(dirname(home(tree)), 'nobody')))
      },
    ],
  ]
  test.each(damages)('%j: %s is found and mended', async (kinds, _, damage) => {
    const { tree, store } = await sample()
    const before = answers(store)
    store.tree.index.close()
    damage(tree)
    const found = await fsck(store)
    expect(Object.keys(found.counts).sort()).toEqual(kinds.toSorted())
    expect(found.isSound).toBe(false)
    store.tree.index.close()
    damage(tree) // looking has dropped a torn tail already
    expect(await fsck(store, { repair: true })).toMatchObject({ isSound: true })
    expect(answers(store)).toEqual(before)
    expect(await fsck(store)).toMatchObject({ counts: {} })
    await store.close()
  })

  test('of what was seen are not derived: only their form is mended', async () => {
    const { tree, store } = await sample()
    for (const i of [1, 2]) {
      await store.accepted.accept({
        id: `https://peer.example/a/${i}`,
        signer: actor(1),
        receivedAt: NOON + i,
        document: {},
        attempts: 0,
      })
    }
    store.tree.index.close()
    const file = join(tree.directory, 'index/seen/2026-01-01')
    appendFileSync(file, Buffer.alloc(58))
    expect(Object.keys((await fsck(store, { repair: true })).counts)).toEqual(['damaged record'])
    expect([...store.tree.index.newest('seen/2026-01-01')]).toHaveLength(2)
    expect(statSync(file).size).toBe(116)
    await store.close()
  })

  test('larger than what is sorted in memory are compared and rebuilt as well', async () => {
    const tree = testStore()
    const store = tree.open()
    const count = 60_000 // entries, one of them by author; the sorter takes 50,000 at a time
    const ops = Array.from({ length: count / 20 }, (_, i) =>
      store.objects.put(
        post(i, { at: NOON + i, home: Array.from({ length: 19 }, (_, user) => `user${user}`) }),
      ),
    )
    for (let i = 0; i < ops.length; i += 500) store.commitLazily(ops.slice(i, i + 500))
    const before = [...store.tree.index.newest('home/user7')]
    expect(await fsck(store)).toMatchObject({ counts: {}, indexEntries: count })
    store.tree.index.close()
    rmSync(join(tree.directory, 'index'), { recursive: true })
    expect(await fsck(store, { repair: true })).toMatchObject({
      isSound: true,
      counts: { 'missing entry': count },
    })
    expect([...store.tree.index.newest('home/user7')]).toEqual(before)
    expect(readdirSync(join(tree.directory, 'cache/fsck'))).toEqual([])
    await store.close()
  })
})

describe('files', () => {
  const object = (i: number | string) => paths.object(hashId(idOf(i)))
  const delivery = (tree: TestStore) => {
    const folder = 'queue/host1.example_8443'
    return `${folder}/${readdirSync(join(tree.directory, folder))[0]}`
  }

  const damages: [ProblemKind, string, (tree: TestStore) => string][] = [
    ['bad JSON', 'an object that is cut off', (tree) => cut(tree, object(5))],
    ['bad JSON', 'an object of zeros', (tree) => write(tree, object(5), '\0\0\0\0')],
    ['wrong content', 'an object that is none', (tree) => write(tree, object(5), 'null')],
    ['wrong content', 'an object without a time', (tree) => edit(tree, object(5), { at: 'now' })],
    [
      'wrong content',
      'an object under another name',
      (tree) => edit(tree, object(5), { id: idOf(6) }),
    ],
    ['bad JSON', 'a delivery that is cut off', (tree) => cut(tree, delivery(tree))],
    [
      'wrong content',
      'a delivery in the folder of another host',
      (tree) => edit(tree, delivery(tree), { inbox: 'https://other.example/inbox' }),
    ],
    [
      'delivery without body',
      'a delivery whose body is gone',
      (tree) => edit(tree, delivery(tree), { body: hashId('gone') }),
    ],
    [
      'wrong content',
      'a follower under the name of another',
      (tree) =>
        edit(tree, paths.relation('you', 'followers', hashId(actor(1))), { actor: actor(9) }),
    ],
  ]
  test.each(damages)('%s: %s is found and moved aside', async (kind, _, damage) => {
    const { tree, store } = await sample()
    await store.close()
    const again = tree.open() // without what is in memory
    const path = damage(tree)
    const found = await fsck(again)
    expect(found.problems).toContainEqual(expect.objectContaining({ kind, path }))
    expect(existsSync(join(tree.directory, path))).toBe(true)
    const report = await fsck(again, { repair: true })
    expect(report.isSound).toBe(true)
    expect(existsSync(join(tree.directory, path))).toBe(false)
    expect(existsSync(join(tree.directory, 'damaged', path))).toBe(true)
    expect(await kindsOf(again)).toEqual([])
    await again.close()
  })

  test('that a crash left half-written are removed', async () => {
    const { tree, store } = await sample()
    const leftovers = [
      `${object(5)}.tmp`,
      'users/you.json.tmp',
      'keys/.you.json.0123456789ab.tmp',
      'index/home/you.tmp',
    ]
    for (const path of leftovers) write(tree, path, '{')
    expect((await fsck(store)).counts).toEqual({ leftover: 4 })
    expect(await fsck(store, { repair: true })).toMatchObject({ isSound: true, repaired: 4 })
    for (const path of leftovers) expect(existsSync(join(tree.directory, path))).toBe(false)
    await store.close()
  })

  test('that a live copy has are noted: it is sound, and the next check of it as well', async () => {
    const { tree, store } = await sample()
    write(tree, `${object(5)}.tmp`, '{')
    write(tree, '.instance.json.0123456789ab.tmp', '{')
    const copy = copyOf(tree.directory)
    chmodSync(join(copy.directory, 'keys'), 0o700) // which cpSync does not keep
    const options = { clock: copy.clock }
    const found = await fsck(copy.directory, options)
    expect(found).toMatchObject({ isSound: true, counts: { leftover: 2 }, repaired: 0 })
    expect(found.lines).toContain(`leftover: ${object(5)}.tmp`)
    const mended = await fsck(copy.directory, { ...options, repair: true })
    expect(mended).toMatchObject({ isSound: true, repaired: 2 })
    expect(await fsck(copy.directory, options)).toMatchObject({ isSound: true, counts: {} })
    await store.close()
  })

  test('of an upload that did not end are removed, but not while it may go on', async () => {
    const { tree, store } = await sample()
    mkdirSync(join(tree.directory, 'media/you'), { recursive: true })
    write(tree, 'media/you/.0123456789abcdef.tmp', 'half')
    expect((await fsck(store, { repair: true })).counts).toEqual({})
    await store.close()
    const report = await fsck(tree.directory, { repair: true, clock: tree.clock })
    expect(report.counts).toEqual({ leftover: 1 })
    expect(readdirSync(join(tree.directory, 'media/you'))).toEqual([])
  })

  test('of bodies that nobody waits for are removed', async () => {
    const { store } = await sample()
    const deliveries = [...store.queue.all()]
    await store.commit(deliveries.map((one) => store.queue.finish(one)))
    expect((await fsck(store, { repair: true })).counts).toEqual({ 'body without deliveries': 1 })
    expect(store.queue.bodies()).toEqual([])
    await store.close()
  })

  test('of keys that others may read are closed', async () => {
    const { tree, store } = await sample()
    chmodSync(join(tree.directory, 'keys/you.json'), 0o644)
    chmodSync(join(tree.directory, 'keys'), 0o755)
    expect((await fsck(store)).counts).toEqual({ 'keys readable by others': 2 })
    await fsck(store, { repair: true })
    expect(statSync(join(tree.directory, 'keys/you.json')).mode & 0o777).toBe(0o600)
    expect(statSync(join(tree.directory, 'keys')).mode & 0o777).toBe(0o700)
    await store.close()
  })

  test('of keys that are missing can not be mended, and are told', async () => {
    const { tree, store } = await sample()
    rmSync(join(tree.directory, 'keys/you.json'))
    const report = await fsck(store, { repair: true })
    expect(report.isSound).toBe(false)
    expect(report.lines).toContain('user without keys: users/you.json')
    await store.close()
  })

  test('of others are told, and left alone', async () => {
    const { tree, store } = await sample()
    write(tree, 'notes.txt', 'mine')
    expect(await fsck(store, { repair: true })).toMatchObject({
      isSound: true,
      counts: { 'unknown file': 1 },
    })
    expect(existsSync(join(tree.directory, 'notes.txt'))).toBe(true)
    await store.close()
  })

  function write(tree: TestStore, path: string, text: string): string {
    writeFileSync(join(tree.directory, path), text)
    return path
  }
  function cut(tree: TestStore, path: string): string {
    truncateSync(join(tree.directory, path), 30)
    return path
  }
  function edit(tree: TestStore, path: string, fields: object): string {
    const value = JSON.parse(readFileSync(join(tree.directory, path), 'utf8'))
    return write(tree, path, JSON.stringify({ ...value, ...fields }))
  }
})

describe('a server that goes on writing', () => {
  test('is checked and mended meanwhile, without false alarm or loss', async () => {
    const { tree, store } = await sample()
    for (let i = 100; i < 1_100; i++)
      store.commitLazily([store.objects.put(post(i, { at: NOON + i }))])
    store.tree.index.close()
    truncateSync(join(tree.directory, 'index/home/you'), 58 * 20)
    let n = 2_000
    const report = await fsck(store, {
      repair: true,
      onProgress() {
        tree.clock.advance(1_000)
        n += 1
        const id = idOf(n - 2_000 + 100)
        const edited = store.objects.get(id)
        store.commitLazily([
          store.objects.put(post(n, { at: NOON + n, notify: ['you'] })),
          store.objects.bury(post(n - 1), NOON + n),
          ...(edited ? [store.objects.put({ ...edited, home: n % 2 ? [] : ['you', 'eve'] })] : []),
          store.relations.put('you', 'followers', relation(n)),
        ])
      },
    })
    expect(n).toBeGreaterThan(2_010)
    expect(report.isSound).toBe(true)
    expect(await fsck(store)).toMatchObject({ counts: {} })
    const home = store.objects.newest(indexes.home('you'), 5_000).objects
    expect(home.filter(({ id }) => id === idOf(n))).toHaveLength(1)
    expect(store.tree.index.count(indexes.home('you'))).toBe(home.length)
    await store.close()
  })
})
