// What clients see of an upstream that fails, and what an upstream sees of clients that go away.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import {
  type RawRequest,
  type RawUpstream,
  startRawUpstream,
} from '../../../services/registry/pass/raw-upstream.fixture.ts'
import { openSocket } from '../../support/raw-socket.ts'
import { digestOf, manifest, pushManifest } from '../../support/registry-image.ts'
import { basic, type RegistryProcess, startRegistry } from '../../support/registry-process.ts'
import { waitFor } from '../../support/wait-for.ts'

const BLOB = `/v2/a/blobs/${digestOf('x')}`
const POLICY = `rules:
  - {who: owner, repositories: "**", allow: [pull, push, overwrite, delete, catalog, admin]}
immutable:
  - {repositories: "**", tags: "v*"}
`

let raw: RawUpstream
let registry: RegistryProcess
let token: string
let answer: (request: RawRequest) => void

beforeAll(async () => {
  raw = await startRawUpstream((request) => answer(request))
  registry = await startRegistry({
    policy: POLICY,
    env: { FUCHSBAU_REGISTRY_UPSTREAM: raw.url, FUCHSBAU_REGISTRY_TOKEN_LIFETIME: '1h' },
  })
  token = await registry.token(registry.owner, 'repository:a:*', 'registry:catalog:*')
})

afterAll(async () => {
  await registry[Symbol.asyncDispose]()
  await raw[Symbol.asyncDispose]()
})

beforeEach(() => {
  answer = says('200 OK', 'ok')
})

/** Answers everything so. */
const says =
  (status: string, body = '', headers = '') =>
  ({ head, socket }: RawRequest) =>
    socket.write(
      `HTTP/1.1 ${status}\r\ncontent-length: ${body.length}\r\n${headers}\r\n${head.startsWith('HEAD') ? '' : body}`,
    )

const get = (path: string, method = 'GET') => registry.request(path, { method, as: token })

test('a body that breaks off breaks off for the client, too', async () => {
  answer = ({ socket }) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\nhello')
  await expect((await get(BLOB)).text()).rejects.toThrow()
  answer = ({ socket }) =>
    socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n')
  await expect((await get(BLOB)).text()).rejects.toThrow()
})

test('who may not is not given what is remembered', async () => {
  const body = manifest('remembered')
  answer = says('200 OK', body)
  const path = `/v2/a/manifests/${digestOf(body)}`
  expect((await get(path)).status).toBe(200)
  expect((await registry.request(path)).status).toBe(401)
})

