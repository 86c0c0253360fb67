// The profile of a local user. https://www.w3.org/TR/activitypub/#update-activity-outbox
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Json, PUBLIC } from '../activitypub/document.ts'
import { onlySent, type RemoteActor, Scene } from '../context.fixture.ts'
import { changeProfile, localActor } from './profile.ts'

let scene: Scene
let fan: RemoteActor
const us = 'https://fuchs.example/you'

beforeEach(async () => {
  scene = new Scene()
  await scene.user()
  fan = scene.actor('fan')
  await scene.followedBy(fan)
})
afterEach(() => scene.end())

test('a change is told to the followers, as the actor is served', async () => {
  const user = await changeProfile(scene.context, 'you', (before) => ({
    ...before,
    displayName: 'Fuchs',
    bio: 'Likes *berries* and https://example.org',
    fields: [{ name: 'Den', value: '[here](https://example.org)' }],
    isLocked: true,
    isBot: true,
    isDiscoverable: false,
  }))
  expect(user).toMatchObject({ name: 'you', displayName: 'Fuchs' })
  const actor = localActor(scene.context, 'you') as Json
  expect(actor).toMatchObject({
    id: us,
    type: 'Service',
    name: 'Fuchs',
    summary: expect.stringContaining('<em>berries</em>'),
    attachment: [{ type: 'PropertyValue', name: 'Den', value: expect.stringContaining('<a ') }],
    manuallyApprovesFollowers: true,
    discoverable: false,
    indexable: false,
  })
  const { activity, inboxes } = onlySent(scene)
  expect(inboxes).toEqual(['https://fan.example/inbox'])
  const { '@context': context, ...object } = actor
  expect(activity['@context']).toEqual(expect.arrayContaining(context as unknown[]))
  expect(activity).toMatchObject({
    type: 'Update',
    actor: us,
    to: [PUBLIC],
    cc: [`${us}/followers`],
    object,
  })
})

test('two changes are two activities', async () => {
  for (const displayName of ['One', 'Two']) {
    await changeProfile(scene.context, 'you', (user) => ({ ...user, displayName }))
  }
  const [first, second] = scene.sent.map(({ activity }) => activity.id)
  expect(first).not.toBe(second)
  expect(first).toMatch(/^https:\/\/fuchs\.example\/you#/)
})

test('a change cannot rename', async () => {
  await changeProfile(scene.context, 'you', (user) => ({ ...user, name: 'other' }))
  expect(scene.context.store.users.names()).toEqual(['you'])
})

test('HTML in a profile stays text', async () => {
  await changeProfile(scene.context, 'you', (user) => ({
    ...user,
    bio: '<script>alert(1)</script>',
    fields: [{ name: '<b>x</b>', value: '<img src=x onerror=alert(1)>' }],
  }))
  const { summary, attachment } = localActor(scene.context, 'you') as Json
  expect(JSON.stringify([summary, (attachment as { value: string }[])[0]?.value])).not.toMatch(
    /<(?:script|img)/,
  )
})

test('who is not there has no profile', async () => {
  expect(localActor(scene.context, 'nobody')).toBeUndefined()
  await expect(changeProfile(scene.context, 'nobody', (user) => user)).rejects.toThrow(
    'There is no user nobody.',
  )
})
