import { expect, test } from 'vitest'
import { parseJson } from './json.ts'

function nested(depth: number, open = '[', close = ']', inner = '') {
  return Buffer.from(open.repeat(depth) + inner + close.repeat(depth))
}

test('64 levels are parsed and 65 are not', () => {
  expect(parseJson(nested(64)).ok).toBe(true)
  expect(parseJson(nested(65)).ok).toBe(false)
  expect(parseJson(nested(64, '{"a":', '}', '1')).ok).toBe(true)
  expect(parseJson(nested(65, '{"a":', '}', '1')).ok).toBe(false)
  expect(parseJson(nested(33, '[{"a":', '}]', '1')).ok).toBe(false)
})

test('a million brackets are refused before they are parsed', () => {
  const bytes = nested(1_000_000)
  expect(parseJson(bytes).ok).toBe(false)
  expect(parseJson(bytes.subarray(0, 1_000_000)).ok).toBe(false)
})

test('brackets in strings do not count, whatever is escaped around them', () => {
  const values = ['['.repeat(100), '"'.repeat(100), '\\"['.repeat(100), `\\${'{'.repeat(100)}`]
  for (const value of values) {
    const parsed = parseJson(Buffer.from(JSON.stringify({ [value]: value })))
    expect(parsed).toEqual({ ok: true, value: { [value]: value } })
  }
})

test('brackets after a string that ends in a backslash count', () => {
  const bytes = Buffer.from(`["\\\\",${'['.repeat(64)}${']'.repeat(64)}]`)
  expect(parseJson(bytes).ok).toBe(false)
})

test.each(['', '{', '"unended', '\\"', '{"a":1}}', 'nul', '\u{feff}{}', "{'a':1}"])(
  '%s is not JSON',
  (text) => {
    expect(parseJson(Buffer.from(text)).ok).toBe(false)
  },
)
