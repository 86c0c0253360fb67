// https://www.w3.org/TR/activitypub/#follow-activity-outbox
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { onlySent, type RemoteActor, Scene } from '../context.fixture.ts'
import { VerbError } from '../context.ts'
import { follow } from './request.ts'
import { unfollow } from './undo.ts'

let scene: Scene
let vera: RemoteActor
const us = 'https://fuchs.example/you'

beforeEach(async () => {
  scene = new Scene()
  await scene.user()
  vera = scene.actor('vera')
})
afterEach(() => scene.end())

const relation = () => scene.context.store.relations.get('you', 'following', vera.id)
const refusal = (whom: string) => follow(scene.context, 'you', whom).catch((error) => error)

describe('a Follow', () => {
  test.each([
    ['her handle', '@vera@vera.example'],
    ['her id', 'https://vera.example/users/vera'],
    ['her id with spaces around it', '  https://vera.example/users/vera\n'],
    ['the address of her page', 'https://vera.example/@vera'],
  ])('by %s goes to her inbox, and waits for her answer', async (_, whom) => {
    scene.served.set('https://vera.example/@vera', vera.document)
    expect(await follow(scene.context, 'you', whom)).toMatchObject({ id: vera.id })
    const { activity, inboxes } = onlySent(scene)
    expect(inboxes).toEqual([vera.inbox])
    expect(activity).toMatchObject({ type: 'Follow', actor: us, object: vera.id, to: [vera.id] })
    expect(relation()).toMatchObject({ state: 'requested', activity: activity.id })
    expect(scene.context.store.relations.count('you', 'following')).toBe(0)
  })

  test('asked again is sent under a new id; what was accepted stays', async () => {
    await follow(scene.context, 'you', vera.id)
    await scene.receive(vera.activity('Accept', scene.sent[0]?.activity.id))
    await follow(scene.context, 'you', vera.id)
    const [first, second] = scene.sent.map(({ activity }) => activity.id)
    expect(second).not.toBe(first)
    expect(relation()).toMatchObject({ state: 'accepted', activity: second })
  })

  test.each([
    ['a handle that nobody has', '@nobody@vera.example', 'was not found'],
    ['an id that nobody has', 'https://vera.example/none', 'could not be fetched'],
    ['ourselves', us, 'yourself'],
    ['nothing', '', 'was not found'],
  ])('of %s is refused in words', async (_, whom, words) => {
    scene.served.set(us, { id: us, type: 'Person', inbox: `${us}/inbox` })
    const error = await refusal(whom)
    expect(error).toBeInstanceOf(VerbError)
    expect(error.message).toContain(words)
    expect(scene.sent).toEqual([])
  })

  test('of what names an id on another host is refused', async () => {
    scene.served.set('https://mallory.example/vera', vera.document)
    scene.served.set(vera.id, 404)
    expect(await refusal('https://mallory.example/vera')).toBeInstanceOf(VerbError)
    expect(relation()).toBeUndefined()
  })
})

describe('an unfollow', () => {
  test('sends the Undo of the newest Follow', async () => {
    await follow(scene.context, 'you', vera.id)
    await follow(scene.context, 'you', vera.id)
    const { id } = scene.sent[1]?.activity ?? {}
    scene.sent.length = 0
    expect(await unfollow(scene.context, 'you', '@vera@vera.example')).toBe(vera.id)
    expect(relation()).toBeUndefined()
    expect(onlySent(scene)).toMatchObject({
      inboxes: [vera.inbox],
      activity: {
        type: 'Undo',
        id: `${id}/Undo`,
        to: [vera.id],
        object: { id, type: 'Follow', actor: us, object: vera.id },
      },
    })
  })

  test('works by her id when her server is gone', async () => {
    await scene.follows(vera)
    scene.served.set(vera.id, 410)
    scene.context.actors.forget(vera.id)
    expect(await unfollow(scene.context, 'you', vera.id)).toBe(vera.id)
    expect(relation()).toBeUndefined()
  })

  test('of whom we do not follow is refused in words', async () => {
    await expect(unfollow(scene.context, 'you', vera.id)).rejects.toThrow('You do not follow')
    expect(scene.sent).toEqual([])
  })
})
