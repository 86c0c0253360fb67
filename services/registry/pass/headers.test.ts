import { expect, test } from 'vitest'
import { pathOf, toClient, toUpstream } from './headers.ts'

test('to the upstream goes what it needs, and nothing of who asks', () => {
  expect(
    toUpstream({
      accept: 'a, b',
      range: 'bytes=0-1',
      'content-type': 'x/y',
      authorization: 'Basic x',
      cookie: 'session=x',
      host: 'oci.test',
      expect: '100-continue',
      connection: 'keep-alive',
      'transfer-encoding': 'chunked',
      'x-forwarded-for': '192.0.2.1',
      'proxy-authorization': 'x',
    }),
  ).toEqual({ accept: 'a, b', range: 'bytes=0-1', 'content-type': 'x/y' })
})

test('to the client goes what belongs to the answer, and what people uploaded cannot act as a page', () => {
  const headers = new Map([
    ['content-type', 'text/html'],
    ['content-length', '5'],
    ['docker-content-digest', 'sha256:x'],
    ['set-cookie', 'session=x'],
    ['access-control-allow-origin', '*'],
    ['content-security-policy', 'script-src *'],
    ['x-content-type-options', 'sniff'],
    ['server', 'zot'],
    ['www-authenticate', 'Bearer realm="http://zot"'],
    ['connection', 'close'],
  ])
  expect(toClient(headers, () => undefined)).toEqual({
    'content-type': 'text/html',
    'content-length': '5',
    'docker-content-digest': 'sha256:x',
    'docker-distribution-api-version': 'registry/2.0',
    'content-security-policy': "default-src 'none'; sandbox",
    'x-content-type-options': 'nosniff',
  })
})

test.each([
  ['/v2/a/blobs/uploads/1?_state=x', '', '/v2/a/blobs/uploads/1?_state=x'],
  ['http://zot:5000/v2/a/blobs/x', '', '/v2/a/blobs/x'],
  ['//elsewhere.test/v2/a/blobs/x', '', '/v2/a/blobs/x'],
  ['http://zot:5000/behind/v2/a/blobs/x', '/behind', '/v2/a/blobs/x'],
  ['http://zot:5000/v2/a/blobs/x', '/behind', undefined],
  ['https://storage.test/bucket/x', '', undefined],
  ['/v2/../admin', '', undefined],
  ['http://[', '', undefined],
])('the address %s of the upstream below “%s” is ours as %s', (location, prefix, ours) => {
  expect(pathOf(location, prefix)).toBe(ours)
})

test.each([
  ['</v2/a/tags/list?n=1&last=x>; rel="next"', '</v2/a/tags/list?n=1&last=x>; rel="next"'],
  ['<http://zot/v2/a/tags/list?n=1>; rel=next', '</v2/a/tags/list?n=1>; rel="next"'],
  ['<https://elsewhere.test/x>; rel="next"', undefined],
  ['</v2/a>; rel="stylesheet"', undefined],
])('the link %s becomes %s', (link, ours) => {
  expect(toClient(new Map([['link', link]]), (location) => pathOf(location))['link']).toBe(ours)
})
