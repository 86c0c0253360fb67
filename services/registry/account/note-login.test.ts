import { expect, test } from 'vitest'
import { ToldUses } from './note-login.ts'

const HOUR = 3_600_000

test('a use is told once an hour, and however many there are, the memory is bounded', () => {
  const told = new ToldUses()
  expect(told.isNew('ci from here', 0)).toBe(true)
  expect(told.isNew('ci from here', HOUR - 1)).toBe(false)
  expect(told.isNew('ci from there', HOUR - 1)).toBe(true)
  expect(told.isNew('ci from here', HOUR)).toBe(true)
  expect(told.isNew('ci from here', HOUR + 1)).toBe(false)
  // Beyond 10,000 the oldest is forgotten: it is told once more.
  for (let count = 0; count < 9_999; count += 1) told.isNew(`robot ${count}`, HOUR + 2)
  expect(told.isNew('ci from here', HOUR + 3)).toBe(false)
  told.isNew('one more', HOUR + 3)
  expect(told.isNew('ci from here', HOUR + 4)).toBe(true)
})
