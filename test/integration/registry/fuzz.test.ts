// 10,000 hostile requests on raw sockets: answers of the client's fault in the form of the specification, never one of ours;
// the upstream is asked nothing but what the specification knows; and no more memory is held. Deterministic;
// FUCHSBAU_FUZZ_SEED tries another course.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dice } from '../../support/bouncer-fuzz.ts'
import { heldMiB, MEASURABLE } from '../../support/heap.ts'
import { openSocket, readAll } from '../../support/raw-socket.ts'
import { type RecordingUpstream, startRecordingUpstream } from '../../support/recording-upstream.ts'
import { registryRequest, SECRET, SMUGGLED } from '../../support/registry-fuzz.ts'
import { manifest } from '../../support/registry-image.ts'
import { type RegistryProcess, startRegistry } from '../../support/registry-process.ts'

const REQUESTS = 10_000
const AT_ONCE = 50
/** Who waits for the rest of a body is told so late that there is none. */
const REST_MS = 200
const seed = Number(process.env['FUCHSBAU_FUZZ_SEED'] ?? 5)

let upstream: RecordingUpstream
let registry: RegistryProcess

beforeAll(async () => {
  upstream = await startRecordingUpstream()
  registry = await startRegistry({
    env: {
      ...MEASURABLE,
      FUCHSBAU_REGISTRY_UPSTREAM: upstream.url,
      FUCHSBAU_REGISTRY_TOKEN_LIFETIME: '1h',
    },
  })
})

afterAll(async () => {
  await registry[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
})

/** All answers to one request and to what was hidden in it. */
async function ask(request: Buffer): Promise<string> {
  const socket = await openSocket(registry.url)
  const answer = readAll(socket)
  socket.write(request)
  const rest = setTimeout(() => socket.end(), REST_MS)
  return await answer.finally(() => clearTimeout(rest))
}

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'

/** What is wrong with an answer; undefined when it is good. */
function faultOf(request: string, answer: string): string | undefined {
  // What is no HTTP is not answered, or by Node's own words.
  if (answer === '' || answer === CONTINUE) return
  const [head = '', ...bodies] = answer
    .replace(/^HTTP\/1\.1 100 Continue\r\n\r\n/, '')
    .split('\r\n\r\n')
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1])
  if (!(status >= 200 && status < 500)) return `status ${status}`
  if (answer.includes(SECRET)) return 'tells the secret'
  if (status < 400 || request.startsWith('HEAD ')) return
  const isOfNode =
    [400, 408, 413, 415, 417, 431].includes(status) &&
    !/\r\n(content-security|x-content-type)/i.test(head)
  if (isOfNode || !/^[A-Z]+ (?:http:\/\/\w+)?\/(?:v2(?=[/? ])|token(?=[? ]))/.test(request)) return
  const isInForm = /^(?:[0-9a-f]+\r\n)?\{"errors":\[\{"code":"[A-Z_]+","message":"/.test(
    bodies.join('\r\n\r\n'),
  )
  return isInForm ? undefined : `${status} not in the form of the specification`
}

const PATH = new RegExp(
  [
    '^/v2/(_catalog',
    '_[a-z]+/[\\w/.-]+',
    '[a-z0-9._/-]{1,255}/(tags/list|manifests/[\\w.:-]+|(blobs|referrers)/[\\w:]+|blobs/uploads/?[\\w.=-]*))(\\?[!-~]*)?$',
  ].join('|'),
)
const HEADERS =
  /^(host|accept|content-type|content-range|content-length|transfer-encoding|range|if-.*|user-agent|authorization)$/

test(`${REQUESTS} fuzzed requests do no harm`, async () => {
  const random = dice(seed)
  const scopes = ['repository:fuzz/app:*', 'registry:catalog:*']
  const tokens = [
    await registry.token(registry.owner, ...scopes),
    await registry.token(registry.owner, 'repository:fuzz/app:pull'),
    await registry.token(undefined, ...scopes),
  ] as const
  const pid = registry.pid()
  const faults: string[] = []
  const statuses = new Map<string, number>()
  let held = 0
  for (let sent = 0; sent < REQUESTS; sent += AT_ONCE) {
    if (sent === REQUESTS / 4) held = await heldMiB(registry)
    const requests = Array.from({ length: AT_ONCE }, () =>
      registryRequest(random, { tokens: [...tokens], manifest: manifest('fuzz') }),
    )
    const answers = await Promise.all(requests.map(ask))
    for (const [index, answer] of answers.entries()) {
      const request = (requests[index] ?? Buffer.alloc(0)).toString('latin1')
      const status = answer.slice(9, 12)
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
      const fault = faultOf(request, answer)
      if (fault) faults.push(`${fault}\n${request.slice(0, 600)}\n→ ${answer.slice(0, 600)}`)
    }
  }
  expect(faults.slice(0, 3)).toEqual([])
  expect(registry.pid(), registry.log()).toBe(pid)
  expect(registry.log()).not.toMatch(/"level":"(error|fatal)"/)
  expect(registry.log()).not.toContain(SECRET)
  // Of each kind there were some, or this shows nothing.
  for (const status of ['200', '202', '400', '401', '404', '405', '413']) {
    expect([status, (statuses.get(status) ?? 0) > 0]).toEqual([status, true])
  }
  expect((await heldMiB(registry)) - held).toBeLessThan(10)
}, 300_000)

test('the upstream was asked only what the specification knows, and told no secret', () => {
  const odd = upstream.seen.filter(({ url, headers }) => {
    const names = Object.keys(headers).filter((name) => !HEADERS.test(name))
    const said = JSON.stringify({ url, headers })
    const isBearer = /^Bearer [\w-]+\.[\w-]+\.[\w-]+$/.test(headers.authorization ?? '')
    return (
      !PATH.test(url) ||
      names.length > 0 ||
      !isBearer ||
      said.includes(SECRET) ||
      said.includes(SMUGGLED)
    )
  })
  expect(upstream.seen.length).toBeGreaterThan(500)
  expect(odd.slice(0, 3)).toEqual([])
})
