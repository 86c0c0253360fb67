// The registry by real requests. https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Need } from './exchange.ts'
import {
  clientOf,
  digestOf,
  IMAGE,
  INDEX,
  readLayout,
  said,
  startRegistry,
  type TestRegistry,
} from './registry.fixture.ts'

const seen = async (answer: Response) => [answer.status, (await said(answer)).errors[0]?.code]

async function begin({ send }: Pick<TestRegistry, 'send'>, repository = 'a') {
  const answer = await send('POST', `${repository}/blobs/uploads/`)
  expect([answer.status, answer.headers.get('range')]).toEqual([202, '0-0'])
  return answer.headers.get('location')?.slice('/v2/'.length) ?? ''
}

test('an image is pulled by tag and digest as it was pushed, and its layout is one that tools read', async () => {
  await using registry = await startRegistry()
  const layer = await registry.pushBlob('library/alpine', 'layer')
  const layers = [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: layer, size: 5 }]
  const digest = await registry.pushImage('library/alpine', 'latest', { layers })
  for (const reference of ['latest', digest]) {
    const answer = await registry.send('GET', `library/alpine/manifests/${reference}`)
    const text = await answer.text()
    expect(digestOf(text)).toBe(digest)
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': IMAGE,
      'content-length': String(text.length),
      'docker-content-digest': digest,
      etag: `"${digest}"`,
    })
    const head = await registry.send('HEAD', `library/alpine/manifests/${reference}`)
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([
      200,
      String(text.length),
      '',
    ])
  }
  const headers = { 'if-none-match': `"${digest}"` }
  const same = await registry.send('GET', 'library/alpine/manifests/latest', { headers })
  expect(same.status).toBe(304)
  expect(readLayout(join(registry.directory, 'library/alpine/_layout'))).toEqual({ latest: digest })
})

// https://www.rfc-editor.org/rfc/rfc9110#section-14.2
test.each([
  ['bytes=0-0', 206, '0', 'bytes 0-0/10'],
  ['bytes=8-', 206, '89', 'bytes 8-9/10'],
  ['bytes=-3', 206, '789', 'bytes 7-9/10'],
  ['bytes=-99', 206, '0123456789', 'bytes 0-9/10'],
  ['bytes=4-999999999999999', 206, '456789', 'bytes 4-9/10'],
  ['bytes=10-', 416, '', 'bytes */10'],
  ['bytes=5-2', 416, '', 'bytes */10'],
  ['bytes=-0', 416, '', 'bytes */10'],
  ['bytes=1-2,4-5', 200, '0123456789', null],
  ['bytes=-', 200, '0123456789', null],
  ['bytes=9999999999999999999999-', 200, '0123456789', null],
  ['lines=1-2', 200, '0123456789', null],
])('Range: %s of ten bytes is answered %i', async (range, status, content, contentRange) => {
  await using registry = await startRegistry()
  const digest = await registry.pushBlob('a', '0123456789')
  const answer = await registry.send('GET', `a/blobs/${digest}`, { headers: { range } })
  const body = await answer.text()
  expect([answer.status, status === 416 ? '' : body]).toEqual([status, content])
  expect(answer.headers.get('content-range')).toBe(contentRange)
})

test('a blob comes in chunks, in order, and its upload says how far it is', async () => {
  await using registry = await startRegistry()
  const path = await begin(registry)
  const patch = (range: string, body: string) =>
    registry.send('PATCH', path, { headers: { 'content-range': range }, body })
  expect((await patch('0-2', 'abc')).headers.get('range')).toBe('0-2')
  for (const [range, body] of [
    ['0-2', 'abc'],
    ['6-8', 'ghi'],
    ['nonsense', 'def'],
  ] as const) {
    const answer = await patch(range, body)
    expect([answer.status, answer.headers.get('range')]).toEqual([416, '0-2'])
    expect(answer.headers.get('location')).toBe(`/v2/${path}`)
  }
  const status = await registry.send('GET', path)
  expect([status.status, status.headers.get('range')]).toEqual([204, '0-2'])
  const stream = new Blob(['def']).stream()
  const streamed = await registry.send('PATCH', path, {
    body: stream,
    duplex: 'half',
  } as RequestInit)
  expect([streamed.status, streamed.headers.get('range')]).toEqual([202, '0-5'])
  const headers = { 'content-range': '6-7' }
  const query = `digest=${digestOf('abcdefgh')}`
  const end = await registry.send('PUT', `${path}?${query}`, { headers, body: 'gh' })
  expect(end.status).toBe(201)
  const blob = await registry.send('GET', `a/blobs/${digestOf('abcdefgh')}`)
  expect(await blob.text()).toBe('abcdefgh')
  expect((await registry.send('GET', path)).status).toBe(404)
})

