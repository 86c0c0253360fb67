import { expect, test } from 'vitest'
import { makeTids, makeUrls } from './urls.ts'

test('URLs have the shape that snac gives them', () => {
  const urls = makeUrls('https://example.org/')
  expect(urls.actor('you')).toBe('https://example.org/you')
  expect(urls.inbox('you')).toBe('https://example.org/you/inbox')
  expect(urls.post('you', '1700000000.000001')).toBe('https://example.org/you/p/1700000000.000001')
  expect(urls.media('you', 'a.png')).toBe('https://example.org/you/s/a.png')
  expect(urls.keyId('you')).toBe('https://example.org/you#main-key')
  expect(urls.sharedInbox).toBe('https://example.org/shared-inbox')
})

test('a base with a path is a prefix of every URL, but not of handles', () => {
  const urls = makeUrls('https://example.org/social')
  expect(urls.actor('you')).toBe('https://example.org/social/you')
  expect(urls.handle('you')).toBe('@you@example.org')
  expect(urls.userOf('https://example.org/you')).toBeUndefined()
  expect(urls.isLocal('https://example.org/socialite')).toBe(false)
})

test.each([
  ['https://example.org/you', 'you'],
  ['https://example.org/you/', undefined],
  ['https://example.org/you#main-key', undefined],
  ['https://example.org/You', 'You'],
  ['https://example.org.evil.test/you', undefined],
  ['http://example.org/you', undefined],
])('ids compare exactly: %s is the actor %s', (id, name) => {
  expect(makeUrls('https://example.org').userOf(id)).toBe(name)
})

test('ids of objects sort by time and never repeat, even when the clock stands still or goes back', () => {
  let now = 1_700_000_000_000
  const newTid = makeTids(() => now)
  const first = newTid()
  const second = newTid()
  now -= 5_000
  const third = newTid()
  expect(first).toBe('1700000000.000000')
  expect([third, second, first].sort()).toEqual([first, second, third])
  expect(new Set([first, second, third]).size).toBe(3)
})
