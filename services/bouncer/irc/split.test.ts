import { describe, expect, test } from 'vitest'
import { random } from './random.fixture.ts'
import { splitText, truncateUtf8, utf8Length } from './split.ts'

test.each([
  ['', 0],
  ['a', 1],
  ['é', 2],
  ['€', 3],
  ['😀', 4],
  ['\ud800', 3],
])('%j takes %i bytes', (text, bytes) => {
  expect(utf8Length(text)).toBe(bytes)
})

describe('a text cut short', () => {
  test.each([
    ['abc', 2, 'ab'],
    ['aé', 2, 'a'],
    ['aé', 3, 'aé'],
    ['a😀b', 4, 'a'],
    ['a😀b', 5, 'a😀'],
    ['a\ud800b', 4, 'a\ud800'],
    ['a', 0, ''],
    ['', 5, ''],
  ])('%j in %i bytes is %j', (text, bytes, cut) => {
    expect(truncateUtf8(text, bytes)).toBe(cut)
  })
})

describe('a text in parts', () => {
  test.each([
    ['', 5, ['']],
    ['hello', 5, ['hello']],
    ['hello fox and owl', 10, ['hello fox ', 'and owl']],
    ['a bcdefghijkl', 6, ['a bcde', 'fghijk', 'l']],
    ['ääää', 5, ['ää', 'ää']],
    ['😀😀', 3, ['😀', '😀']],
  ])('%j by %i bytes is %j', (text, bytes, parts) => {
    expect(splitText(text, bytes)).toEqual(parts)
  })

  test('is the text again, each part fits and ends between characters, random ones', () => {
    const chance = random(4)
    for (let round = 0; round < 3_000; round++) {
      const text = chance.text('ab  é€😀', 60)
      const bytes = 4 + chance.number(30)
      const parts = splitText(text, bytes)
      expect(parts.join('')).toBe(text)
      expect(Math.max(...parts.map(utf8Length))).toBeLessThanOrEqual(bytes)
      expect(parts.every((part) => part.isWellFormed())).toBe(true)
    }
  })
})
