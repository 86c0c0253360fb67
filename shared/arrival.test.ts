import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { allowUpload } from './arrival.ts'
import { createHttp, listen } from './http.ts'
import { silentLog } from './log.ts'
import { createMetrics } from './metrics.ts'

const REQUEST_MS = 200

const opened: { close(): PromiseLike<unknown> }[] = []
afterEach(async () => {
  for (const server of opened.splice(0)) await server.close()
})

async function serve() {
  const limits = { requestMs: REQUEST_MS, headersMs: 100, uploadMs: 60_000 }
  const app = createHttp({ log: silentLog(), metrics: createMetrics(), name: 'test', limits })
  opened.push(app)
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))
  app.post('/upload', async ({ raw }) => `${await lengthOf(raw)}`)
  app.post('/other', async ({ raw }) => `${await lengthOf(raw)}`)
  app.addHook('preHandler', async (request) => {
    if (request.url === '/upload') allowUpload(request, 10)
  })
  return new URL(await listen(app, { host: '127.0.0.1', port: 0 }))
}

async function lengthOf(body: AsyncIterable<Buffer>): Promise<number> {
  let length = 0
  for await (const chunk of body) length += chunk.length
  return length
}

/** Sends a head and then `size` bytes every 20 ms, and returns what comes back. */
async function trickle(
  url: URL,
  path: string,
  { size, total, connection = 'close' }: { size: number; total: number; connection?: string },
): Promise<string> {
  const socket = connect(Number(url.port), url.hostname)
  socket.write(
    `POST ${path} HTTP/1.1\r\nhost: a\r\nconnection: ${connection}\r\ncontent-type: x/y\r\ncontent-length: ${total}\r\n\r\n`,
  )
  let left = total
  const timer = setInterval(() => {
    const next = Math.min(size, left)
    left -= next
    if (next > 0 && !socket.destroyed) socket.write('x'.repeat(next))
  }, 20)
  try {
    return await answerOf(socket)
  } finally {
    clearInterval(timer)
  }
}

async function answerOf(socket: Socket): Promise<string> {
  let answer = ''
  try {
    for await (const chunk of socket) answer += chunk
  } catch {
    // A reset after the answer, as bytes were still on their way.
  }
  return answer
}

describe('a body that comes slowly', () => {
  test('may take longer than the deadline where an upload is allowed', async () => {
    const start = performance.now()
    expect(await trickle(await serve(), '/upload', { size: 10, total: 300 })).toMatch(
      /^HTTP\/1\.1 200 [\s\S]*300$/,
    )
    expect(performance.now() - start).toBeGreaterThan(2 * REQUEST_MS)
  })

  test('is ended even there when hardly anything comes', async () => {
    const url = await serve()
    expect(await trickle(url, '/upload', { size: 0, total: 300 })).toMatch(/^HTTP\/1\.1 408 /)
  })

  test('is ended at the deadline everywhere else (RFC 9110, section 15.5.9)', async () => {
    const start = performance.now()
    expect(await trickle(await serve(), '/other', { size: 10, total: 3_000 })).toMatch(
      /^HTTP\/1\.1 408 /,
    )
    expect(performance.now() - start).toBeLessThan(3 * REQUEST_MS)
  })

  test.each([
    ['/nowhere', 404],
    ['/%', 400],
    [`/${'x'.repeat(600)}`, 404],
  ])('holds no connection at %s, where nobody reads it', async (path, status) => {
    const start = performance.now()
    const answer = await trickle(await serve(), path, {
      size: 10,
      total: 30_000,
      connection: 'keep-alive',
    })
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(performance.now() - start).toBeLessThan(3 * REQUEST_MS)
  })
})
