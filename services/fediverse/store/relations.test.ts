import { expect, onTestFinished, test } from 'vitest'
import type { Relation } from './relations.ts'
import { NOON, testStore } from './store.fixture.ts'

const actor = (i: number) => `https://peer.example/users/${i}`
const relation = (i: number, state: Relation['state'] = 'accepted'): Relation => ({
  actor: actor(i),
  activity: `${actor(i)}#follow`,
  state,
  at: NOON + i,
  inbox: `${actor(i)}/inbox`,
})
const names = (relations: Iterable<Relation>) => Array.from(relations, (one) => one.actor)

function openTest() {
  const store = testStore().open()
  onTestFinished(() => store.close())
  return store
}

test('followers are counted and listed from the moment of their acceptance to their end', async () => {
  const store = openTest()
  const { relations } = store
  for (const i of [1, 2, 3]) await store.commit([relations.put('you', 'followers', relation(i))])
  expect(names(relations.followers('you')).sort()).toEqual([1, 2, 3].map(actor))
  await store.commit([relations.remove('you', 'followers', actor(2))])
  await store.commit([relations.put('you', 'followers', relation(4, 'requested'))])
  // What was read once is kept up to date.
  expect(names(relations.followers('you')).sort()).toEqual([1, 3].map(actor))
  expect(names(relations.list('you', 'followers'))).toEqual([3, 1].map(actor))
  expect(relations.count('you', 'followers')).toBe(2)
  expect(names(relations.requested('you', 'followers'))).toEqual([actor(4)])
  await store.commit([relations.put('you', 'followers', { ...relation(4), at: NOON + 9 })])
  expect(names(relations.requested('you', 'followers'))).toEqual([])
  expect(names(relations.list('you', 'followers'))).toEqual([4, 3, 1].map(actor))
  expect(names(relations.followers('you')).sort()).toEqual([1, 3, 4].map(actor))
  expect(relations.followers('eve')).toEqual([])
})

test('a Follow that is repeated counts once', async () => {
  const store = openTest()
  const { relations } = store
  await store.commit([relations.put('you', 'followers', relation(1))])
  await store.commit([
    relations.put('you', 'followers', { ...relation(1), activity: 'again', at: NOON + 5 }),
  ])
  expect(relations.count('you', 'followers')).toBe(1)
  expect([...relations.list('you', 'followers')]).toEqual([
    { ...relation(1), activity: 'again', at: NOON + 5 },
  ])
  expect(relations.followers('you')).toHaveLength(1)
})

test('blocks are listed in any state, and kept apart by user', async () => {
  const store = openTest()
  const { relations } = store
  await store.commit([
    relations.put('you', 'blocks', relation(1, 'requested')),
    relations.put('eve', 'blocks', relation(2)),
  ])
  expect(names(relations.list('you', 'blocks'))).toEqual([actor(1)])
  expect(relations.get('you', 'blocks', actor(2))).toBeUndefined()
  expect(relations.get('eve', 'blocks', actor(2))).toEqual(relation(2))
})
