import { describe, expect, test } from 'vitest'
import type { Audience } from '../store/objects.ts'
import { type Recipient, recipients } from './recipients.ts'

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
