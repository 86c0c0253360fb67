// Bodies, header fields and connections that are meant to hurt, against the real process: refused, and no memory is kept.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { heldMiB, MEASURABLE } from '../../support/heap.ts'
import { openScene, type Scene } from '../../support/hostile-scene.ts'
import { ask } from '../../support/http-post.ts'
import { openSocket, readAll, speak } from '../../support/raw-socket.ts'
import { signPost } from '../../support/sign.ts'
import { footprint, residentMiB, settle } from '../../support/vitals.ts'

const MiB = 1024 * 1024
const ACTIVITY_JSON = 'application/activity+json'

let scene: Scene

beforeAll(async () => {
  scene = await openScene(MEASURABLE)
})

afterEach(() => scene.expectWell())

afterAll(() => scene?.[Symbol.asyncDispose]())

/** Asserts that some hundred of these leave no more than a little memory behind. */
async function expectFlat(times: number, attempt: () => Promise<unknown>): Promise<void> {
  const together = () => Promise.all(Array.from({ length: 8 }, attempt))
  for (let count = 0; count < times / 4; count += 8) await together()
  const [held, resident] = [await heldMiB(scene.server), residentMiB(scene.server)]
  for (let count = 0; count < times; count += 8) await together()
  await settle(scene.server)
  expect((await heldMiB(scene.server)) - held).toBeLessThan(8)
  expect(residentMiB(scene.server) - resident).toBeLessThan(150)
}

