// The grammar of names. https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests
import { expect, test } from 'vitest'
import { parseDigest, parseReference, parseRepository, parseTag } from './name.ts'

const hex = 'a'.repeat(64)

test.each(['alpine', 'library/alpine', 'a/b/c/d', 'a.b_c__d-e--f/x', '0/1', 'a'.repeat(255)])(
  '%s is a repository',
  (name) => {
    expect(parseRepository(name)).toBe(name)
  },
)

test.each([
  ['nothing', ''],
  ['upper case', 'Alpine'],
  ['a slash at the end', 'a/'],
  ['a slash at the beginning', '/a'],
  ['two slashes', 'a//b'],
  ['two dots', 'a..b'],
  ['dots alone', '..'],
  ['a way out', 'a/../b'],
  ['three underscores', 'a___b'],
  ['a separator at the end', 'a-'],
  ['a colon', 'host:5000/a'],
  ['an escape', 'a%2fb'],
  ['a line break', 'a\n'],
  ['too long', 'a'.repeat(256)],
])('%s is no repository', (_, name) => {
  expect(parseRepository(name)).toBeUndefined()
})

test('a name that would make a slow pattern go back and forth is answered at once', () => {
  expect(parseRepository(`${'a-'.repeat(120)}!`)).toBeUndefined()
})

test.each([
  ['latest', true],
  ['v1.0-rc_1', true],
  ['_x', true],
  ['a'.repeat(128), true],
  ['a'.repeat(129), false],
  ['.x', false],
  ['-x', false],
  ['a b', false],
  ['', false],
])('tag %s: %s', (tag, isOne) => {
  expect(parseTag(tag) !== undefined).toBe(isOne)
})

test.each([
  [`sha256:${hex}`, true],
  [`sha512:${hex}${hex}`, true],
  [`sha256:${hex.slice(1)}`, false],
  [`sha256:${hex.toUpperCase()}`, false],
  [`md5:${'a'.repeat(32)}`, false],
  [`sha256:${hex}\n`, false],
  ['sha256:', false],
])('digest %s: %s', (digest, isOne) => {
  expect(parseDigest(digest) !== undefined).toBe(isOne)
})

test('a reference with a colon is a digest or nothing', () => {
  expect(parseReference(`sha256:${hex}`)).toEqual({ kind: 'digest', digest: `sha256:${hex}` })
  expect(parseReference('sha256:abc')).toBeUndefined()
  expect(parseReference('v1')).toEqual({ kind: 'tag', tag: 'v1' })
})
