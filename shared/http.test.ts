import { connect } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { createHttp, HttpError, type HttpOptions, listen } from './http.ts'
import { createLog } from './log.ts'
import { createMetrics } from './metrics.ts'

const opened: { close(): PromiseLike<unknown> }[] = []
afterEach(async () => {
  for (const server of opened.splice(0)) await server.close()
})

function create(options: Partial<HttpOptions> = {}) {
  const lines: string[] = []
  const log = createLog({ level: 'info', stream: { write: (line) => void lines.push(line) } })
  const metrics = createMetrics()
  const app = createHttp({ log, metrics, name: 'test', ...options })
  opened.push(app)
  app.get('/ok', async () => 'ok')
  app.post('/body', async () => 'ok')
  app.get('/users/:name', async (request) => (request.params as { name: string }).name)
  app.get('/broken', async () => {
    throw new Error('the password is hunter2')
  })
  app.get('/refused', async () => {
    throw new HttpError(403, 'Not yours')
  })
  app.get('/internal', async () => {
    throw Object.assign(new Error('select * from users'), { statusCode: 409 })
  })
  app.get('/address', async (request) => request.ip)
  return { app, lines, metrics }
}

describe('an error', () => {
  test('that nobody expected is answered generically, and logged with its cause and the request id', async () => {
    const { app, lines } = create()
    const response = await app.inject('/broken')
    expect(response.statusCode).toBe(500)
    const id = /^Internal error \(request ([0-9a-z-]+)\)\n$/.exec(response.body)?.[1]
    expect(id).toBeDefined()
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 'error',
      request: id,
      url: '/broken',
      err: { message: 'the password is hunter2', stack: expect.stringContaining('http.test.ts') },
    })
  })

  test('that is meant for the client is answered with its message, and not logged', async () => {
    const { app, lines } = create()
    const response = await app.inject('/refused')
    expect(response.statusCode).toBe(403)
    expect(response.body).toBe('Not yours\n')
    expect(lines).toEqual([])
  })

  test('with a status but without a message for the client shows only the status', async () => {
    const response = await create().app.inject('/internal')
    expect(response.statusCode).toBe(409)
    expect(response.body).toBe('Conflict\n')
  })

  test('of an unknown path is plain text', async () => {
    const response = await create().app.inject('/nowhere')
    expect(response.statusCode).toBe(404)
    expect(response.headers['content-type']).toBe('text/plain; charset=utf-8')
    expect(response.body).toBe('Not found\n')
  })

  test('of an unknown path is what the service makes of it, where it has something', async () => {
    const { app } = create({
      notFound: ({ url }, reply) => (url === '/odd' ? undefined : reply.code(404).send('a page')),
    })
    expect((await app.inject('/nowhere')).body).toBe('a page')
    expect((await app.inject('/odd')).body).toBe('Not found\n')
  })
})

describe('limits', () => {
  test('a body that is too large is 413', async () => {
    const { app } = create({ limits: { bodyBytes: 10 } })
    const payload = JSON.stringify({ text: 'too long' })
    const headers = { 'content-type': 'application/json' }
    const response = await app.inject({ method: 'POST', url: '/body', headers, payload })
    expect(response.statusCode).toBe(413)
  })

  test('a path parameter that is too long is 414', async () => {
    const { app } = create({ limits: { paramLength: 8 } })
    expect((await app.inject('/users/12345678')).statusCode).toBe(200)
    expect((await app.inject('/users/123456789')).statusCode).toBe(414)
  })

  test('headers that are too large are 431', async () => {
    const { app } = create({ limits: { headerBytes: 1024 } })
    const answer = await speak(app, `GET /ok HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(2000)}\r\n\r\n`)
    expect(answer).toMatch(/^HTTP\/1\.1 431 /)
  })

  test('deadlines are set on the server', async () => {
    const { app } = create()
    expect(app.server.headersTimeout).toBe(15_000)
    expect(app.server.requestTimeout).toBe(30_000)
    expect(app.server.timeout).toBe(60_000)
    expect(app.server.keepAliveTimeout).toBe(72_000)
  })

  const body = 'content-type: application/json\r\ncontent-length: 9\r\n\r\n'
  test.each([
    ['header lines', 'GET /ok HTTP/1.1\r\nhost: a\r\n', {}],
    ['a body', `POST /body HTTP/1.1\r\nhost: a\r\n${body}`, { requestMs: 300 }],
  ])('the rest of %s is not waited for much longer than that', async (_, begun, limits) => {
    const { app } = create({ limits: { headersMs: 200, ...limits } })
    const start = performance.now()
    expect(await speak(app, begun)).toMatch(/^HTTP\/1\.1 408 /)
    expect(performance.now() - start).toBeLessThan(4_000)
  })
})

test('each request has its own id', async () => {
  const { app } = create()
  app.get('/id', async (request) => request.id)
  const ids = await Promise.all([app.inject('/id'), app.inject('/id')])
  expect(new Set(ids.map((response) => response.body)).size).toBe(2)
})

test.each([
  ['is believed from a trusted proxy', ['127.0.0.1'], '203.0.113.7'],
  ['is ignored otherwise', [], '127.0.0.1'],
])('X-Forwarded-For %s', async (_, trustProxy, address) => {
  const { app } = create({ trustProxy })
  const response = await app.inject({
    url: '/address',
    headers: { 'x-forwarded-for': '203.0.113.7' },
  })
  expect(response.body).toBe(address)
})

test('answers are counted by class of status', async () => {
  const { app, metrics } = create()
  for (const path of ['/ok', '/ok', '/nowhere', '/broken']) await app.inject(path)
  const text = metrics.text()
  expect(text).toContain('fuchsbau_http_requests_total{service="test",class="2xx"} 2')
  expect(text).toContain('fuchsbau_http_requests_total{service="test",class="4xx"} 1')
  expect(text).toContain('fuchsbau_http_requests_total{service="test",class="5xx"} 1')
  expect(text).toContain('fuchsbau_http_request_seconds_count{service="test"} 4')
})

test('closing waits for the answer under way, and for nothing more', async () => {
  const { app } = create()
  const begun = Promise.withResolvers<void>()
  const gate = Promise.withResolvers<void>()
  app.get('/slow', async () => {
    begun.resolve()
    await gate.promise
    return 'late'
  })
  const answer = fetch(`${await listen(app, { host: '127.0.0.1', port: 0 })}/slow`)
  await begun.promise
  const closed = app.close()
  gate.resolve()
  expect(await (await answer).text()).toBe('late')
  await expect(closed).resolves.toBeUndefined()
})

/** Sends bytes to the server and returns all that comes back. */
async function speak(app: ReturnType<typeof create>['app'], text: string): Promise<string> {
  const url = new URL(await listen(app, { host: '127.0.0.1', port: 0 }))
  const socket = connect(Number(url.port), url.hostname)
  socket.write(text)
  let answer = ''
  for await (const chunk of socket) answer += chunk
  return answer
}