test('a manifest that breaks off is answered 502', async () => {
  answer = ({ socket }) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{')
  expect((await get('/v2/a/manifests/latest')).status).toBe(502)
})

test('what people uploaded cannot act as a page of ours', async () => {
  answer = says('200 OK', '<script>1</script>', 'content-type: text/html\r\nset-cookie: a=b\r\n')
  const { headers } = await get(BLOB)
  expect(headers.get('content-security-policy')).toBe("default-src 'none'; sandbox")
  expect(headers.get('x-content-type-options')).toBe('nosniff')
  expect(headers.get('set-cookie')).toBeNull()
})

test.each([
  ['an error of its own', '500 Oops', 'panic: at /srv/zot', 500, 'UNKNOWN'],
  ['a page for an error', '404 Not Found', '<html>zot</html>', 404, 'BLOB_UNKNOWN'],
  ['errors of another form', '404 Not Found', '{"errors":[null]}', 404, 'BLOB_UNKNOWN'],
  ['an error that is too long', '404 Not Found', 'x'.repeat(100_000), 502, 'UNAVAILABLE'],
  ['that our token is not good', '401 x', 'realm', 502, 'UNAVAILABLE'],
  ['that we may not', '403 x', 'realm', 502, 'UNAVAILABLE'],
  ['something that is no HTTP', '200', 'x', 200, undefined],
])(
  'when it says %s, clients are told no more than they need',
  async (_, status, body, expected, code) => {
    answer = says(status, body)
    const response = await get(BLOB)
    expect(response.status).toBe(expected)
    if (code === undefined) return
    const text = await response.text()
    expect(JSON.parse(text)).toHaveProperty('errors.0.code', code)
    expect(text).not.toMatch(/zot|srv|realm/)
  },
)

test('an error in the form of the specification is passed on as it is', async () => {
  const body = JSON.stringify({ errors: [{ code: 'BLOB_UNKNOWN', message: 'no', detail: 1 }] })
  answer = says('404 Not Found', body)
  const response = await get(BLOB)
  expect([response.status, await response.text()]).toEqual([404, body])
})

test('clients are not sent elsewhere', async () => {
  answer = says('307 Temporary Redirect', '', 'location: https://storage.test/x\r\n')
  expect((await get(BLOB)).status).toBe(502)
})

test('what cannot be understood is a 5xx of the upstream, and of nothing else', async () => {
  answer = ({ socket }) =>
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\nx')
  expect((await get(BLOB)).status).toBe(503)
  answer = says('200 OK', '<html>')
  expect((await get('/v2/_catalog')).status).toBe(502)
  for (const odd of ['null', '[]', '{"repositories":null}', '{"repositories":[1,"A","../x"]}']) {
    answer = says('200 OK', odd)
    expect(await (await get('/v2/_catalog')).json()).toEqual({ repositories: [] })
  }
})

test('while it does not say what a tag names, the tag is not touched', async () => {
  for (const status of ['200 OK', '500 Oops', '302 Found']) {
    answer = says(status)
    const response = await pushManifest(registry, token, 'a', 'v1', manifest('x'))
    expect(response.status).toBeGreaterThanOrEqual(500)
  }
  expect(raw.received.join('')).not.toContain('PUT ')
})

test('a manifest is not deleted by its digest before all its tags were looked at', async () => {
  const digest = digestOf('x')
  answer = ({ head, socket }) => {
    const last = /last=(\w+)/.exec(head)?.[1]
    if (head.includes('/manifests/')) {
      says('200 OK', '{}', `docker-content-digest: ${digest}\r\n`)({ head, socket, connection: 0 })
    } else if (last === undefined) {
      const more = 'link: </v2/a/tags/list?last=b>; rel="next"\r\n'
      says('200 OK', '{"tags":["a","b"]}', more)({ head, socket, connection: 0 })
    } else says('200 OK', '{"tags":["v1"]}')({ head, socket, connection: 0 })
  }
  const response = await get(`/v2/a/manifests/${digest}`, 'DELETE')
  expect(response.status).toBe(403)
  expect(raw.received.join('')).not.toContain('DELETE ')
  answer = says('500 Oops')
  expect((await get(`/v2/a/manifests/${digest}`, 'DELETE')).status).toBe(503)
  expect(raw.received.join('')).not.toContain('DELETE ')
})

test('a manifest that is too large is answered, and the client gets to the answer', async () => {
  const response = await pushManifest(registry, token, 'a', 'x', 'x'.repeat(5 * 1024 * 1024))
  expect(response.status).toBe(413)
  expect(await response.json()).toHaveProperty('errors.0.code', 'SIZE_INVALID')
})

test('behind a manifest that is too large the connection goes on with the next request', async () => {
  const socket = await openSocket(registry.url)
  let heard = ''
  socket.on('data', (bytes: Buffer) => {
    heard += bytes.toString('latin1')
  })
  const bearer = `host: x\r\nauthorization: Bearer ${token}\r\n`
  const size = 5 * 1024 * 1024
  socket.write(`PUT /v2/a/manifests/x HTTP/1.1\r\n${bearer}content-length: ${size}\r\n\r\n`)
  socket.write(Buffer.alloc(size - 100_000))
  await waitFor(() => heard.includes('SIZE_INVALID'), { what: 'the refusal' })
  socket.write(Buffer.alloc(100_000))
  socket.write(`GET ${BLOB} HTTP/1.1\r\n${bearer}\r\n`)
  await waitFor(() => heard.endsWith('ok'), { what: 'the next answer' })
  socket.destroy()
  expect(heard).toMatch(/^HTTP\/1\.1 413 .*HTTP\/1\.1 200 /s)
})

/** Connections to the upstream that are in use: an answer is awaited on them. */
async function expectFreed() {
  await waitFor(() => raw.open() === 0, {
    what: 'the connections to be freed',
    context: registry.log,
  })
  expect(raw.open()).toBe(0)
}

test('a client that goes while its password is checked leaves nothing behind', async () => {
  const before = raw.connections
  answer = () => undefined
  for (let count = 0; count < 3; count += 1) {
    const socket = await openSocket(registry.url)
    const head = `GET ${BLOB} HTTP/1.1\r\nhost: x\r\nauthorization: ${basic(registry.owner)}\r\n\r\n`
    await new Promise((sent) => socket.write(head, sent))
    socket.resetAndDestroy()
  }
  answer = says('200 OK', 'ok')
  await get(BLOB)
  expect(raw.connections - before).toBeLessThanOrEqual(4)
  await waitFor(() => raw.open() <= 1, { what: 'the connections to be freed' })
})

test('a client that goes within an answer, or within an upload, frees the connection', async () => {
  answer = ({ socket }) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n')
    socket.write(Buffer.alloc(1_000_000))
  }
  const download = await openSocket(registry.url)
  const bearer = `host: x\r\nauthorization: Bearer ${token}\r\n`
  download.write(`GET ${BLOB} HTTP/1.1\r\n${bearer}\r\n`)
  await new Promise((first) => download.once('data', first))
  download.destroy()
  await expectFreed()
  answer = () => undefined
  const upload = await openSocket(registry.url)
  upload.write(`POST /v2/a/blobs/uploads/ HTTP/1.1\r\n${bearer}content-length: 1000000\r\n\r\nhalf`)
  await waitFor(() => raw.received.some((each) => each.endsWith('half')), {
    what: 'half of it to arrive',
  })
  upload.destroy()
  await expectFreed()
})

