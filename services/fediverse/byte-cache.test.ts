import { expect, test } from 'vitest'
import { ByteCache } from './byte-cache.ts'

const make = (body: string, tags: string[]) => () => ({ body, contentType: 'text/plain', tags })

test('an answer is made once, and anew when one of its tags is touched', () => {
  const cache = new ByteCache(1_000)
  const first = cache.get('a', make('one', ['x', 'y']))
  expect(cache.get('a', make('two', ['x', 'y']))).toBe(first)
  cache.touch('z')
  expect(cache.get('a', make('two', ['x', 'y']))).toBe(first)
  cache.touch('y')
  expect(cache.get('a', make('two', ['x', 'y']))?.bytes.toString()).toBe('two')
})

test('the ETag follows from the bytes', () => {
  const cache = new ByteCache(1_000)
  const a = cache.get('a', make('same', []))
  const b = cache.get('b', make('same', []))
  const c = cache.get('c', make('other', []))
  expect(a?.etag).toBe(b?.etag)
  expect(a?.etag).not.toBe(c?.etag)
  expect(a?.etag).toMatch(/^"[\w-]{22}"$/)
})

test('what is not there is asked for again', () => {
  const cache = new ByteCache(1_000)
  expect(cache.get('a', () => undefined)).toBeUndefined()
  expect(cache.get('a', make('now', []))?.bytes.toString()).toBe('now')
})

test('bodies beyond the bound push out the oldest', () => {
  const cache = new ByteCache(100)
  let made = 0
  const body = () => {
    made += 1
    return { body: 'x'.repeat(40), contentType: 'text/plain', tags: ['t'] }
  }
  for (const key of ['a', 'b', 'c', 'd']) cache.get(key, body)
  expect(made).toBe(4)
  cache.get('d', body)
  expect(made).toBe(4)
  cache.get('a', body)
  expect(made).toBe(5)
})
