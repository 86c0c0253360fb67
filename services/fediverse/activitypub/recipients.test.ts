import { describe, expect, test } from 'vitest'
import type { Audience } from '../store/objects.ts'
import { ownInboxes, type Recipient, recipients } from './recipients.ts'

const isLocal = (url: string) => url.startsWith('https://us.example/')
const on = (host: string, name: string, hasShared = true): Recipient => ({
  actor: `https://${host}/${name}`,
  inbox: `https://${host}/${name}/inbox`,
  ...(hasShared ? { sharedInbox: `https://${host}/shared` } : {}),
})
const inboxes = (audience: Audience, followers: Recipient[], addressed: Recipient[] = []) =>
  recipients({ audience, followers, addressed, isLocal }).map(({ inbox }) => inbox)

describe('recipients (ActivityPub 7.1.3)', () => {
  test.each(['public', 'unlisted', 'followers'] as const)(
    '%s: followers of one host share its inbox',
    (audience) => {
      const followers = [on('a.example', 'ann'), on('a.example', 'abe'), on('b.example', 'bob')]
      expect(inboxes(audience, followers)).toEqual([
        'https://a.example/shared',
        'https://b.example/shared',
      ])
    },
  )

  test('a follower without a shared inbox is named, so that he can be dropped', () => {
    const found = recipients({
      audience: 'public',
      followers: [on('a.example', 'ann', false), on('b.example', 'bob')],
      addressed: [],
      isLocal,
    })
    expect(found).toEqual([
      { inbox: 'https://a.example/ann/inbox', follower: 'https://a.example/ann' },
      { inbox: 'https://b.example/shared' },
    ])
  })

  test('an addressed actor is reached by the shared inbox of a follower there, else by her own', () => {
    const followers = [on('a.example', 'ann')]
    const addressed = [on('a.example', 'abe'), on('b.example', 'bob')]
    expect(inboxes('public', followers, addressed)).toEqual([
      'https://a.example/shared',
      'https://b.example/bob/inbox',
    ])
  })

  test('direct messages go to personal inboxes only', () => {
    const both = [on('a.example', 'ann'), on('a.example', 'abe')]
    expect(inboxes('direct', [], both)).toEqual([
      'https://a.example/ann/inbox',
      'https://a.example/abe/inbox',
    ])
  })

  test('a follower who is addressed gets the activity once', () => {
    const ann = on('a.example', 'ann', false)
    expect(inboxes('public', [ann], [ann, ann])).toEqual(['https://a.example/ann/inbox'])
  })

  test('nothing is delivered to ourselves', () => {
    expect(inboxes('public', [on('us.example', 'me')], [on('us.example', 'you')])).toEqual([])
  })

  test('a shared inbox on another host is not believed: it could be anyone’s', () => {
    const ann = { ...on('a.example', 'ann'), sharedInbox: 'https://victim.example/shared' }
    expect(inboxes('followers', [ann])).toEqual(['https://a.example/ann/inbox'])
  })

  test('what is no http(s) URL is left out, and the rest still goes', () => {
    const odd = ['mailto:a@b.example', 'not a url', 'acct:x'].map((inbox) => ({
      actor: inbox,
      inbox,
    }))
    const none = { actor: 'https://c.example/none' }
    expect(inboxes('public', [...odd, none, on('a.example', 'ann')])).toEqual([
      'https://a.example/shared',
    ])
  })
})

describe('a shared inbox that is gone', () => {
  const shared = 'https://a.example/shared'
  const behind = (audience: Audience, followers: Recipient[], addressed: Recipient[] = []) =>
    ownInboxes(shared, { audience, followers, addressed, isLocal })

  test('leaves the own inboxes of followers and of whoever is addressed there, each once', () => {
    const ann = on('a.example', 'ann')
    const followers = [ann, on('a.example', 'abe'), on('b.example', 'bob')]
    expect(behind('public', followers, [ann, on('a.example', 'ada')])).toEqual([
      { inbox: 'https://a.example/ann/inbox', follower: 'https://a.example/ann' },
      { inbox: 'https://a.example/abe/inbox', follower: 'https://a.example/abe' },
      { inbox: 'https://a.example/ada/inbox', follower: 'https://a.example/ada' },
    ])
  })

  test('was not asked for direct messages', () => {
    expect(behind('direct', [on('a.example', 'ann')], [on('a.example', 'ann')])).toEqual([])
  })

  test('leaves out those who got the activity in their own inbox before', () => {
    const ann = on('a.example', 'ann')
    const withoutShared = on('a.example', 'ann', false)
    expect(behind('public', [ann], [withoutShared])).toEqual([])
    expect(behind('public', [withoutShared], [ann])).toEqual([])
    const twin = { ...ann, actor: 'https://a.example/twin', sharedInbox: 'https://a.example/other' }
    const inOther = { ...on('a.example', 'x'), inbox: 'https://a.example/other' }
    expect(behind('public', [twin, { ...inOther, sharedInbox: shared }])).toEqual([])
  })

  test('is not tried again as somebody’s own', () => {
    expect(behind('public', [{ ...on('a.example', 'ann'), inbox: shared }])).toEqual([])
  })

  test('leads to no other host, to nothing of ours, and to no odd URL', () => {
    const inboxes = [
      'https://victim.example/x/inbox',
      'https://us.example/me/inbox',
      'ftp://a.example/x',
    ]
    const followers = inboxes.map((inbox) => ({ actor: inbox, inbox, sharedInbox: shared }))
    expect(behind('followers', followers)).toEqual([])
    const ours = 'https://us.example/shared'
    const me = {
      actor: 'https://x.example/',
      inbox: 'https://us.example/me/inbox',
      sharedInbox: ours,
    }
    expect(
      ownInboxes(ours, { audience: 'public', followers: [me], addressed: [], isLocal }),
    ).toEqual([])
  })
})
