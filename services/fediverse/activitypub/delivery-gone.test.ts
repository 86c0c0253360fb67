// A 404 or 410 of an inbox, on a real store: which followers stay, and where the activity goes.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type RemoteActor, Scene } from '../context.fixture.ts'
import { publish } from '../post/publish.ts'
import { remove } from '../post/remove.ts'
import type { Audience } from '../store/objects.ts'
import type { Delivery, OutgoingBody } from '../store/queue.ts'
import { makeOnGone } from './delivery-gone.ts'

const host = 'many.example'
const shared = `https://${host}/inbox`

let scene: Scene
let ann: RemoteActor
let abe: RemoteActor
/** What the last commit of a verb queued. */
let woken: readonly Delivery[]

beforeEach(async () => {
  scene = new Scene()
  await scene.user()
  ann = scene.actor('ann', {}, host)
  abe = scene.actor('abe', {}, host)
  scene.context.wake = (deliveries) => {
    woken = deliveries
  }
  for (const each of [ann, abe]) await scene.followedBy(each)
})
afterEach(() => scene.end())

const followers = () =>
  scene.context.store.relations
    .followers('you')
    .map(({ actor }) => actor)
    .toSorted()

/** What `makeOnGone` says of a delivery, which has to be one of those queued last. */
function gone(inbox: string): { inbox: string; follower?: string }[] {
  const delivery = woken.find((each) => each.inbox === inbox)
  const body = delivery && scene.context.store.queue.body(delivery)
  if (!delivery || !body) throw new Error(`nothing for ${inbox}: ${JSON.stringify(woken)}`)
  return makeOnGone(scene.context)(delivery, body)
}

async function post(audience: Audience = 'public', text = 'hello') {
  const user = scene.context.store.users.get('you')
  if (!user) throw new Error('no user')
  return publish(scene.context, user, { text, audience })
}

const byInbox = (a: { inbox: string }, b: { inbox: string }) => (a.inbox < b.inbox ? -1 : 1)
const ownOf = (actor: RemoteActor) => ({ inbox: actor.inbox, follower: actor.id })

describe('a shared inbox that is gone', () => {
  test.each<Audience>(['public', 'unlisted', 'followers'])(
    'drops nobody: %s posts go to the own inboxes of all behind it',
    async (audience) => {
      await post(audience)
      expect(woken.map(({ inbox }) => inbox)).toEqual([shared])
      expect(gone(shared).toSorted(byInbox)).toEqual([ownOf(abe), ownOf(ann)])
      expect(followers()).toEqual([abe.id, ann.id])
    },
  )

  test('also to who was mentioned there and is no follower', async () => {
    const ada = scene.actor('ada', {}, host)
    await post('public', `hello @ada@${host}`)
    expect(woken.map(({ inbox }) => inbox)).toEqual([shared])
    expect(gone(shared)).toContainEqual(ownOf(ada))
    expect(gone(shared)).toHaveLength(3)
  })

  test('also a Delete goes on to the followers', async () => {
    const { id } = await post('followers')
    await remove(scene.context, 'you', id)
    expect(
      gone(shared)
        .map(({ inbox }) => inbox)
        .toSorted(),
    ).toEqual([abe.inbox, ann.inbox])
  })

  test('drops those who have no other', async () => {
    const { store } = scene.context
    const relation = store.relations.get('you', 'followers', ann.id)
    if (!relation) throw new Error('no follower')
    await store.commit([store.relations.put('you', 'followers', { ...relation, inbox: shared })])
    await post()
    expect(gone(shared)).toEqual([ownOf(abe)])
    expect(followers()).toEqual([abe.id])
  })
})

describe('an own inbox that is gone', () => {
  test('drops the follower whom the delivery names', async () => {
    await post()
    const [delivery] = woken
    const body = delivery && scene.context.store.queue.body(delivery)
    if (!delivery || !body) throw new Error('nothing queued')
    const own: [Delivery, OutgoingBody] = [{ ...delivery, ...ownOf(ann) }, body]
    expect(makeOnGone(scene.context)(...own)).toEqual([])
    expect(followers()).toEqual([abe.id])
  })

  // Her own inbox may be the shared one of others: they must not get what is hers alone.
  test('of whom a direct message was for sends it to nobody else', async () => {
    scene.actor('eve', { inbox: shared }, host)
    await post('direct', `psst @eve@${host}`)
    expect(woken).toMatchObject([{ inbox: shared }])
    expect(gone(shared)).toEqual([])
    expect(followers()).toEqual([abe.id, ann.id])
  })
})
