import { expect, test } from 'vitest'
import { namesNick } from './highlight.ts'

test('a nick is named by a word of its own, in any case, wherever it stands', () => {
  expect(namesNick('fox: hello', 'fox')).toBe(true)
  expect(namesNick('hello FOX', 'fox')).toBe(true)
  expect(namesNick('foxes are like fox!', 'fox')).toBe(true)
})

test('as a part of other words, or not at all, it is not named', () => {
  expect(namesNick('foxes, firefox and fox_2', 'fox')).toBe(false)
  expect(namesNick('hello', 'fox')).toBe(false)
  expect(namesNick('hello', '')).toBe(false)
})
