import { describe, expect, test } from 'vitest'
import { editDistance, nearest } from './nearest.ts'

describe('the nearest word', () => {
  test.each([
    ['fedivrese', 'fediverse'],
    ['up', 'up'],
    ['confg', 'config'],
    ['banana', undefined],
  ])('to %s is %s', (word, expected) => {
    expect(nearest(word, ['up', 'config', 'fediverse'])).toBe(expected)
  })

  test.each([
    ['', 'abc', 3],
    ['kitten', 'sitting', 3],
    ['same', 'same', 0],
  ])('%s and %s are %i edits apart', (from, to, edits) => {
    expect(editDistance(from, to)).toBe(edits)
  })
})
