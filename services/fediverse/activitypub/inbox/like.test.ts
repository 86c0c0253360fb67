// https://www.w3.org/TR/activitypub/#like-activity-inbox, FEP-c0e0 for EmojiReact
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type RemoteActor, Scene } from '../../context.fixture.ts'

let scene: Scene
let vera: RemoteActor
/** Id of a post of ours. */
let post: string

beforeEach(async () => {
  scene = new Scene()
  await scene.user()
  vera = scene.actor('vera')
  post = (await scene.post()).id
})
afterEach(() => scene.end())

const likes = () => scene.context.store.objects.about('likes', post)

describe('a Like of a post of ours', () => {
  test('counts once and is told, whatever its ids', async () => {
    const like = vera.activity('Like', post)
    expect(await scene.receive(like)).toBe('done')
    expect(await scene.receive(vera.activity('Like', post))).toBe('ignored')
    expect(await scene.receive(like)).toBe('ignored')
    expect(likes()).toMatchObject([{ id: like.id, kind: 'like', actor: vera.id, target: post }])
    expect(scene.notifications()).toEqual([like.id])
  })

  test('does not come back when it was undone and is replayed', async () => {
    const like = vera.activity('Like', post)
    await scene.receive(like)
    expect(await scene.receive(vera.activity('Undo', like))).toBe('done')
    expect(likes()).toEqual([])
    expect(scene.notifications()).toEqual([])
    expect(await scene.receive(like)).toBe('ignored')
    expect(likes()).toEqual([])
    const again = vera.activity('Like', post)
    expect(await scene.receive(again)).toBe('done')
    expect(likes()).toMatchObject([{ id: again.id }])
  })

  test.each([
    ['EmojiReact', { content: '🦊' }, { kind: 'reaction', name: '🦊' }],
    ['Like', { content: ':blobfox:' }, { kind: 'reaction', name: ':blobfox:' }],
    ['EmojiReact', {}, { kind: 'like' }],
  ])('as %s with %j', async (type, fields, stored) => {
    expect(await scene.receive(vera.activity(type, post, fields))).toBe('done')
    expect(likes()).toMatchObject([stored])
  })

  test('counts once for each emoji of hers', async () => {
    for (const content of ['🦊', '🦝', '🦊']) {
      await scene.receive(vera.activity('EmojiReact', post, { content }))
    }
    expect(likes().map(({ name }) => name)).toEqual(['🦊', '🦝'])
  })

  test.each([
    ['of what is not here', () => vera.activity('Like', `${post}0`)],
    [
      'of a post of her own',
      () => vera.activity('Like', 'https://vera.example/users/vera/notes/1'),
    ],
    ['of our actor', () => vera.activity('Like', 'https://fuchs.example/you')],
    ['of nothing', () => vera.activity('Like', undefined)],
  ])('%s changes nothing', async (_, like) => {
    expect(await scene.receive(like())).toBe('ignored')
    expect(scene.notifications()).toEqual([])
  })

  test('that another has signed, or from whom we block, changes nothing', async () => {
    const mallory = scene.actor('mallory')
    expect(await scene.receive(vera.activity('Like', post), { signer: mallory.id })).toBe('ignored')
    const { store } = scene.context
    const block = { actor: vera.id, activity: 'https://fuchs.example/you/p/1/Block', at: 1 }
    await store.commit([store.relations.put('you', 'blocks', { ...block, state: 'accepted' })])
    expect(await scene.receive(vera.activity('Like', post))).toBe('ignored')
    expect(likes()).toEqual([])
  })

  test('of a post that is deleted changes nothing', async () => {
    const { store } = scene.context
    await store.commit([store.objects.bury({ id: post, actor: 'x', local: 'you' }, 1)])
    expect(await scene.receive(vera.activity('Like', post))).toBe('ignored')
  })

  test('Dislike has no effect', async () => {
    expect(await scene.receive(vera.activity('Dislike', post))).toBe('ignored')
    expect(likes()).toEqual([])
  })
})