test('an upload is cancelled, is unknown elsewhere, and is given up after a day', async () => {
  await using registry = await startRegistry()
  const path = await begin(registry)
  expect((await registry.send('GET', path.replace('a/', 'b/'))).status).toBe(404)
  expect((await registry.send('DELETE', path)).status).toBe(204)
  expect(await seen(await registry.send('PATCH', path, { body: 'x' }))).toEqual([
    404,
    'BLOB_UPLOAD_UNKNOWN',
  ])
  const other = await begin(registry)
  registry.clock.advance(25 * 60 * 60_000)
  await begin(registry)
  expect((await registry.send('GET', other)).status).toBe(404)
})

test('a thousand uploads that nobody goes on with keep the others out for minutes, not for a day', async () => {
  await using registry = await startRegistry()
  for (let count = 0; count < 1_000; count += 1) await begin(registry)
  const refused = await registry.send('POST', 'a/blobs/uploads/')
  expect(await seen(refused)).toEqual([429, 'TOOMANYREQUESTS'])
  registry.clock.advance(6 * 60_000)
  expect((await registry.send('POST', 'a/blobs/uploads/')).status).toBe(202)
})

test.each(['sha256', 'sha384', 'sha512'])('%s is verified', async (algorithm) => {
  await using registry = await startRegistry()
  for (const [said, status] of [
    ['other', 400],
    ['content', 201],
  ] as const) {
    const path = await begin(registry)
    const query = `digest=${digestOf(said, algorithm)}`
    const answer = await registry.send('PUT', `${path}?${query}`, { body: 'content' })
    expect(answer.status).toBe(status)
  }
  const wrong = await registry.send('GET', `a/blobs/${digestOf('other', algorithm)}`)
  expect(wrong.status).toBe(404)
})

test('a blob is mounted from where it may be pulled, and else has to be uploaded', async () => {
  const needs: Need[] = []
  const authorize = (_: string | undefined, need: Need) => {
    needs.push(need)
    return need.repository !== 'secret' || need.action === 'push'
  }
  await using registry = await startRegistry({ authorize })
  const secret = await registry.pushBlob('secret', 'secret')
  const open = await registry.pushBlob('open', 'open')
  const mount = async (query: string) =>
    (await registry.send('POST', `a/blobs/uploads/?${query}`)).status
  expect(await mount(`mount=${open}&from=open`)).toBe(201)
  expect(await mount(`mount=${open}`)).toBe(201)
  expect(needs).toContainEqual({ repository: 'open', action: 'pull' })
  expect(await mount(`mount=${secret}&from=secret`)).toBe(202)
  expect(await mount(`mount=${secret}`)).toBe(202)
  expect(await mount(`mount=${open}&from=missing`)).toBe(202)
  expect(await mount(`mount=${open}&from=../open`)).toBe(202)
  expect(await mount('mount=sha256:1&from=open')).toBe(400)
  expect((await registry.send('GET', `a/blobs/${secret}`)).status).toBe(404)
  expect(await (await registry.send('GET', `a/blobs/${open}`)).text()).toBe('open')
})

test('a manifest is refused while what it refers to is missing', async () => {
  await using registry = await startRegistry()
  const image = await registry.pushImage('a', 'v1')
  const descriptor = (digest: string) => ({ mediaType: IMAGE, digest, size: 1 })
  const index = (digest: string) => ({ schemaVersion: 2, manifests: [descriptor(digest)] })
  const missing = digestOf('missing')
  expect((await registry.putManifest('a', 'i', index(image), INDEX)).status).toBe(201)
  expect(await seen(await registry.putManifest('a', 'i', index(missing), INDEX))).toEqual([
    404,
    'MANIFEST_BLOB_UNKNOWN',
  ])
  const layer = { ...descriptor(missing), mediaType: 'application/vnd.oci.image.layer.v1.tar' }
  const config = descriptor(digestOf('{}'))
  const push = (layers: object[]) => registry.putManifest('a', 'v2', { config, layers })
  expect((await push([layer])).status).toBe(404)
  expect((await push([{ ...layer, urls: ['https://example.org/'] }])).status).toBe(201)
})

