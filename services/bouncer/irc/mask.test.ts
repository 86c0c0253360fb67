import { describe, expect, test } from 'vitest'
import { matchesMask } from './mask.ts'
import { vectors } from './vectors.fixture.ts'

interface Mask {
  mask: string
  matches: string[]
  fails: string[]
}

test.each(vectors<Mask>('mask-match'))(
  'vector of irc-parser-tests: $mask',
  ({ mask, matches, fails }) => {
    for (const text of matches) expect(matchesMask(mask, text, 'ascii'), text).toBe(true)
    for (const text of fails) expect(matchesMask(mask, text, 'ascii'), text).toBe(false)
  },
)

describe('a mask (https://modern.ircdocs.horse/#wildcard-expressions)', () => {
  test.each([
    ['', '', true],
    ['*', '', true],
    ['?', '', false],
    ['?', '😀', true],
    ['a**?b', 'axb', true],
    ['a*b*c', 'abbcbc', true],
    ['a*b*c', 'abbcb', false],
    ['a\\*b', 'a*b', true],
    ['a\\*b', 'axb', false],
    ['a\\?', 'a?', true],
    ['a\\?', 'ab', false],
    ['a\\b', 'a\\b', true],
  ])('%j, text %j: %s', (mask, text, isMatch) => {
    expect(matchesMask(mask, text, 'ascii')).toBe(isMatch)
  })

  test("compares by the network's casemapping", () => {
    expect(matchesMask('Fox[*', 'fOX{away}', 'rfc1459')).toBe(true)
    expect(matchesMask('Fox[*', 'fOX{away}', 'ascii')).toBe(false)
  })

  test('of many stars takes no longer than mask × text', () => {
    const mask = `${'*a'.repeat(200)}b`
    expect(matchesMask(mask, 'a'.repeat(2_000), 'ascii')).toBe(false)
  })
})
