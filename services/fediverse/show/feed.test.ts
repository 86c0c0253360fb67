import { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Scene } from '../context.fixture.ts'
import { boost } from '../post/boost.ts'
import { feedView } from './feed.ts'

let scene: Scene

beforeEach(async () => {
  scene = new Scene()
  await scene.user('you', { bio: 'Sly & *well read*' })
})
afterEach(() => scene.end())

const idsOf = () => feedView(scene.context, 'you')?.posts.map(({ post }) => post.id)

describe('the feed of a user', () => {
  test('has her public posts, newest first, and nothing else', async () => {
    const first = await scene.post()
    for (const audience of ['unlisted', 'followers', 'direct'] as const)
      await scene.post({ audience })
    await scene.user('vixen')
    const theirs = await scene.post({}, 'vixen')
    await boost(scene.context, 'you', theirs.id)
    const second = await scene.post()
    expect(idsOf()).toEqual([second.id, first.id])
  })

  test('finds them behind many that are not public, and has at most 20', async () => {
    const ids: string[] = []
    for (let i = 0; i < 25; i += 1) ids.unshift((await scene.post()).id)
    for (let i = 0; i < 45; i += 1) await scene.post({ audience: 'unlisted' })
    expect(idsOf()).toEqual(ids.slice(0, 20))
  })

  test('tells the size of a file of ours', async () => {
    const { store, urls } = scene.context
    const png = Buffer.from('\x89PNG\r\n\x1a\n and so on', 'latin1')
    const stored = await store.media.write('you', Readable.from([png]), () => false)
    const url = stored.ok ? urls.media('you', stored.file) : ''
    const elsewhere = 'https://elsewhere.example/x/s/y.png'
    const attachments = [url, elsewhere].map((each) => ({ url: each, mediaType: 'image/png' }))
    await scene.post({ attachments })
    const enclosures = feedView(scene.context, 'you')?.posts[0]?.enclosures
    expect(enclosures?.map(({ url: named, bytes }) => [named, bytes])).toEqual([
      [url, png.length],
      [elsewhere, 0],
    ])
  })

  test('says whose it is', () => {
    expect(feedView(scene.context, 'you')).toMatchObject({
      person: { handle: '@you@fuchs.example' },
      about: 'Sly & well read',
      posts: [],
    })
    expect(feedView(scene.context, 'nobody')).toBeUndefined()
  })
})