test.each([
  ['no JSON', 'x', IMAGE],
  ['no object', '[]', IMAGE],
  ['no layers', '{"config":{}}', IMAGE],
  ['no configuration', '{"layers":[]}', IMAGE],
  ['a digest that leads elsewhere', '{"manifests":[{"digest":"sha256:../../x"}]}', INDEX],
  ['a descriptor that is a number', '{"manifests":[1]}', INDEX],
  ['a bad subject', '{"subject":{"digest":"x"}}', 'application/x.other'],
  ['another type than it says', `{"mediaType":"${IMAGE}"}`, INDEX],
  ['no media type', '{}', 'nonsense'],
])('a manifest with %s is invalid', async (_, body, type) => {
  await using registry = await startRegistry()
  const answer = await registry.putManifest('a', 'v1', body, type)
  expect(await seen(answer)).toEqual([400, 'MANIFEST_INVALID'])
})

test('a manifest of any type is kept, with its digest verified, up to a size', async () => {
  await using registry = await startRegistry({ limits: { manifestBytes: 100 } })
  const body = '{"a":1}'
  const type = 'application/vnd.example.thing+json'
  expect((await registry.putManifest('a', digestOf(body, 'sha512'), body, type)).status).toBe(201)
  const answer = await registry.send('GET', `a/manifests/${digestOf(body, 'sha512')}`)
  expect([answer.headers.get('content-type'), await answer.text()]).toEqual([type, body])
  expect(await seen(await registry.putManifest('a', digestOf('x'), body, type))).toEqual([
    400,
    'DIGEST_INVALID',
  ])
  const long = JSON.stringify({ a: 'x'.repeat(100) })
  expect(await seen(await registry.putManifest('a', 'v', long, type))).toEqual([
    413,
    'SIZE_INVALID',
  ])
})

// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers
test('referrers are listed with the annotations of each, and filtered by type', async () => {
  await using registry = await startRegistry()
  const subject = digestOf('comes later')
  const fields = (artifactType: string) => ({
    artifactType,
    annotations: { its: artifactType },
    subject: { mediaType: IMAGE, digest: subject, size: 1 },
  })
  const one = await registry.pushImage('a', 'one', fields('application/one'))
  await registry.pushImage('a', 'two', fields('application/two'))
  const body = JSON.stringify({ ...fields('application/three') })
  const pushed = await registry.putManifest('a', 'three', body, 'application/x.other')
  expect(pushed.headers.get('oci-subject')).toBe(subject)
  const all = await registry.send('GET', `a/referrers/${subject}`)
  expect([all.headers.get('content-type'), all.headers.get('oci-filters-applied')]).toEqual([
    INDEX,
    null,
  ])
  expect((await said(all)).manifests).toHaveLength(3)
  const some = await registry.send('GET', `a/referrers/${subject}?artifactType=application/one`)
  expect(some.headers.get('oci-filters-applied')).toBe('artifactType')
  expect((await said(some)).manifests).toEqual([
    {
      mediaType: IMAGE,
      digest: one,
      size: expect.any(Number),
      artifactType: 'application/one',
      annotations: { its: 'application/one' },
    },
  ])
  await registry.send('DELETE', `a/manifests/${one}`)
  const left = await registry.send('GET', `a/referrers/${subject}`)
  expect((await said(left)).manifests).toHaveLength(2)
  const none = await registry.send('GET', `missing/referrers/${subject}`)
  expect(await said(none)).toEqual({ schemaVersion: 2, mediaType: INDEX, manifests: [] })
})

test('a tag is deleted by name and its manifest stays; by digest all of it goes, at once', async () => {
  await using registry = await startRegistry()
  const digest = await registry.pushImage('a', 'v1')
  const status = async (method: string, path: string) => (await registry.send(method, path)).status
  expect(await registry.pushImage('a', 'v2')).toBe(digest)
  expect(await status('DELETE', 'a/manifests/v1')).toBe(202)
  expect(await status('DELETE', 'a/manifests/v1')).toBe(404)
  expect(await status('HEAD', 'a/manifests/v2')).toBe(200)
  expect(await status('DELETE', 'a/manifests/v2')).toBe(202)
  expect(await status('HEAD', `a/manifests/${digest}`)).toBe(200)
  await registry.pushImage('a', 'v3')
  expect(await status('DELETE', `a/blobs/${digest}`)).toBe(403)
  expect(await status('DELETE', `a/manifests/${digest}`)).toBe(202)
  expect(await status('GET', 'a/manifests/v3')).toBe(404)
  expect(await status('GET', `a/blobs/${digest}`)).toBe(404)
  expect(await status('DELETE', `a/blobs/${digestOf('{}')}`)).toBe(202)
  expect(await status('HEAD', `a/blobs/${digestOf('{}')}`)).toBe(404)
  expect(readLayout(join(registry.directory, 'a/_layout'))).toEqual({})
})

