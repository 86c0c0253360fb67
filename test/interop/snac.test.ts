// Federation with a real snac, both directions, over HTTPS; asserted on snac's own files and pages.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Ca, createCa } from '../support/ca.ts'
import { type Fuchsbau, startFuchsbau } from '../support/fuchsbau.ts'
import { requirePeer } from '../support/peers.ts'
import { type Snac, startSnac } from '../support/snac.ts'
import { startTlsFront, type TlsFront } from '../support/tls-front.ts'
import { waitFor } from '../support/wait-for.ts'

const us = 'https://fuchs.test/you'

describe.skipIf(!requirePeer('snac'))('with a real snac', () => {
  let ca: Ca
  let front: TlsFront
  let snac: Snac
  let fuchs: Fuchsbau

  beforeAll(async () => {
    ca = await createCa()
    front = await startTlsFront({ ca })
    front.adopt()
    snac = await startSnac({
      front,
      host: 'snac.test',
      users: ['alice', 'bob'],
      settings: { disable_inbox_collection: true },
    })
    fuchs = await startFuchsbau({ front, host: 'fuchs.test' })
  })

  afterAll(async () => {
    await fuchs?.[Symbol.asyncDispose]()
    await snac?.close()
    await front?.close()
    await ca?.close()
  })

  const context = () => `${snac.log()}\n--- fuchsbau\n${fuchs.log()}`
  const until = async <T>(what: string, check: () => T | Promise<T>) => {
    const found = await waitFor(check, { what, context })
    expect(found, what).toBeTruthy()
    return found
  }
  const alice = () => snac.user('alice')

  test('she finds us by handle, follows, and has our Accept', async () => {
    await alice().follow('@you@fuchs.test')
    await until('our Accept at snac', () =>
      alice()
        .files.following()
        .some(({ id, isAccepted }) => id === us && isAccepted),
    )
    await until('the follower here', async () =>
      (await fuchs.cli('followers')).some((line) => line.includes(alice().id)),
    )
  })

  test('we follow her by handle and have her Accept', async () => {
    await fuchs.cli('follow', '@alice@snac.test')
    await until('her Accept', async () =>
      (await fuchs.cli('following')).some(
        (line) => line.includes(alice().id) && !line.includes('requested'),
      ),
    )
    expect(alice().files.followers()).toContain(us)
  })

  test('our note, edit and delete arrive', async () => {
    const [id = ''] = await fuchs.cli('note', 'Hello **snac**, from a #burrow')
    const note = await until('our note at snac', () => snac.files.object(id))
    expect(note).toMatchObject({ type: 'Note', attributedTo: us })
    expect(note?.content).toContain('<strong>snac</strong>')
    expect(
      alice()
        .files.timeline()
        .map((object) => object.id),
    ).toContain(id)
    await fuchs.cli('edit', id, 'Hello snac, edited')
    await until('our edit at snac', () => snac.files.object(id)?.content?.includes('edited'))
    await fuchs.cli('delete', id)
    await until('our delete at snac', () => snac.files.object(id) === undefined)
  })

  test('her note, reply, edit and delete arrive', async () => {
    const id = await alice().note('Good morning from snac')
    await until('her note here', async () =>
      (await fuchs.cli('show', 'home')).join('\n').includes(id),
    )
    const [reply = ''] = await fuchs.cli('note', '@alice@snac.test good morning', '--reply-to', id)
    await until('our reply at snac', () => snac.files.replies(id).includes(reply))
    const answer = await alice().note('@you@fuchs.test and to you', { replyTo: reply })
    await until('her answer here', async () =>
      (await fuchs.cli('show', 'notifications')).join('\n').includes(answer),
    )
    await alice().edit(id, 'Good evening from snac')
    await until('her edit here', async () =>
      (await fuchs.cli('show', id)).join('\n').includes('Good evening'),
    )
    await alice().delete(id)
    await until(
      'her delete here',
      async () => !(await fuchs.cli('show', 'home')).join('\n').includes(id),
    )
  })

  test('a mention of somebody who does not follow us notifies him', async () => {
    const bob = snac.user('bob')
    const [id = ''] = await fuchs.cli('note', 'Nice to meet you, @bob@snac.test')
    await until('our mention at snac', () => snac.files.object(id))
    expect(JSON.stringify(bob.files.notifications())).toContain(id)
  })

  test('direct messages reach only whom they name, both ways', async () => {
    const [id = ''] = await fuchs.cli('note', '@alice@snac.test for you alone', '--to', 'direct')
    const note = await until('our direct message', () => snac.files.object(id))
    expect(JSON.stringify([note?.to, note?.cc])).not.toContain('Public')
    expect(snac.files.publicTimeline().map((object) => object.id)).not.toContain(id)
    expect(
      snac
        .user('bob')
        .files.timeline()
        .map((object) => object.id),
    ).not.toContain(id)
    const hers = await alice().note('@you@fuchs.test a secret', { direct: true })
    await until('her direct message', async () =>
      (await fuchs.cli('show', 'notifications')).join('\n').includes(hers),
    )
    const shown = await fuchs.cli('show', hers)
    expect(shown.join('\n')).toContain('(direct)')
    const page = await fetch(hers.replace('https://snac.test', fuchs.url))
    expect(page.status).toBe(404)
  })

  test('likes and boosts arrive, both ways, and our Undo is honoured', async () => {
    const [ours = ''] = await fuchs.cli('note', 'Please like this')
    await until('our note', () => snac.files.object(ours))
    await alice().like(ours)
    await alice().boost(ours)
    await until('her like and boost', async () => {
      const lines = (await fuchs.cli('show', 'notifications')).filter((line) => line.includes(ours))
      return (
        lines.some((line) => line.includes('like')) &&
        lines.some((line) => line.includes('announce'))
      )
    })
    const hers = await alice().note('Like me too')
    await until('her note', async () => (await fuchs.cli('show', 'home')).join('\n').includes(hers))
    await fuchs.cli('like', hers)
    await fuchs.cli('boost', hers)
    await until(
      'our like and boost at snac',
      () => snac.files.likes(hers).length + snac.files.boosts(hers).length === 2,
    )
    await fuchs.cli('unlike', hers)
    await fuchs.cli('unboost', hers)
    await until(
      'our Undo at snac',
      () => snac.files.likes(hers).length === 0 && snac.log().includes('Unboost'),
    )
    await alice().unboost(ours)
    await until(
      'her Undo here',
      async () =>
        !(await fuchs.cli('show', 'notifications')).some(
          (line) => line.includes('announce') && line.includes(ours),
        ),
    )
  })

  test('polls: she votes in ours, we vote in hers', async () => {
    const [ours = ''] = await fuchs.cli(
      'note',
      'Tea or coffee?',
      '--option',
      'Tea',
      '--option',
      'Coffee',
    )
    await until('our poll', () => snac.files.object(ours)?.type === 'Question')
    await alice().vote(ours, 'Tea')
    await until('her vote', async () => {
      const response = await fetch(ours, { headers: { accept: 'application/activity+json' } })
      const question = (await response.json()) as {
        oneOf: { name: string; replies: { totalItems: number } }[]
      }
      return question.oneOf.find(({ name }) => name === 'Tea')?.replies.totalItems === 1
    })
    const hers = await alice().poll('Cats or dogs?', ['Cats', 'Dogs'])
    await until('her poll', async () => (await fuchs.cli('show', 'home')).join('\n').includes(hers))
    await fuchs.cli('vote', hers, 'Dogs')
    await until('our vote at snac', () => {
      const options = snac.files.object(hers)?.oneOf as
        | { name: string; replies?: { totalItems: number } }[]
        | undefined
      return options?.find(({ name }) => name === 'Dogs')?.replies?.totalItems === 1
    })
  })

  test('a block is told, ends both relations, and keeps her out', async () => {
    const bob = snac.user('bob')
    await bob.follow('@you@fuchs.test')
    await until('bob follows', async () =>
      (await fuchs.cli('followers')).some((line) => line.includes(bob.id)),
    )
    await fuchs.cli('block', '@bob@snac.test')
    await until('our Block at snac', () =>
      JSON.stringify(bob.files.notifications()).includes('Block'),
    )
    expect((await fuchs.cli('followers')).join('\n')).not.toContain(bob.id)
    const id = await bob.note('@you@fuchs.test let me in')
    await until('his note at our door', () =>
      front.seen.some(
        ({ host, path, body }) =>
          host === 'fuchs.test' && path.endsWith('inbox') && String(body).includes(id),
      ),
    )
    expect((await fuchs.cli('show', 'notifications')).join('\n')).not.toContain(id)
  })

  test('an account that moves here brings its followers, and one that moves away takes them along', async () => {
    const bob = snac.user('bob')
    await fuchs.cli('unblock', '@bob@snac.test')
    await fuchs.cli('alias', '@bob@snac.test')
    await fuchs.cli('user', 'add', 'mover')
    await fuchs.cli('follow', '@bob@snac.test', '--as', 'mover')
    await until('mover follows bob', () =>
      bob.files.followers().includes('https://fuchs.test/mover'),
    )
    await bob.alias('you@fuchs.test')
    await bob.migrate()
    await until('mover follows us instead', async () =>
      (await fuchs.cli('following', '--as', 'mover')).some(
        (line) => line.includes(`${us}`) && !line.includes('requested'),
      ),
    )
    await alice().alias('mover@fuchs.test')
    await alice().follow('@mover@fuchs.test')
    await bob.follow('@mover@fuchs.test')
    await until('bob follows mover', () =>
      bob.files
        .following()
        .some(({ id, isAccepted }) => id === 'https://fuchs.test/mover' && isAccepted),
    )
    await fuchs.cli('note', 'Moving, see @alice@snac.test', '--as', 'mover')
    await fuchs.cli('move', '@alice@snac.test', '--yes', '--as', 'mover')
    await until('bob follows alice instead', () =>
      bob.files.following().some(({ id }) => id === alice().id),
    )
  })

  test('an unfollow is honoured both ways', async () => {
    await fuchs.cli('unfollow', '@alice@snac.test')
    await until('our Undo at snac', () => !alice().files.followers().includes(us))
    await alice().unfollow(us)
    await until(
      'her Undo here',
      async () => !(await fuchs.cli('followers')).join('\n').includes(alice().id),
    )
  })
})
