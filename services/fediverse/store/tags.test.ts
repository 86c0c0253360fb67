import { describe, expect, test } from 'vitest'
import { fsck } from './fsck.ts'
import { indexes } from './layout.ts'
import { idOf, NOON, post, testStore } from './store.fixture.ts'
import type { Store } from './store.ts'
import { listedTags, normalTag } from './tags.ts'

const own = { local: 'you', actor: 'https://us.example/you' }
const tagged = (...names: string[]) => ({
  document: { type: 'Note', tag: names.map((name) => ({ type: 'Hashtag', name })) },
})
const idsOf = (store: Store, tag: string) =>
  store.objects.newest(indexes.tagged(tag), 10).objects.map(({ id }) => id)

describe('the index of a hashtag', () => {
  test('has our public posts, newest first, and follows an edit and a deletion', async () => {
    const store = testStore().open()
    await store.commit([
      store.objects.put(post('a', { ...own, ...tagged('#Fox', '#den'), at: NOON + 1 })),
      store.objects.put(post('b', { ...own, ...tagged('#fox'), at: NOON + 2 })),
      store.objects.put(post('theirs', { ...tagged('#fox'), at: NOON + 3 })),
      ...(['unlisted', 'followers', 'direct'] as const).map((audience, i) =>
        store.objects.put(
          post(audience, { ...own, audience, ...tagged('#fox'), at: NOON + 4 + i }),
        ),
      ),
    ])
    expect(idsOf(store, 'fox')).toEqual([idOf('b'), idOf('a')])
    await store.commit([store.objects.put(post('a', { ...own, ...tagged('#den'), at: NOON + 1 }))])
    expect(idsOf(store, 'fox')).toEqual([idOf('b')])
    expect(idsOf(store, 'den')).toEqual([idOf('a')])
    await store.commit([store.objects.bury(post('b', own), NOON + 9)])
    expect(idsOf(store, 'fox')).toEqual([])
    await store.close()
  })

  test('that is lost is found missing and made again by fsck', async () => {
    const store = testStore().open()
    await store.commit([store.objects.put(post('a', { ...own, ...tagged('#fox') }))])
    store.tree.index.drop(indexes.tagged('fox'))
    const { problems } = await fsck(store, { repair: true })
    expect(problems.map(({ kind }) => kind)).toContain('missing entry')
    expect(idsOf(store, 'fox')).toEqual([idOf('a')])
    await store.close()
  })
})

test.each([
  ['one name is one tag however it is written', tagged('#Füchse', '#füchse', 'FÜCHSE'), 1],
  ['no more than 30 are listed', tagged(...Array.from({ length: 99 }, (_, i) => `#t${i}`)), 30],
  ['a tag that stands alone', { document: { tag: { type: 'Hashtag', name: '#fox' } } }, 1],
  ['a mention is no hashtag', { document: { tag: [{ type: 'Mention', name: '@fox' }] } }, 0],
  ['what is no tag', { document: { tag: ['#fox', null, 7, { type: 'Hashtag', name: 7 }] } }, 0],
  ['an empty name', tagged('#', ''), 0],
])('%s', (_, document, count) => {
  expect(listedTags(post('a', { ...own, ...document }))).toHaveLength(count)
})

test('a boost is not listed under the hashtags of its post', () => {
  expect(listedTags(post('a', { ...own, ...tagged('#fox'), kind: 'announce' }))).toEqual([])
})

test('hashtags are compared without # and in lower case', () => {
  expect(normalTag('#ＦｏＸ')).toBe('fox')
})
