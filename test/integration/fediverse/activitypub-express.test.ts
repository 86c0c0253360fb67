// Federation with an independent implementation, both directions, asserted on its store and on what we serve and show.
// activitypub-express has no polls, pins and Move, so those are left to the real snac (test/interop). What it does with
// our Block is its application's business: here it is only seen to arrive. Its own Block is never sent: it drops what
// comes, after a 200. Only one of its users gets our Delete: it answers 403 to the second copy, since what the first
// one left has no owner.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type ActivityPubExpress,
  type ApexUser,
  startActivityPubExpress,
} from '../../support/activitypub-express.ts'
import { idsOf } from '../../support/activitypub-express-store.ts'
import { type Fuchsbau, startFuchsbau } from '../../support/fuchsbau.ts'
import { waitFor } from '../../support/wait-for.ts'

type Json = Record<string, unknown>

describe('with activitypub-express', () => {
  let apex: ActivityPubExpress
  let fuchs: Fuchsbau
  let alice: ApexUser
  let bob: ApexUser
  let us: string
  let ourHandle: string

  beforeAll(async () => {
    ;[apex, fuchs] = await Promise.all([
      startActivityPubExpress(['alice', 'bob', 'carol']),
      startFuchsbau(),
    ])
    alice = apex.user('alice')
    bob = apex.user('bob')
    us = `${fuchs.url}/you`
    ourHandle = `@you@${new URL(fuchs.url).host}`
  })

  afterAll(async () => {
    await fuchs?.[Symbol.asyncDispose]()
    await apex?.[Symbol.asyncDispose]()
  })

  const until = async <T>(what: string, check: () => T | Promise<T>) => {
    const found = await waitFor(check, {
      what,
      context: () => `--- activitypub-express\n${apex.log()}\n--- fuchsbau\n${fuchs.log()}`,
    })
    expect(found, what).toBeTruthy()
    return found
  }
  const cli = async (...args: string[]) => (await fuchs.cli(...args)).join('\n')
  const shows = (what: string, text: string) => async () => (await cli('show', what)).includes(text)
  const hides = (what: string, text: string) => async () =>
    !(await cli('show', what)).includes(text)
  const get = async (url: string): Promise<Json> => {
    const response = await fetch(url, { headers: { accept: 'application/activity+json' } })
    expect(response.status, url).toBe(200)
    return (await response.json()) as Json
  }
  const received = (user: ApexUser, type: string, object: string) =>
    user.inbox().find((activity) => activity.type === type && idsOf(activity.object)[0] === object)

  test('she follows us: stored here, accepted there', async () => {
    await alice.follow(us)
    await until('our Accept', () => alice.following().includes(us))
    expect(await cli('followers')).toContain(alice.id)
    expect(await get(`${us}/followers`)).toMatchObject({ totalItems: 1 })
  })

  test('we follow her by handle, and have her Accept', async () => {
    await cli('follow', alice.handle)
    await until('her Accept', async () => /alice$/m.test(await cli('following')))
    expect(alice.followers()).toEqual([us])
    expect(await get(`${us}/following`)).toMatchObject({ totalItems: 1 })
  })

  test('our note, its edit and its delete arrive', async () => {
    const [id = ''] = await fuchs.cli('note', 'Hello **apex**, from a #burrow')
    const note = await until('our note', () => apex.object(id))
    expect(note).toMatchObject({ type: 'Note', attributedTo: [us], to: ['as:Public'] })
    expect(String(note.content)).toContain('<strong>apex</strong>')
    expect(received(alice, 'Create', id)).toMatchObject({ actor: [us], id: `${id}/Create` })
    await cli('edit', id, 'Hello apex, edited')
    await until('our edit', () => String(apex.object(id)?.content).includes('edited'))
    await cli('delete', id)
    await until('our delete', () => apex.object(id)?.type === 'Tombstone')
    expect((await fetch(id, { headers: { accept: 'application/activity+json' } })).status).toBe(410)
  })

  test('her note, its edit and its delete arrive', async () => {
    const id = await alice.note('Good morning from apex')
    await until('her note', shows('home', 'Good morning'))
    await alice.edit(id, 'Good evening from apex')
    await until('her edit', shows(id, 'Good evening'))
    await alice.delete(id)
    await until('her delete', hides('home', id))
    await expect(fuchs.cli('show', id)).rejects.toThrow('was deleted')
  })

  test('replies are threaded, both ways', async () => {
    const hers = await alice.note('What do foxes dig?')
    await until('her note', shows('home', hers))
    const [ours = ''] = await fuchs.cli('note', 'Burrows.', '--reply-to', hers)
    const reply = await until('our reply', () => apex.object(ours))
    expect(reply).toMatchObject({ inReplyTo: [hers], tag: [{ type: 'Mention', href: [alice.id] }] })
    const answer = await alice.note('Deep ones', { inReplyTo: ours })
    await until('her answer', shows('notifications', answer))
    expect(await get(`${ours}/replies`)).toMatchObject({ totalItems: 1, items: [answer] })
    expect(await (await fetch(ours, { headers: { accept: 'text/html' } })).text()).toContain(
      'Deep ones',
    )
  })

  test('mentions reach whom they name, both ways', async () => {
    const [id = ''] = await fuchs.cli('note', `Nice to meet you, ${bob.handle}`)
    await until('our mention', () => received(bob, 'Create', id))
    expect(apex.object(id)?.tag).toEqual([
      expect.objectContaining({ type: 'Mention', href: [bob.id], name: [bob.handle] }),
    ])
    const mention = { id: us, name: ourHandle }
    const hers = await bob.note('And you', { to: [us], cc: [], mention })
    await until('his mention', shows('notifications', hers))
    expect(await cli('show', 'home')).not.toContain(hers)
  })

  test('direct messages reach only whom they name, both ways', async () => {
    await bob.follow(us)
    await until('our Accept', () => bob.following().includes(us))
    const [id = ''] = await fuchs.cli('note', `${alice.handle} for you alone`, '--to', 'direct')
    const create = await until('our direct message', () => received(alice, 'Create', id))
    expect(create).toMatchObject({ to: [alice.id] })
    expect(create.cc ?? []).toEqual([])
    const [open = ''] = await fuchs.cli('note', 'for everybody')
    await until('a later note to both', () => received(bob, 'Create', open))
    expect(received(bob, 'Create', id)).toBeUndefined()
    expect((await fetch(id, { headers: { accept: 'application/activity+json' } })).status).toBe(404)
    const hers = await alice.note('a secret', { to: [us], cc: [] })
    await until('her direct message', shows('notifications', hers))
    expect(await cli('show', hers)).toContain('(direct)')
  })

  test('likes and boosts of ours arrive, and their Undo is honoured', async () => {
    const [id = ''] = await fuchs.cli('note', 'Please like this')
    await until('our note', () => received(alice, 'Create', id))
    const like = await alice.like(id, us)
    const boost = await alice.announce(id, us)
    const lines = async (kind: string) =>
      (await fuchs.cli('show', 'notifications')).filter(
        (line) => line.includes(` ${kind} `) && line.includes(id),
      )
    await until('her like', async () => (await lines('like')).length === 1)
    await until('her boost', async () => (await lines('announce')).length === 1)
    await alice.undo(like)
    await alice.undo(boost)
    await until('her Undo of the like', async () => (await lines('like')).length === 0)
    await until('her Undo of the boost', async () => (await lines('announce')).length === 0)
  })

  test('our like and boost of hers count there, until we undo them', async () => {
    const id = await alice.note('Like me too')
    await until('her note', shows('home', id))
    await cli('like', id)
    await cli('boost', id)
    await until('our like', () => apex.reactions('likes', id).includes(us))
    await until('our boost', () => apex.reactions('shares', id).includes(us))
    expect(JSON.stringify(await get(`${us}/outbox?page=true`))).toContain(`"object":"${id}"`)
    await cli('unlike', id)
    await cli('unboost', id)
    await until('our Undo of the like', () => apex.reactions('likes', id).length === 0)
    await until('our Undo of the boost', () => apex.reactions('shares', id).length === 0)
  })

  test('whom we block is told, is no follower any more, and gets nothing in', async () => {
    await cli('block', bob.handle)
    await until('our Block', () => received(bob, 'Block', bob.id))
    expect(await cli('followers')).not.toContain(bob.id)
    const id = await bob.note('let me in', { to: [us], cc: [] })
    const later = await alice.note('after him', { to: [us], cc: [] })
    await until('a later note', shows('notifications', later))
    expect(await cli('show', 'notifications')).not.toContain(id)
  })

  test('who blocks us has nothing more of us', async () => {
    await alice.block(us)
    const [id = ''] = await fuchs.cli('note', `${alice.handle} are you there?`)
    await until('an empty queue', async () => (await cli('queue')).includes('Nothing waits'))
    expect(received(alice, 'Create', id)).toBeUndefined()
  })

  test('an unfollow is honoured, both ways', async () => {
    const carol = apex.user('carol')
    await carol.follow(us)
    await cli('follow', carol.handle)
    await until('both follow', async () => {
      return carol.following().includes(us) && /carol$/m.test(await cli('following'))
    })
    const follow = apex.store.inCollection(`${carol.id}/following`)[0]?.id ?? ''
    await cli('unfollow', carol.handle)
    await until('our Undo', () => carol.followers().length === 0)
    await carol.undo(follow)
    await until('her Undo', async () => !(await cli('followers')).includes(carol.id))
  })

  test('it knew every JSON-LD context that we sent', () => {
    expect([...apex.store.unknownContexts]).toEqual([])
  })
})
