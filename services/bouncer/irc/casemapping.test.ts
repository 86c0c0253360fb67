import { describe, expect, test } from 'vitest'
import { casemappingOf, FoldedMap, fold } from './casemapping.ts'

describe('casemapping (https://modern.ircdocs.horse/#casemapping-parameter)', () => {
  test.each([
    ['ascii', 'abcz[]\\^{}|~äÖ@`'],
    ['rfc1459', 'abcz{}|~{}|~äÖ@`'],
    ['rfc1459-strict', 'abcz{}|^{}|~äÖ@`'],
  ] as const)('%s folds its letters and no others', (casemapping, folded) => {
    expect(fold('aBCZ[]\\^{}|~äÖ@`', casemapping)).toBe(folded)
    expect(fold(folded, casemapping)).toBe(folded)
  })

  test.each([
    [undefined, 'rfc1459'],
    ['rfc1459', 'rfc1459'],
    ['strict-rfc1459', 'rfc1459-strict'],
    ['rfc1459-strict', 'rfc1459-strict'],
    ['ascii', 'ascii'],
    ['rfc7613', 'ascii'],
    ['unheard-of', 'ascii'],
  ])('the token %s means %s', (token, casemapping) => {
    expect(casemappingOf(token)).toBe(casemapping)
  })
})

describe('a map by names', () => {
  test('finds a name in any spelling and keeps the last one given', () => {
    const map = new FoldedMap('rfc1459', [['#Fox[', 1]])
    map.set('#fOX{', 2)
    expect(map.get('#fox[')).toBe(2)
    expect(map.has('#FOX{')).toBe(true)
    expect(map.spelling('#fox{')).toBe('#fOX{')
    expect([...map]).toEqual([['#fOX{', 2]])
    expect(map.delete('#fox[')).toBe(true)
    expect(map.size).toBe(0)
  })

  test('goes over to another casemapping', () => {
    const map = new FoldedMap<number>('ascii')
    map.set('a[', 1).set('a{', 2).set('b', 3)
    map.refold('rfc1459')
    expect([...map]).toEqual([
      ['a{', 2],
      ['b', 3],
    ])
    expect(map.get('A[')).toBe(2)
  })
})