describe('a body', () => {
  test('of 10 MB is refused before it is read, and no memory kept', async () => {
    const { inbox, mallory, expectNothing } = scene
    const body = Buffer.alloc(10_000_000, ' ')
    const headers = signPost(new URL(inbox), body, mallory)
    const send = async () => {
      const answer = await ask(inbox, { headers, body }).catch(() => undefined)
      // The server may hang up on who goes on sending.
      expect([413, undefined]).toContain(answer?.status)
    }
    await expectFlat(160, send)
    await expectNothing(413, async () => {
      const status = await speak(inbox, head({ 'content-length': '10000000' }))
      return { status, headers: {}, body: '' }
    })
  })

  test('without end is cut off after a megabyte or so', async () => {
    const socket = await openSocket(scene.inbox)
    const answer = readAll(socket)
    socket.write(head({ 'transfer-encoding': 'chunked' }))
    const chunk = `10000\r\n${' '.repeat(65_536)}\r\n`
    let sent = 0
    while (!socket.destroyed && sent < 64 * MiB) {
      sent += 65_536
      if (!socket.write(chunk)) {
        await Promise.race([
          new Promise((drained) => socket.once('drain', drained)),
          new Promise((closed) => socket.once('close', closed)),
        ])
      }
    }
    expect(socket.destroyed).toBe(true)
    expect(sent).toBeLessThan(32 * MiB)
    expect(await answer).toMatch(/^(HTTP\/1\.1 413|$)/)
  })

  test.each([
    ['100,000 arrays deep', () => '['.repeat(100_000) + ']'.repeat(100_000)],
    ['100,000 objects deep', () => `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`],
    ['100,000 deep within a note', () => deepNote(100_000)],
    ['65 deep within a note', () => deepNote(65)],
    ['that ends early', () => '{"type":"Create",'],
    ['that is empty', () => ''],
    ['that is no object', () => '"Create"'],
    ['that is null', () => 'null'],
    ['that is a list of activities', () => JSON.stringify([scene.hello()])],
    ['of a million numbers', () => JSON.stringify(Array.from({ length: 400_000 }, () => 1))],
    ['that is no UTF-8', () => Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
    ['in UTF-16', () => Buffer.from(JSON.stringify(scene.hello()), 'utf16le')],
    ['with a byte order mark', () => `\ufeff${JSON.stringify(scene.hello())}`],
    ['without an actor', () => JSON.stringify({ ...scene.hello(), actor: undefined })],
    ['without an id', () => JSON.stringify({ ...scene.hello(), id: undefined })],
    ['without a type', () => JSON.stringify({ ...scene.hello(), type: undefined })],
    ['whose id is a script', () => JSON.stringify({ ...scene.hello(), id: 'javascript:alert(1)' })],
    ['whose id is no URL', () => JSON.stringify({ ...scene.hello(), id: 'http://[' })],
    ['whose actor is in __proto__', () => inProto()],
  ])('%s is refused', async (_, make) => {
    const { mallory, inbox, expectNothing } = scene
    await expectNothing([400, 413], () => mallory.post(inbox, make()))
  })

  const deepNote = (depth: number) =>
    `{"a":${'['.repeat(depth)}${']'.repeat(depth)},${JSON.stringify(scene.hello()).slice(1)}`
  const inProto = () => {
    const { actor, ...rest } = scene.hello()
    return `{"__proto__":{"actor":"${actor}"},${JSON.stringify(rest).slice(1)}`
  }

  test.each([
    ['with huge lists', () => ({ tag: many({ type: 'Mention', name: 'x', href: scene.us }) })],
    ['to 10,000 addresses', () => ({ to: [scene.us, ...addresses()], cc: addresses() })],
    [
      'with 20,000 attachments',
      () => ({ attachment: many({ type: 'Document', url: 'http://x/' }) }),
    ],
    ['with long text', () => ({ content: 'x'.repeat(900_000) })],
    ['with half characters', () => ({ content: 'a \ud800 b \udfff', name: '\udc00' })],
    [
      'with control characters',
      () => ({ content: '\u0000\u001b\u009b\ufffe\u2028', summary: '\0' }),
    ],
    ['with deep quotes', () => ({ content: '<blockquote>'.repeat(60_000) })],
    [
      'with keys of Object.prototype',
      () => ({ constructor: { a: 1 }, toString: 1, hasOwnProperty: 1 }),
    ],
    ['with __proto__', () => JSON.parse('{"__proto__":{"isAdmin":true,"local":"you"}}')],
  ])('of a note %s is read up to a bound', async (_, changes) => {
    const { server, mallory, us, inbox } = scene
    const create = mallory.create('x', [us], changes())
    expect(await mallory.post(inbox, create)).toMatchObject({ status: 202 })
    await settle(server)
    expect((await server.cli('show', 'notifications', '--limit', '1')).join()).toContain('@mallory')
    expect((await fetch(`${us}`)).status).toBe(200)
  })

  const many = (item: unknown) => Array.from({ length: 10_000 }, () => item)
  const addresses = () => Array.from({ length: 5_000 }, (_, count) => `http://127.0.0.1:1/${count}`)

  test('of a note whose text is no UTF-8 is read with marks in its place', async () => {
    const { server, mallory, us, inbox } = scene
    const text = JSON.stringify(mallory.create('broken <> text', [us]))
    const [before = '', after = ''] = text.split('<>')
    const body = Buffer.concat([
      Buffer.from(before),
      Buffer.from([0xff, 0xc0, 0xaf]),
      Buffer.from(after),
    ])
    expect(await mallory.post(inbox, body)).toMatchObject({ status: 202 })
    await settle(server)
    expect((await server.cli('show', 'notifications', '--limit', '1')).join()).toMatch(
      /broken \ufffd+ text/,
    )
  })

  test.each(['constructor', '__proto__', 'hasOwnProperty', 'toString', 'create', 'Création', ''])(
    'of the type %j has no effect',
    async (type) => {
      const { mallory, us, inbox, expectNothing } = scene
      await expectNothing([202, 400], () => mallory.post(inbox, mallory.activity(type, us)))
    },
  )
})

describe('header fields', () => {
  test.each([
    'text/plain',
    'text/html',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/xml',
    'application/activity+jsonx',
    'application/octet-stream',
    '*/*',
    'x',
    '',
  ])('content type %j is refused', async (contentType) => {
    const { mallory, inbox, hello, expectNothing } = scene
    await expectNothing([400, 415], () => mallory.post(inbox, hello(), { contentType }))
  })

  test.each([
    'application/json',
    'application/activity+json; charset=utf-8',
    'application/ld+json; profile="https://www.w3.org/ns/activitystreams"',
    'Application/Activity+JSON',
  ])('content type %j is taken', async (contentType) => {
    const { server, mallory, inbox, hello } = scene
    const before = footprint(server)
    const answer = await mallory.post(inbox, hello(), { contentType })
    expect(answer).toMatchObject({ status: 202 })
    await settle(server)
    expect(footprint(server)).not.toEqual(before)
  })

  test.each(['signature', 'date', 'digest', 'host', 'content-length'])(
    '%s twice is refused, in either order',
    async (name) => {
      const { mallory, inbox, hello, expectNothing } = scene
      const body = Buffer.from(JSON.stringify(hello()))
      const good = {
        ...signPost(new URL(inbox), body, mallory),
        'content-length': `${body.length}`,
      }
      const bad = { ...signPost(new URL(inbox), Buffer.from('{}'), mallory, { host: 'x' }) }
      const others = { ...bad, 'content-length': '2', date: 'never' }
      const line = `${name}: ${(others as Record<string, string>)[name]}\r\n`
      for (const text of [head(good, '', line), head(good, line)]) {
        await expectNothing([400, 401], async () => {
          const status = await speak(inbox, Buffer.concat([Buffer.from(text), body]))
          return { status, headers: {}, body: '' }
        })
      }
    },
  )

  test.each([
    ['too large', () => `x: ${'x'.repeat(20_000)}\r\n`, 431],
    ['too many', () => 'x: y\r\n'.repeat(5_000), 431],
    ['with a control character', () => 'x: a\0b\r\n', 400],
    ['with a name that is none', () => 'x y: z\r\n', 400],
    [
      'with a body of two lengths',
      () => 'content-length: 2\r\ntransfer-encoding: chunked\r\n',
      400,
    ],
  ])('%s are refused', async (_, lines, status) => {
    expect(await speak(scene.inbox, head({}, lines()))).toBe(status)
  })
})

/** The head of a POST to the inbox that closes its connection. */
function head(fields: Record<string, string>, before = '', after = ''): string {
  const { pathname, host } = new URL(scene.inbox)
  const all = { host, 'content-type': ACTIVITY_JSON, connection: 'close', ...fields }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return `POST ${pathname} HTTP/1.1\r\n${before}${lines.join('')}${after}\r\n`
}
