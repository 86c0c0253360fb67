// Who falls silent, on either side, does not keep a connection: with the deadlines of the service, only shorter.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { openSocket, readAll } from '../../test/support/raw-socket.ts'
import { digestOf } from '../../test/support/registry-image.ts'
import { waitFor } from '../../test/support/wait-for.ts'
import { type RawRequest, type RawUpstream, startRawUpstream } from './pass/raw-upstream.fixture.ts'
import { type RegistryFixture, startRegistryFixture } from './registry.fixture.ts'

const SHORT_MS = 200
/** Longer than any test: what ends is ended by another deadline. */
const LONG_MS = 200_000

let raw: RawUpstream
let answer: (request: RawRequest) => void
/** With short deadlines for bodies and readers; and for heads, and the upstream. */
let hasty: RegistryFixture
let patient: RegistryFixture

beforeAll(async () => {
  raw = await startRawUpstream((request) => answer(request))
  const short = { headersMs: LONG_MS, requestMs: SHORT_MS, idleMs: 2 * SHORT_MS }
  hasty = await startRegistryFixture({
    upstream: raw.url,
    silenceMs: LONG_MS,
    limits: { ...short, uploadMs: LONG_MS },
  })
  patient = await startRegistryFixture({
    upstream: raw.url,
    silenceMs: SHORT_MS,
    limits: { headersMs: SHORT_MS, requestMs: LONG_MS, idleMs: LONG_MS },
  })
})

afterAll(async () => {
  await hasty[Symbol.asyncDispose]()
  await patient[Symbol.asyncDispose]()
  await raw[Symbol.asyncDispose]()
})

beforeEach(() => {
  answer = () => undefined
})

const head = (fixture: RegistryFixture, line: string, more = '') =>
  `${line} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${fixture.token}\r\n${more}\r\n`
const BLOB = `GET /v2/a/blobs/${digestOf('x')}`
const HALF = 'content-length: 100000\r\n'

/** All that is answered to these bytes, until the connection is ended for us. */
async function untilEnd(fixture: RegistryFixture, bytes: string): Promise<string> {
  const socket = await openSocket(fixture.url)
  const heard = readAll(socket)
  socket.write(bytes)
  return await heard
}

const freed = async () => {
  await waitFor(() => raw.open() === 0, { what: 'the connections to the upstream to be freed' })
}

test('a client that sends half a head', async () => {
  const heard = await untilEnd(patient, head(patient, BLOB).slice(0, -2))
  expect(heard).toMatch(/^HTTP\/1\.1 408 /)
})

test('a client that sends half a manifest: the upstream hears nothing of it', async () => {
  const before = raw.received.length
  const heard = await untilEnd(hasty, `${head(hasty, 'PUT /v2/a/manifests/v1', HALF)}{`)
  expect(heard).toMatch(/^HTTP\/1\.1 408 /)
  expect(raw.received.slice(before)).toEqual([])
})

test('a client that stops within an upload: the upstream’s connection is freed', async () => {
  const heard = await untilEnd(hasty, `${head(hasty, 'POST /v2/a/blobs/uploads/', HALF)}half`)
  expect(heard).toMatch(/^HTTP\/1\.1 408 /)
  await freed()
  expect(raw.received.at(-1)).toMatch(/half$/)
})

test('a client that stops within a chunk of an upload', async () => {
  const coding = 'transfer-encoding: chunked\r\n'
  await untilEnd(hasty, `${head(hasty, 'POST /v2/a/blobs/uploads/', coding)}10\r\nhalf`)
  await freed()
  expect(raw.received.at(-1)).not.toContain('\r\n0\r\n\r\n')
})

test('a client that never reads what it pulls', async () => {
  answer = ({ socket }) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n')
    // More than all sockets between us take.
    for (let count = 0; count < 64; count += 1) socket.write(Buffer.alloc(1_000_000))
  }
  const socket = await openSocket(hasty.url)
  socket.pause()
  socket.write(head(hasty, BLOB))
  await waitFor(() => raw.open() > 0, { what: 'the upstream to be asked' })
  await freed()
  expect(hasty.registry.upstream.connections).toBe(0)
  socket.destroy()
})

test('an upstream that stops within a blob: the client’s connection ends, so that it is no whole blob', async () => {
  answer = ({ socket }) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nhalf')
  const heard = await untilEnd(patient, head(patient, BLOB))
  expect(heard).toMatch(/^HTTP\/1\.1 200 /)
  expect(heard).toMatch(/half$/)
  await freed()
})

test('an upstream that stops within a chunk: the client gets no last chunk', async () => {
  answer = ({ socket }) =>
    socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n10\r\nhalf')
  const heard = await untilEnd(patient, head(patient, BLOB))
  expect(heard).toContain('half')
  expect(heard).not.toMatch(/0\r\n\r\n$/)
  await freed()
})

test.each([BLOB, 'GET /v2/a/tags/list', 'POST /v2/a/blobs/uploads/', 'DELETE /v2/a/manifests/v1'])(
  'an upstream that does not answer %s',
  async (line) => {
    const close = 'connection: close\r\ncontent-length: 0\r\n'
    const heard = await untilEnd(patient, head(patient, line, close))
    expect(heard).toMatch(/^HTTP\/1\.1 503 /)
    expect(heard).toContain('"code":"UNAVAILABLE"')
    await freed()
  },
)

test('none of them has kept a place, or a lock', async () => {
  answer = ({ socket }) => socket.write('HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n')
  const response = await fetch(`${patient.url}/v2/a/manifests/v1`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${patient.token}` },
  })
  expect(response.status).toBe(202)
  for (const { registry } of [hasty, patient]) {
    const places: unknown[] = []
    for (let one = registry.places.take('x'); one; one = registry.places.take('x')) places.push(one)
    expect(places).toHaveLength(128)
  }
})
