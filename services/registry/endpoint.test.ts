// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#endpoints
import { describe, expect, test } from 'vitest'
import { endpointOf } from './endpoint.ts'
import { OciError } from './errors.ts'

const digest = `sha256:${'0'.repeat(64)}`
const byDigest = { kind: 'digest', digest }
const latest = { kind: 'tag', tag: 'latest' }

test.each([
  ['GET', '/v2/', { kind: 'base' }],
  ['GET', '/v2', { kind: 'base' }],
  ['GET', '/v2/_catalog', { kind: 'catalog' }],
  ['GET', '/v2/a/b/tags/list', { kind: 'tags', repository: 'a/b' }],
  ['GET', '/v2/a/manifests/latest', { kind: 'manifest', repository: 'a', reference: latest }],
  ['PUT', `/v2/a/manifests/${digest}`, { kind: 'manifest', repository: 'a', reference: byDigest }],
  [
    'HEAD',
    `/v2/a/manifests/${digest.replace(':', '%3A')}`,
    { kind: 'manifest', repository: 'a', reference: byDigest },
  ],
  ['DELETE', `/v2/a/blobs/${digest}`, { kind: 'blob', repository: 'a', digest }],
  ['POST', '/v2/a/blobs/uploads/', { kind: 'uploads', repository: 'a' }],
  ['POST', '/v2/a/blobs/uploads', { kind: 'uploads', repository: 'a' }],
  ['PATCH', '/v2/a/b/blobs/uploads/x-1', { kind: 'upload', repository: 'a/b', id: 'x-1' }],
  ['GET', `/v2/a/referrers/${digest}`, { kind: 'referrers', repository: 'a', digest }],
  ['GET', '/v2/_zot/ext/search', { kind: 'extension', path: '_zot/ext/search' }],
  [
    'GET',
    '/v2/manifests/manifests/latest',
    { kind: 'manifest', repository: 'manifests', reference: latest },
  ],
  ['GET', '/v2/tags/list/tags/list', { kind: 'tags', repository: 'tags/list' }],
])('%s %s', (method, path, endpoint) => {
  expect(endpointOf(method, path)).toEqual(endpoint)
})

function failureOf(method: string, path: string): Pick<OciError, 'code' | 'status'> | undefined {
  try {
    endpointOf(method, path)
  } catch (error) {
    if (error instanceof OciError) return { code: error.code, status: error.status }
    throw error
  }
  return
}

describe('what is refused', () => {
  test.each([
    ['GET', '/v2/a', 'NAME_UNKNOWN', 404],
    ['GET', '/v1/', 'NAME_UNKNOWN', 404],
    ['GET', '/v2/_zot/../x', 'NAME_UNKNOWN', 404],
    ['GET', '/v2/_zot//x', 'NAME_UNKNOWN', 404],
    ['GET', '/v2/_zot', 'NAME_UNKNOWN', 404],
    ['GET', '/v2/_zot/', 'NAME_UNKNOWN', 404],
    ['GET', '/v2/__proto__', 'NAME_UNKNOWN', 404],
    ['GET', '/v2/_zot/%2e%2e/x', 'NAME_UNKNOWN', 404],
    ['GET', '/v2/../a/tags/list', 'NAME_INVALID', 400],
    ['GET', '/v2/a%2f..%2fb/tags/list', 'NAME_INVALID', 400],
    ['GET', '/v2//tags/list', 'NAME_INVALID', 400],
    ['GET', '/v2/A/tags/list', 'NAME_INVALID', 400],
    ['GET', '/v2/a/manifests/.x', 'MANIFEST_UNKNOWN', 404],
    ['PUT', '/v2/a/manifests/.x', 'MANIFEST_INVALID', 400],
    ['PUT', '/v2/a/manifests/sha256:0', 'DIGEST_INVALID', 400],
    ['GET', '/v2/a/blobs/sha256:0', 'DIGEST_INVALID', 400],
    ['PATCH', '/v2/a/blobs/uploads/..%2f', 'BLOB_UPLOAD_UNKNOWN', 404],
    ['PATCH', '/v2/a/blobs/uploads/', 'UNSUPPORTED', 405],
    ['POST', '/v2/a/manifests/latest', 'UNSUPPORTED', 405],
    ['BREW', '/v2/', 'UNSUPPORTED', 405],
  ])('%s %s: %s', (method, path, code, status) => {
    expect(failureOf(method, path)).toEqual({ code, status })
  })
})
