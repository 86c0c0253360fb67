import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { IndexRecord } from './index-file.ts'
import { hashId, hostFolder, indexes, paths } from './layout.ts'
import { idOf, NOON, post, testStore } from './store.fixture.ts'

function openTest() {
  const tree = testStore()
  const store = tree.open()
  onTestFinished(() => store.close())
  const home = (limit = 100, before?: IndexRecord) =>
    store.objects.newest(indexes.home('you'), limit, before)
  return { tree, store, home }
}

test('objects have instants of their own, so that their order survives a rebuild', async () => {
  const { store } = openTest()
  const ops = [1, 2, 3].map((i) => store.objects.put(post(i)))
  await store.commit(ops)
  expect([1, 2, 3].map((i) => store.objects.get(idOf(i))?.at)).toEqual([NOON, NOON + 1, NOON + 2])
  // A change keeps the time, and so does what is much older (an import).
  await store.commit([store.objects.put({ ...post(1), editedAt: NOON })])
  await store.commit([store.objects.put(post('old', { at: 5 }))])
  expect(store.objects.get(idOf(1))?.at).toBe(NOON)
  expect(store.objects.get(idOf('old'))?.at).toBe(5)
})

test('ids compare exactly', async () => {
  const { store } = openTest()
  await store.commit([store.objects.put(post('É'))])
  expect(store.objects.get(idOf('É'))).toBeDefined()
  for (const other of ['é', 'E\u0301', '%C3%89', 'É/', 'É#']) {
    expect(store.objects.get(idOf(other)), other).toBeUndefined()
  }
})

test('pages have no gap and no overlap, whatever is buried between them', async () => {
  const { store, home } = openTest()
  for (let i = 0; i < 50; i++) store.commitLazily([store.objects.put(post(i, { at: NOON + i }))])
  const first = home(10)
  store.commitLazily([30, 31, 32].map((i) => store.objects.bury(post(i), NOON)))
  const rest: string[] = []
  let cursor = first.next
  while (cursor) {
    const page = home(10, cursor)
    rest.push(...page.objects.map(({ id }) => id))
    cursor = page.next
  }
  const expected = Array.from({ length: 50 }, (_, i) => 49 - i).filter((i) => i < 30 || i > 32)
  expect([...first.objects.map(({ id }) => id), ...rest]).toEqual(expected.map(idOf))
})

test('an object that left a timeline is not on its later pages, though its entry is', async () => {
  const { store, home } = openTest()
  for (let i = 0; i < 20; i++) store.commitLazily([store.objects.put(post(i, { at: NOON + i }))])
  const { next } = home(5)
  store.commitLazily([store.objects.put(post(3, { at: NOON + 3, home: ['eve'] }))])
  expect(home(50, next).objects.map(({ id }) => id)).not.toContain(idOf(3))
  expect(home(50).objects).toHaveLength(19)
})

test('objects that are gone are passed over; a page with none left still goes on', async () => {
  const { tree, store, home } = openTest()
  for (let i = 0; i < 1_200; i++) store.commitLazily([store.objects.put(post(i, { at: NOON + i }))])
  await store.close()
  for (let i = 100; i < 1_200; i++) {
    rmSync(join(tree.directory, paths.object(hashId(idOf(i)))))
  }
  const again = tree.open()
  const page = again.objects.newest(indexes.home('you'), 20)
  expect(page.objects).toEqual([])
  expect(page.next).toBeDefined()
  const rest = again.objects.newest(indexes.home('you'), 20, page.next)
  expect(rest.objects.map(({ id }) => id)).toEqual(
    Array.from({ length: 20 }, (_, i) => idOf(99 - i)),
  )
  expect(home().objects).toHaveLength(100)
  await again.close()
})

test('what is said about an object is counted and listed, oldest first', async () => {
  const { store } = openTest()
  const like = (i: number) =>
    post(`like/${i}`, { kind: 'like', home: [], target: idOf(1), at: NOON + i })
  await store.commit([
    store.objects.put(post(1)),
    ...[1, 2, 3].map((i) => store.objects.put(like(i))),
  ])
  await store.commit([store.objects.bury(like(2), NOON)])
  expect(store.objects.count('likes', idOf(1))).toBe(2)
  expect(store.objects.about('likes', idOf(1)).map(({ id }) => id)).toEqual([
    idOf('like/1'),
    idOf('like/3'),
  ])
  expect(store.objects.count('likes', idOf(2))).toBe(0)
})

test.each([
  ['peer.example', 'peer.example'],
  ['peer.example:8443', 'peer.example_8443'],
  ['[::1]:80', '___1__80'],
  ['..', '_.'],
  ['.', '_'],
  ['.hidden', '_hidden'],
])('the folder of the host %s is %s, and never leads elsewhere', (host, folder) => {
  expect(hostFolder(host)).toBe(folder)
})
