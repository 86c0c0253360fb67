// What is remembered of manifests, for how long, and when not at all.
import { createHash } from 'node:crypto'
import { settableClock } from '@fuchsbau/shared/clock.ts'
import { describe, expect, test } from 'vitest'
import { type Digest, parseDigest, parseRepository, type Repository } from '../name.ts'
import { ManifestCache } from './manifest-cache.ts'

const BODY = Buffer.from('{"schemaVersion":2,"annotations":{"word":"Füchse"}}')
const REPOSITORY = parseRepository('den/image') as Repository

const digestOf = (body: Buffer, algorithm = 'sha256') =>
  parseDigest(`${algorithm}:${createHash(algorithm).update(body).digest('hex')}`) as Digest

function scene() {
  const clock = settableClock(0)
  const cache = new ManifestCache(clock)
  const keyOf = (digest = digestOf(BODY), headers = {}, query = '') =>
    cache.keyOf(REPOSITORY, digest, query, headers)
  const pull = (body = BODY, digest = digestOf(body)) => {
    const key = keyOf(digest) ?? ''
    cache.begin(key, digest)({ 'content-type': 'application/json' }, body)
    return key
  }
  return { clock, cache, keyOf, pull }
}

describe('a manifest that was pulled by its digest', () => {
  test.each(['sha256', 'sha512'])('is remembered for a second, byte for byte (%s)', (algorithm) => {
    const { clock, cache, pull } = scene()
    const key = pull(BODY, digestOf(BODY, algorithm))
    clock.advance(999)
    const found = cache.find(key)
    expect(Buffer.from(found?.body ?? '', 'latin1')).toEqual(BODY)
    expect(found?.headers).toEqual({ 'content-type': 'application/json' })
    clock.advance(1)
    expect(cache.find(key)).toBeUndefined()
  })

  test('the second counts from when the upstream was asked, however late it answers', () => {
    const { clock, cache, keyOf } = scene()
    const key = keyOf() ?? ''
    const keep = cache.begin(key, digestOf(BODY))
    clock.advance(1_000)
    keep({}, BODY)
    expect(cache.find(key)).toBeUndefined()
  })

  test('is forgotten when something changed, and not remembered when that was meanwhile', () => {
    const { cache, keyOf, pull } = scene()
    const key = pull()
    const keep = cache.begin(keyOf() ?? '', digestOf(BODY))
    cache.changed()
    expect(cache.find(key)).toBeUndefined()
    keep({}, BODY)
    expect(cache.find(key)).toBeUndefined()
  })

  test('is not remembered when it is not what its digest says, or too large', () => {
    const { cache, pull } = scene()
    expect(cache.find(pull(Buffer.from('{}'), digestOf(BODY)))).toBeUndefined()
    expect(cache.find(pull(Buffer.alloc(256 * 1024 + 1, ' ')))).toBeUndefined()
  })

  test('is one of its own for each repository and each Accept (RFC 9110, 12.5.1)', () => {
    const { keyOf, cache } = scene()
    const other = cache.keyOf(parseRepository('den/other') as Repository, digestOf(BODY), '', {})
    expect(new Set([keyOf(), keyOf(digestOf(BODY), { accept: 'a/b' }), other]).size).toBe(3)
  })

  test.each([
    ['a range', { range: 'bytes=0-1' }, ''],
    ['a condition', { 'if-none-match': '"x"' }, ''],
    ['a query', {}, 'ns=docker.io'],
    ['an Accept without end', { accept: 'a/b,'.repeat(1_000) }, ''],
  ])('with %s only the upstream can answer', (_, headers, query) => {
    expect(scene().keyOf(digestOf(BODY), headers, query)).toBeUndefined()
  })
})

test('sixteen MiB are remembered, the newest', () => {
  const { cache, pull } = scene()
  const keys = Array.from({ length: 100 }, (_, index) =>
    pull(Buffer.alloc(250_000, String(index).padStart(10))),
  )
  const found = keys.map((key) => cache.find(key) !== undefined)
  expect(found.filter(Boolean)).toHaveLength(66)
  expect(found.at(-1)).toBe(true)
  expect(found[0]).toBe(false)
})
