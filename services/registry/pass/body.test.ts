// https://www.rfc-editor.org/rfc/rfc9112#section-7.1
import { expect, test } from 'vitest'
import { bodyReader } from './body.ts'
import { BadUpstream, type Framing } from './head.ts'

/** What is read of a text that comes in these parts: the body, and where the last part goes on behind it. */
function read(framing: Framing, parts: readonly string[]) {
  const reader = bodyReader(framing)
  let body = ''
  let end: number | undefined
  for (const part of parts) {
    end = reader.read(Buffer.from(part, 'latin1'), (bytes) => {
      expect(bytes.length).toBeGreaterThan(0)
      body += bytes.toString('latin1')
    })
  }
  return { body, end }
}

const chunked: Framing = { kind: 'chunked' }
const whole = '5;name="x y"\r\nhello\r\n00a \t\r\n, you\r\nall\r\n0;last\r\ntrailer: 1\r\n\r\n'
const said = 'hello, you\r\nall'

test('chunks with extensions and a trailer', () => {
  expect(read(chunked, [whole])).toEqual({ body: said, end: whole.length })
})

test('chunks that come in two parts, cut at every byte', () => {
  for (let at = 1; at < whole.length; at += 1) {
    const { body, end } = read(chunked, [whole.slice(0, at), whole.slice(at)])
    expect([at, body, end]).toEqual([at, said, whole.length - at])
  }
})

test('chunks that come byte by byte', () => {
  expect(read(chunked, [...whole])).toEqual({ body: said, end: 1 })
})

test('what comes behind the body is not part of it', () => {
  expect(read(chunked, [`${whole}HTTP/1.1 200 OK`])).toEqual({ body: said, end: whole.length })
  expect(read({ kind: 'length', bytes: 3 }, ['abcdef'])).toEqual({ body: 'abc', end: 3 })
})

test('a body of some length, cut at every byte', () => {
  const framing: Framing = { kind: 'length', bytes: 5 }
  for (let at = 1; at < 5; at += 1) {
    expect(read(framing, ['hello'.slice(0, at), 'hello'.slice(at)])).toEqual({
      body: 'hello',
      end: 5 - at,
    })
  }
})

test('no body ends before its first byte', () => {
  expect(read({ kind: 'none' }, ['x'])).toEqual({ body: '', end: 0 })
  expect(read({ kind: 'length', bytes: 0 }, ['x'])).toEqual({ body: '', end: 0 })
})

test('a body until the connection ends takes everything', () => {
  const reader = bodyReader({ kind: 'close' })
  expect(reader.endsByClose).toBe(true)
  expect(read({ kind: 'close' }, ['a', 'b'])).toEqual({ body: 'ab', end: undefined })
})

test.each([
  ['no size', '\r\nhello'],
  ['a size with a sign', '-5\r\nhello\r\n0\r\n\r\n'],
  ['a size in hex with its sign', '0x5\r\nhello\r\n0\r\n\r\n'],
  ['a space before the size', ' 5\r\nhello\r\n0\r\n\r\n'],
  ['a size beyond all numbers', 'fffffffffffff\r\nhello'],
  ['words behind the size', '5 5\r\nhello\r\n0\r\n\r\n'],
  ['a bare LF behind the size', '5\nhello\r\n0\r\n\r\n'],
  ['a bare CR in the extension', '5;x\ry\r\nhello\r\n0\r\n\r\n'],
  ['a chunk that is longer than its size', '4\r\nhello\r\n0\r\n\r\n'],
  ['a bare LF behind a chunk', '5\r\nhello\n0\r\n\r\n'],
  ['a size line without end', `5;${'x'.repeat(2000)}`],
  ['a trailer without end', `0\r\n${'x'.repeat(2000)}`],
  ['too many trailers', `0\r\n${'x: 1\r\n'.repeat(200)}\r\n`],
])('refused: %s', (_, text) => {
  expect(() => read(chunked, [text])).toThrow(BadUpstream)
  expect(() => read(chunked, [...text])).toThrow(BadUpstream)
})
