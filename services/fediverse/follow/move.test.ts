// https://swicg.github.io/activitypub-data-portability/#moving-actors
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { onlySent, type RemoteActor, Scene } from '../context.fixture.ts'
import { localActor } from '../post/profile.ts'
import { addAlias, moveTo, removeAlias } from './move.ts'

let scene: Scene
let vera: RemoteActor
let fresh: RemoteActor
const us = 'https://fuchs.example/you'

beforeEach(async () => {
  scene = new Scene()
  await scene.user()
  vera = scene.actor('vera')
  fresh = scene.actor('fresh', { alsoKnownAs: [us] })
  await scene.followedBy(vera)
})
afterEach(() => scene.end())

const actor = () => localActor(scene.context, 'you')

describe('an alias', () => {
  test('is in the actor, once, and told to the followers', async () => {
    await addAlias(scene.context, 'you', '@fresh@fresh.example')
    expect(actor()).toMatchObject({ alsoKnownAs: [fresh.id] })
    expect(onlySent(scene)).toMatchObject({
      inboxes: ['https://vera.example/inbox'],
      activity: { type: 'Update', object: { id: us, alsoKnownAs: [fresh.id] } },
    })
    await addAlias(scene.context, 'you', fresh.id)
    expect(actor()).toMatchObject({ alsoKnownAs: [fresh.id] })
  })

  test('is taken away again', async () => {
    await addAlias(scene.context, 'you', fresh.id)
    await removeAlias(scene.context, 'you', fresh.id)
    expect(actor()).not.toHaveProperty('alsoKnownAs')
    await expect(removeAlias(scene.context, 'you', fresh.id)).rejects.toThrow('not an alias')
  })
})

describe('a move', () => {
  test('tells the followers the new profile, then the Move', async () => {
    expect(await moveTo(scene.context, 'you', '@fresh@fresh.example')).toBe(fresh.id)
    expect(actor()).toMatchObject({ movedTo: fresh.id })
    const inboxes = ['https://vera.example/inbox']
    expect(scene.sent).toMatchObject([
      { inboxes, activity: { type: 'Update', object: { id: us, movedTo: fresh.id } } },
      { inboxes, activity: { type: 'Move', actor: us, object: us, target: fresh.id } },
    ])
  })

  test.each([
    ['nobody', undefined],
    ['another', ['https://fuchs.example/other']],
  ])('to an account that knows itself as %s is refused', async (_, alsoKnownAs) => {
    scene.served.set(fresh.id, { ...fresh.document, alsoKnownAs })
    await expect(moveTo(scene.context, 'you', fresh.id)).rejects.toThrow('does not name')
    expect(actor()).not.toHaveProperty('movedTo')
    expect(scene.sent).toEqual([])
  })

  test('asks for the account anew, whatever was known of it', async () => {
    await scene.context.actors.resolve(fresh.id)
    scene.served.set(fresh.id, { ...fresh.document, alsoKnownAs: [] })
    await expect(moveTo(scene.context, 'you', fresh.id)).rejects.toThrow('does not name')
  })

  test('to whom nobody finds is refused', async () => {
    await expect(moveTo(scene.context, 'you', '@none@none.example')).rejects.toThrow('not found')
  })
})