test('tags and the catalog are sorted and come in pages', async () => {
  await using registry = await startRegistry()
  const json = async (path: string) => {
    const answer = await registry.send('GET', path)
    return [answer.headers.get('link'), await answer.json()]
  }
  for (const tag of ['b', 'C', 'a']) await registry.pushImage('x/y', tag)
  await registry.pushImage('x', 'a')
  await registry.pushImage('x/y/z', 'a')
  const tags = (...list: string[]) => ({ name: 'x/y', tags: list })
  expect(await json('x/y/tags/list')).toEqual([null, tags('C', 'a', 'b')])
  expect(await json('x/y/tags/list?n=2')).toEqual([
    '</v2/x/y/tags/list?n=2&last=a>; rel="next"',
    tags('C', 'a'),
  ])
  expect(await json('x/y/tags/list?n=2&last=a')).toEqual([null, tags('b')])
  expect(await json('x/y/tags/list?n=0')).toEqual([null, tags()])
  expect(await json('_catalog?n=2')).toEqual([
    '</v2/_catalog?n=2&last=x%2Fy>; rel="next"',
    { repositories: ['x', 'x/y'] },
  ])
  expect(await json('_catalog?last=x/y')).toEqual([null, { repositories: ['x/y/z'] }])
  expect((await registry.send('GET', '_catalog?n=-1')).status).toBe(400)
  expect(await seen(await registry.send('GET', 'missing/tags/list'))).toEqual([404, 'NAME_UNKNOWN'])
})

test('repositories that are called like the parts of a layout do not meet', async () => {
  await using registry = await startRegistry()
  const names = ['a', 'a/blobs', 'a/blobs/sha256', 'a/index.json', 'a/oci-layout', 'uploads']
  for (const name of names) await registry.pushImage(name, 'v1')
  const catalog = await registry.send('GET', '_catalog')
  expect((await said(catalog)).repositories).toEqual(names)
})

test('pushes at the same time lose no tag', async () => {
  await using registry = await startRegistry()
  const names = Array.from({ length: 40 }, (_, index) => `t${index}`)
  await Promise.all(names.map((name) => registry.pushImage('a', name, { annotations: { name } })))
  expect(Object.keys(readLayout(join(registry.directory, 'a/_layout'))).sort()).toEqual(
    names.sort(),
  )
})

test('a push by digest may bring tags', async () => {
  await using registry = await startRegistry()
  const path = `${digestOf('{}')}?tag=one&tag=two`
  const answer = await registry.putManifest('a', path, '{}', 'application/x.other')
  expect(answer.headers.get('oci-tag')).toBe('one, two')
  expect((await registry.send('HEAD', 'a/manifests/two')).status).toBe(200)
  const bad = await registry.putManifest('a', `${digestOf('{}')}?tag=../x`, '{}', 'a/b')
  expect(bad.status).toBe(400)
})

test('each request is asked about, by its method as Zot does, and refused in the form of the specification', async () => {
  const needs: unknown[] = []
  const authorize = (header: string | undefined, need: Need) => {
    needs.push([header, need.repository, need.action])
    return false
  }
  await using registry = await startRegistry({ authorize })
  const headers = { authorization: 'Bearer x' }
  for (const [method, path] of [
    ['GET', ''],
    ['HEAD', 'a/manifests/x'],
    ['PUT', 'a/manifests/x'],
    ['POST', 'a/b/blobs/uploads/'],
    ['PATCH', 'a/blobs/uploads/x'],
    ['DELETE', 'a/manifests/x'],
    ['GET', '_catalog'],
  ] as const) {
    const answer = await registry.send(method, path, { headers })
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
    if (method !== 'HEAD') expect((await said(answer)).errors[0]?.code).toBe('UNAUTHORIZED')
  }
  expect(needs).toEqual(
    [
      [undefined, 'pull'],
      ['a', 'pull'],
      ['a', 'push'],
      ['a/b', 'push'],
      ['a', 'push'],
      ['a', 'delete'],
      ['', 'pull'],
    ].map((need) => ['Bearer x', ...need]),
  )
  const failing = await startRegistry({ authorize: () => Promise.reject(new Error('secret')) })
  await using _ = failing
  const answer = await clientOf(failing.url).send('GET', '')
  expect([answer.status, await answer.text()]).toEqual([
    500,
    '{"errors":[{"code":"UNKNOWN","message":"The registry has failed."}]}',
  ])
})
