import { describe, expect, test } from 'vitest'
import { random } from './random.fixture.ts'
import { formatServerTime, parseServerTime } from './server-time.ts'

describe('server-time (https://ircv3.net/specs/extensions/server-time)', () => {
  test.each([
    ['1970-01-01T00:00:00.000Z', 0],
    ['2011-10-19T16:40:51.620Z', 1_319_042_451_620],
    ['2024-02-29T23:59:59.007Z', 1_709_251_199_007],
    ['9999-12-31T23:59:59.999Z', 253_402_300_799_999],
  ])('%s is %i ms', (text, ms) => {
    expect(parseServerTime(text)).toBe(ms)
    expect(formatServerTime(ms)).toBe(text)
  })

  test('the leap second of its example is the first second of the next day', () => {
    expect(parseServerTime('2012-06-30T23:59:60.419Z')).toBe(
      parseServerTime('2012-07-01T00:00:00.419Z'),
    )
  })

  test.each([
    '',
    '2011-10-19T16:40:51Z',
    '2011-10-19T16:40:51.62Z',
    '2011-10-19 16:40:51.620Z',
    '2011-10-19T16:40:51.620',
    '2011-10-19T16:40:51.620+00:00',
    '2011-10-19T16:40:51.620Z\n',
    '2011-02-29T00:00:00.000Z',
    '2100-02-29T00:00:00.000Z',
    '2011-04-31T00:00:00.000Z',
    '2011-13-01T00:00:00.000Z',
    '2011-00-01T00:00:00.000Z',
    '2011-01-00T00:00:00.000Z',
    '2011-01-01T24:00:00.000Z',
    '2011-01-01T00:60:00.000Z',
    '2011-01-01T00:00:61.000Z',
    '1969-12-31T23:59:59.999Z',
  ])('%j is no time', (text) => {
    expect(parseServerTime(text)).toBeUndefined()
  })

  test.each([
    [Number.NaN, '1970-01-01T00:00:00.000Z'],
    [-1, '1970-01-01T00:00:00.000Z'],
    [Number.POSITIVE_INFINITY, '9999-12-31T23:59:59.999Z'],
    [1.9, '1970-01-01T00:00:00.001Z'],
  ])('%d ms, outside of the form, are put at its nearer end', (ms, text) => {
    expect(formatServerTime(ms)).toBe(text)
  })

  test('random times are read back, and written as Date writes them', () => {
    const chance = random(5)
    for (let round = 0; round < 5_000; round++) {
      const ms = chance.number(4_000_000) * 1_000_000 + chance.number(1_000_000)
      expect(formatServerTime(ms)).toBe(new Date(ms).toISOString())
      expect(parseServerTime(formatServerTime(ms))).toBe(ms)
    }
  })
})
