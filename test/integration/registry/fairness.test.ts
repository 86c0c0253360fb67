// Clients that are slow, by bad lines or on purpose, against a real process: they must not keep the others from their images.
import type { Socket } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import {
  type RawRequest,
  type RawUpstream,
  startRawUpstream,
} from '../../../services/registry/pass/raw-upstream.fixture.ts'
import { openSocket } from '../../support/raw-socket.ts'
import { digestOf } from '../../support/registry-image.ts'
import { person, type RegistryProcess, startRegistry } from '../../support/registry-process.ts'
import { waitFor } from '../../support/wait-for.ts'

const BLOB = `/v2/a/blobs/${digestOf('x')}`
const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'
/** As many as one alone may have, and some more. */
const SHARE = 128
const MORE = 10
const POLICY = `rules:
  - {who: people, repositories: "**", allow: [pull, push]}
  - {who: anonymous, repositories: "**", allow: pull}
`

let raw: RawUpstream
let registry: RegistryProcess
let answer: (request: RawRequest) => void
const tokens: Record<string, string> = {}

beforeAll(async () => {
  raw = await startRawUpstream((request) => answer(request))
  registry = await startRegistry({
    policy: POLICY,
    seed: (store) => store.people.add(person('ann')),
    env: {
      FUCHSBAU_REGISTRY_UPSTREAM: raw.url,
      FUCHSBAU_REGISTRY_TOKEN_LIFETIME: '1h',
      FUCHSBAU_TRUST_PROXY: '127.0.0.1',
    },
  })
  const [secret = ''] = await registry.cli('token', 'create', 'ann', '--allow', 'pull,push')
  tokens['ann'] = await registry.token({ name: 'ann', secret }, 'repository:a:pull,push')
  tokens['you'] = await registry.token(registry.owner, 'repository:a:pull,push')
})

afterAll(async () => {
  await registry[Symbol.asyncDispose]()
  await raw[Symbol.asyncDispose]()
})

beforeEach(() => {
  answer = ({ socket }) => socket.write(OK)
})

interface Slow {
  sockets: Socket[]
  /** What each was answered so far. */
  answers: string[]
}

/** Opens connections that each send this, and read nothing more than they have to. */
async function open(count: number, text: string): Promise<Slow> {
  const sockets: Socket[] = []
  const answers: string[] = []
  for (let index = 0; index < count; index += 1) {
    const socket = await openSocket(registry.url)
    answers.push('')
    socket.on('data', (bytes: Buffer) => {
      answers[index] += bytes.toString('latin1').slice(0, 500)
      if (bytes.includes('content-length: 1000000000')) socket.pause()
    })
    socket.write(text)
    sockets.push(socket)
  }
  return { sockets, answers }
}

/** Ends them; resolves when the upstream has only connections that are kept: at most 32. */
async function end({ sockets }: Slow): Promise<void> {
  for (const socket of sockets) socket.destroy()
  await waitFor(() => raw.open() <= 32, { what: 'the connections to be freed' })
}

const refused = ({ answers }: Slow) => answers.filter((each) => each.startsWith('HTTP/1.1 429'))
const authorization = (who: string) => `host: x\r\nauthorization: Bearer ${tokens[who]}\r\n`
const pull = async (as?: string, from?: string) =>
  await registry.request(BLOB, {
    ...(as !== undefined && { as: tokens[as] ?? '' }),
    ...(from !== undefined && { headers: { 'x-forwarded-for': from } }),
  })

test('256 slow uploads of one person take her share, and the others pull and push', async () => {
  answer = ({ head, socket }) => void (head.startsWith('GET') && socket.write(OK))
  const upload = `POST /v2/a/blobs/uploads/ HTTP/1.1\r\n${authorization('ann')}content-length: 1000000\r\n\r\nhalf`
  const slow = await open(256, upload)
  await waitFor(() => refused(slow).length === 256 - SHARE, { what: 'what is too much to be told' })
  const [one = ''] = refused(slow)
  expect(one).toMatch(/\r\nretry-after: 5\r\n/i)
  expect(one).toContain('{"errors":[{"code":"TOOMANYREQUESTS","message":"')
  expect((await pull('ann')).status).toBe(429)
  for (const who of ['you', undefined]) expect((await pull(who)).status).toBe(200)
  await end(slow)
  expect((await pull('ann')).status).toBe(200)
})

test('who does not read what she pulls keeps nobody else from it; by address, where nobody logs in', async () => {
  const head = 'HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n'
  answer = ({ socket }) => void (socket.write(head) && socket.write(Buffer.alloc(1_000_000)))
  const get = `GET ${BLOB} HTTP/1.1\r\nhost: x\r\nx-forwarded-for: 2001:db8::1\r\n\r\n`
  const slow = await open(SHARE + MORE, get)
  await waitFor(() => refused(slow).length === MORE, { what: 'what is too much to be told' })
  answer = ({ socket }) => socket.write(OK)
  // All of a /64 is one.
  expect((await pull(undefined, '2001:db8::2')).status).toBe(429)
  expect((await pull(undefined, '2001:db8:1::2')).status).toBe(200)
  expect((await pull('ann', '2001:db8::1')).status).toBe(200)
  await end(slow)
  expect((await pull(undefined, '2001:db8::1')).status).toBe(200)
})

test('places come back however a request ends', async () => {
  const endings: ((request: RawRequest) => void)[] = [
    ({ socket }) => socket.destroy(),
    ({ socket }) => socket.write('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n'),
    ({ socket }) => socket.write('HTTP/1.1 302 Found\r\nlocation: x\r\ncontent-length: 0\r\n\r\n'),
    ({ socket }) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf'),
    ({ socket }) => socket.write(OK),
  ]
  for (const ending of endings) {
    answer = ending
    for (let count = 0; count < SHARE + MORE; count += 1) {
      const response = await pull('ann')
      expect(response.status).not.toBe(429)
      await response.arrayBuffer().catch(() => undefined)
    }
  }
})
