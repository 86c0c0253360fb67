import { describe, expect, test } from 'vitest'
import { random } from './random.fixture.ts'
import {
  clientOnlyTags,
  escapeTag,
  fitServerTags,
  fitTags,
  formatTags,
  MAX_TAG_BYTES,
  MAX_TAG_DATA_BYTES,
  unescapeTag,
} from './tags.ts'

describe('values of tags (https://ircv3.net/specs/extensions/message-tags#escaping-values)', () => {
  test.each([
    ['a;b', 'a\\:b'],
    ['a b', 'a\\sb'],
    ['a\\b', 'a\\\\b'],
    ['a\r\nb', 'a\\r\\nb'],
    ['plain:=é', 'plain:=é'],
  ])('%j is written %j', (value, written) => {
    expect(escapeTag(value)).toBe(written)
    expect(unescapeTag(written)).toBe(value)
  })

  test.each([
    ['a\\bc', 'abc'],
    ['a\\', 'a'],
    ['\\\\s', '\\s'],
    ['\\😀', '😀'],
  ])(
    '%j is read %j: an unknown escape is the character, a lone backslash is nothing',
    (written, value) => {
      expect(unescapeTag(written)).toBe(value)
    },
  )

  test('are read back as they were, random ones', () => {
    const chance = random(3)
    for (let round = 0; round < 5_000; round++) {
      const value = chance.text('\\; \r\n:srn😀a', 12)
      expect(unescapeTag(escapeTag(value))).toBe(value)
    }
  })
})

describe('room for tags (https://ircv3.net/specs/extensions/message-tags#size-limit)', () => {
  test('a map that fits is the same map', () => {
    const tags = new Map([['a', 'b']])
    expect(fitTags(tags, 3)).toBe(tags)
    expect(fitServerTags(tags)).toBe(tags)
  })

  test('what does not fit is left out, what fits behind it is taken; escapes and bytes count', () => {
    const tags = new Map([
      ['a', '1'],
      ['b', '   '],
      ['c', 'éé'],
      ['d', ''],
    ])
    expect(formatTags(fitTags(tags, 9))).toBe('a=1;d')
    expect(formatTags(fitTags(tags, 12))).toBe('a=1;b=\\s\\s\\s')
    expect(formatTags(fitTags(tags, 10))).toBe('a=1;c=éé')
  })

  test("a client's tags and the server's count apart, and make 8,191 bytes together at most", () => {
    const tags = new Map([
      ['+a', 'x'.repeat(MAX_TAG_DATA_BYTES - 3)],
      ['b', 'x'.repeat(MAX_TAG_DATA_BYTES - 2)],
      ['+c', 'x'],
      ['d', 'x'],
    ])
    const fitting = fitServerTags(tags)
    expect([...fitting.keys()]).toEqual(['b', '+a'])
    expect(`@${formatTags(fitting)} `).toHaveLength(MAX_TAG_BYTES)
  })

  test('client-only tags begin with a plus', () => {
    const tags = new Map([
      ['+typing', 'active'],
      ['time', 'x'],
    ])
    expect([...clientOnlyTags(tags).keys()]).toEqual(['+typing'])
  })
})