test('the upstream that is gone: 503, with when to come again', async () => {
  await using gone = await startRegistry({
    env: { FUCHSBAU_REGISTRY_UPSTREAM: 'http://127.0.0.1:9' },
  })
  const response = await gone.request(BLOB, { as: gone.owner })
  expect(response.status).toBe(503)
  expect(response.headers.get('retry-after')).toBe('5')
  expect(await response.json()).toHaveProperty('errors.0.code', 'UNAVAILABLE')
})

test('an upstream that does not verify our tokens gets our credential, and never one of a client', async () => {
  await using plain = await startRegistry({
    env: {
      FUCHSBAU_REGISTRY_UPSTREAM: raw.url,
      FUCHSBAU_REGISTRY_UPSTREAM_BEARER: 'false',
      FUCHSBAU_REGISTRY_UPSTREAM_USER: 'fuchsbau',
      FUCHSBAU_REGISTRY_UPSTREAM_PASSWORD: 'of the service',
    },
  })
  const before = raw.received.join('').length
  const own = await plain.token(plain.owner, 'repository:a:pull')
  for (const as of [own, plain.owner]) expect((await plain.request(BLOB, { as })).status).toBe(200)
  const seen = raw.received
    .join('')
    .slice(before)
    .match(/authorization: .*/g)
  const expected = `authorization: ${basic({ name: 'fuchsbau', secret: 'of the service' })}`
  expect(new Set(seen)).toEqual(new Set([expected]))
})

test.each([
  ['GET', 'pull'],
  ['HEAD', 'pull'],
  ['POST', 'push'],
])('of an extension the upstream gets a token for %s alone: %s', async (method, action) => {
  let head = ''
  answer = (request) => {
    ;({ head } = request)
    says('200 OK', '{}')(request)
  }
  expect((await get('/v2/_zot/ext/search', method)).status).toBe(200)
  const claims = Buffer.from(/Bearer [\w-]+\.([\w-]+)/.exec(head)?.[1] ?? '', 'base64url')
  expect(JSON.parse(claims.toString()).access).toEqual([
    { type: 'repository', name: '', actions: [action] },
  ])
})

test('a manifest by its digest: the upstream is asked once in a burst, and at once after a change', async () => {
  const body = manifest('cached')
  const path = `/v2/a/manifests/${digestOf(body)}`
  const type = 'content-type: application/vnd.oci.image.manifest.v1+json\r\n'
  const digest = `docker-content-digest: ${digestOf(body)}\r\n`
  const asked = () => raw.received.join('').split(`GET ${path} `).length - 1
  answer = says('200 OK', body, `${type}${digest}`)
  const first = await get(path)
  const before = asked()
  const again = await get(path)
  expect(await again.text()).toBe(body)
  expect(await first.text()).toBe(body)
  const headersOf = ({ headers }: Response) =>
    [...headers].filter(([name]) => name !== 'date').toSorted()
  expect(headersOf(again)).toEqual(headersOf(first))
  expect(again.headers.get('docker-content-digest')).toBe(digestOf(body))
  // A second may pass between the two.
  expect(asked() - before).toBeLessThanOrEqual(1)
  answer = (request) =>
    says(request.head.startsWith('DELETE') ? '202 Accepted' : '404 Not Found')(request)
  expect((await get(path, 'DELETE')).status).toBe(202)
  expect((await get(path)).status).toBe(404)
})

test('no token and no password is in the log', () => {
  expect(registry.log()).not.toMatch(/eyJ|Basic |correct horse/)
})
