import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Scene } from '../context.fixture.ts'
import { edit } from '../post/edit.ts'
import { remove } from '../post/remove.ts'
import { tagCollection, tagCollectionPage, tagView } from './tag.ts'

let scene: Scene

beforeEach(async () => {
  scene = new Scene()
  await scene.user()
  await scene.user('vixen')
})
afterEach(() => scene.end())

const ID = 'https://fuchs.example/?t=fox'

describe('the posts of a hashtag', () => {
  test('are those of all our users, public ones only, newest first', async () => {
    const first = await scene.post({ text: 'a #Fox' })
    const second = await scene.post({ text: 'another #fox' }, 'vixen')
    await scene.post({ text: 'quiet #fox', audience: 'unlisted' })
    await scene.post({ text: 'secret #fox', audience: 'direct' })
    const view = tagView(scene.context, '#FOX', undefined)
    expect(view).toMatchObject({ tag: 'fox', id: ID, count: 2 })
    expect(view?.posts.items.map(({ id }) => id)).toEqual([second.id, first.id])
  })

  test('come without what was deleted, and without what lost the tag', async () => {
    const kept = await scene.post({ text: 'a #fox' })
    const gone = await scene.post({ text: 'a #fox' })
    const changed = await scene.post({ text: 'a #fox' })
    await remove(scene.context, 'you', gone.id)
    const user = scene.context.store.users.get('you')
    if (user) await edit(scene.context, user, changed.id, { text: 'no tag' })
    const view = tagView(scene.context, 'fox', undefined)
    expect(view?.posts.items.map(({ id }) => id)).toEqual([kept.id])
  })

  test('come in pages, each once', async () => {
    const ids: string[] = []
    for (let i = 0; i < 65; i += 1) ids.unshift((await scene.post({ text: '#fox' })).id)
    const shown: string[] = []
    let before: string | undefined
    for (let page = 0; page < 3; page += 1) {
      const view = tagView(scene.context, 'fox', before)
      shown.push(...(view?.posts.items ?? []).map(({ id }) => id))
      before = view?.posts.next
    }
    expect(shown).toEqual(ids)
    expect(before).toBeUndefined()
  })

  test('are not there for a tag that nobody used', () => {
    expect(tagView(scene.context, 'fox', undefined)).toBeUndefined()
    expect(tagCollection(scene.context, 'fox')).toBeUndefined()
    expect(tagCollectionPage(scene.context, 'fox')).toBeUndefined()
  })
})

test('as an OrderedCollection they are ids (ActivityStreams Vocabulary, OrderedCollection)', async () => {
  const { id } = await scene.post({ text: '#fox' })
  expect(tagCollection(scene.context, 'Fox')).toEqual({
    '@context': 'https://www.w3.org/ns/activitystreams',
    id: ID,
    type: 'OrderedCollection',
    totalItems: 1,
    first: `${ID}&page=true`,
  })
  expect(tagCollectionPage(scene.context, 'fox')).toMatchObject({
    id: `${ID}&page=true`,
    type: 'OrderedCollectionPage',
    partOf: ID,
    orderedItems: [id],
  })
})
