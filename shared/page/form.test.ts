import type { FastifyRequest } from 'fastify'
import { expect, test } from 'vitest'
import { numberOf, queryTextOf } from './form.ts'

test.each([
  ['1', 1],
  ['123456789012345', 123_456_789_012_345],
  ['1234567890123456', 0],
  ['0', 0],
  ['01', 0],
  ['-1', 0],
  ['1e3', 0],
  ['1 ', 0],
  ['', 0],
  [null, 0],
  [undefined, 0],
])('the number of a row in %j is %d', (text, number) => {
  expect(numberOf(text)).toBe(number)
})

test.each([
  ['/back?code=a?b&state=c', 'code=a?b&state=c'],
  ['/back?', ''],
  ['/back', ''],
])('the query of %s is %j', (url, query) => {
  expect(queryTextOf({ url } as FastifyRequest)).toBe(query)
})
