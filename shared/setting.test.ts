import { describe, expect, test } from 'vitest'
import {
  address,
  boolean,
  bytes,
  choice,
  duration,
  integer,
  list,
  type Setting,
  string,
  url,
} from './setting.ts'

const about = 'A test.'
const kinds: Record<string, Setting> = {
  address: address({ about }),
  boolean: boolean({ about }),
  bytes: bytes({ about, min: '1KiB', max: '1GiB' }),
  choice: choice(['a', 'b'], { about }),
  duration: duration({ about, max: '30d' }),
  integer: integer({ about, min: 1, max: 64 }),
  list: list({ about }),
  string: string({ about, pattern: /^[a-z]+$/, hint: 'letters' }),
  url: url({ about }),
}

describe('a setting takes', () => {
  test.each([
    ['address', '127.0.0.1:3000', { host: '127.0.0.1', port: 3000 }],
    ['address', '[::1]:0', { host: '::1', port: 0 }],
    ['address', 'localhost:65535', { host: 'localhost', port: 65_535 }],
    ['boolean', 'true', true],
    ['boolean', 'false', false],
    ['bytes', '20MiB', 20 * 1024 * 1024],
    ['bytes', '1024B', 1024],
    ['choice', 'b', 'b'],
    ['duration', '250ms', 250],
    ['duration', '30d', 30 * 86_400_000],
    ['integer', '64', 64],
    ['list', 'one, two,,three ', ['one', 'two', 'three']],
    ['list', '', []],
    ['string', 'abc', 'abc'],
    ['url', 'https://example.org/', 'https://example.org'],
    ['url', 'HTTPS://Example.org/social', 'https://example.org/social'],
    ['url', 'http://localhost:3000', 'http://localhost:3000'],
  ])('%s %j', (kind, text, value) => {
    expect(kinds[kind]?.parse(text)).toEqual({ ok: true, value })
  })
})

describe('a setting refuses', () => {
  test.each([
    ['address', '3000', 'host:port'],
    ['address', ':3000', 'host:port'],
    ['address', '127.0.0.1:70000', '65535'],
    ['address', '::1:3000', 'host:port'],
    ['boolean', 'yes', 'true or false'],
    ['bytes', '20MB', 'a size like'],
    ['bytes', '2GiB', 'from 1KiB to 1GiB'],
    ['bytes', '12', 'a size like'],
    ['choice', 'c', 'one of a, b'],
    ['duration', '31d', 'from 0ms to 30d'],
    ['duration', '1 h', 'a time like'],
    ['duration', '5constructor', 'a time like'],
    ['integer', '0', 'from 1 to 64'],
    ['integer', '1.5', 'a whole number'],
    ['integer', '', 'a whole number'],
    ['string', 'ABC', 'letters'],
    ['url', 'example.org', 'https://'],
    ['url', 'ftp://example.org', 'https://'],
    ['url', 'https://me@example.org', 'without user'],
    ['url', 'https://example.org/?q', 'without user'],
  ])('%s %j', (kind, text, expected) => {
    expect(kinds[kind]?.parse(text)).toEqual({
      ok: false,
      expected: expect.stringContaining(expected),
    })
  })
})
