// https://www.rfc-editor.org/rfc/rfc9112
import { expect, test } from 'vitest'
import { BadUpstream, parseHead } from './head.ts'

const head = (...lines: string[]) => lines.join('\r\n')

test('names of headers are read whatever their case, and values without the space around them', () => {
  const { status, headers } = parseHead(head('HTTP/1.1 200 OK', 'ETag: \t "x" \t', 'X:'), 'GET')
  expect(status).toBe(200)
  expect([...headers]).toEqual([
    ['etag', '"x"'],
    ['x', ''],
  ])
})

test('a header that comes twice has both values (RFC 9110, 5.3)', () => {
  const { headers } = parseHead(head('HTTP/1.1 200', 'link: <a>', 'Link: <b>'), 'GET')
  expect(headers.get('link')).toBe('<a>, <b>')
})

// RFC 9112, 6.3
test.each([
  ['a length', 'GET', 200, ['content-length: 5'], { kind: 'length', bytes: 5 }],
  ['a length of nothing', 'GET', 200, ['content-length: 0'], { kind: 'length', bytes: 0 }],
  ['chunks', 'GET', 200, ['transfer-encoding: Chunked'], { kind: 'chunked' }],
  ['neither', 'GET', 200, [], { kind: 'close' }],
  ['the answer to HEAD', 'HEAD', 200, ['content-length: 5'], { kind: 'none' }],
  ['the answer to HEAD with chunks', 'HEAD', 200, ['transfer-encoding: chunked'], { kind: 'none' }],
  ['204', 'DELETE', 204, ['content-length: 5'], { kind: 'none' }],
  ['304', 'GET', 304, ['content-length: 5'], { kind: 'none' }],
  ['100', 'PUT', 100, [], { kind: 'none' }],
])('the body with %s', (_, method, status, headers, framing) => {
  expect(parseHead(head(`HTTP/1.1 ${status} x`, ...headers), method).framing).toEqual(framing)
})

// RFC 9112, 9.3
test.each([
  ['HTTP/1.1 200 OK', ['content-length: 0'], true],
  ['HTTP/1.1 200 OK', ['content-length: 0', 'Connection: Close'], false],
  ['HTTP/1.1 200 OK', ['content-length: 0', 'connection: x, close'], false],
  ['HTTP/1.1 200 OK', [], false],
  ['HTTP/1.0 200 OK', ['content-length: 0'], false],
  ['HTTP/1.0 200 OK', ['content-length: 0', 'connection: keep-alive'], true],
])('%s with %j keeps the connection: %s', (status, headers, isKept) => {
  expect(parseHead(head(status, ...headers), 'GET').isKeptAlive).toBe(isKept)
})

test.each([
  ['both a length and chunks', ['content-length: 5', 'transfer-encoding: chunked']],
  ['two lengths', ['content-length: 5', 'content-length: 6']],
  ['two lengths that are the same', ['content-length: 5', 'content-length: 5']],
  ['a length with a sign', ['content-length: +5']],
  ['a length in hex', ['content-length: 0x5']],
  ['a length with a space in it', ['content-length: 5 5']],
  ['no length in its header', ['content-length:']],
  ['a length beyond all numbers', ['content-length: 9999999999999999']],
  ['a coding besides chunks', ['transfer-encoding: gzip, chunked']],
  ['chunks twice', ['transfer-encoding: chunked', 'transfer-encoding: chunked']],
  ['a coding that only looks like chunks', ['transfer-encoding: xchunked']],
  ['a folded line (5.2)', ['x: a', ' b']],
  ['a space before the colon (5.1)', ['content-length : 5']],
  ['no colon', ['content-length']],
  ['no name', [': 5']],
  ['a bare LF', ['x: a\ncontent-length: 5']],
  ['a bare CR', ['x: a\rcontent-length: 5']],
  ['a NUL', ['x: a\0b']],
  ['another control character', ['x: a\u0001b']],
  ['too many headers', Array.from({ length: 201 }, (_, index) => `x${index}: 1`)],
])('refused: %s', (_, headers) => {
  expect(() => parseHead(head('HTTP/1.1 200 OK', ...headers), 'GET')).toThrow(BadUpstream)
})

test.each([
  '',
  'HTTP/1.1',
  'HTTP/1.1 20',
  'HTTP/1.1 2000',
  'HTTP/2 200',
  'HTTP/1.2 200',
  ' HTTP/1.1 200',
  'GET / HTTP/1.1',
])('refused: the status line “%s”', (line) => {
  expect(() => parseHead(head(line, 'content-length: 0'), 'GET')).toThrow(BadUpstream)
})

test('refused: chunks of an upstream that speaks HTTP/1.0 (RFC 9112, 6.1)', () => {
  const text = head('HTTP/1.0 200 OK', 'transfer-encoding: chunked')
  expect(() => parseHead(text, 'GET')).toThrow(BadUpstream)
})
