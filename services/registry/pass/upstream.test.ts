// Our HTTP client against an upstream that is steered byte by byte. https://www.rfc-editor.org/rfc/rfc9112
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PassThrough, Readable, Writable } from 'node:stream'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { describe, expect, test } from 'vitest'
import { createCa } from '../../../test/support/ca.ts'
import { waitFor } from '../../../test/support/wait-for.ts'
import { UpstreamFailure } from './failure.ts'
import { type RawRequest, type RawUpstream, startRawUpstream } from './raw-upstream.fixture.ts'
import { Upstream, type UpstreamRequest } from './upstream.ts'

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'
const get = (path = '/v2/'): UpstreamRequest => ({ method: 'GET', path, headers: {} })

/** An upstream, and a client of it that is closed with it. */
async function between(
  answer: (request: RawRequest) => void,
  options: { silenceMs?: number } = {},
): Promise<{ raw: RawUpstream; upstream: Upstream } & AsyncDisposable> {
  const raw = await startRawUpstream(answer)
  const upstream = new Upstream({ url: raw.url, ...options })
  return {
    raw,
    upstream,
    async [Symbol.asyncDispose]() {
      upstream.close()
      await raw[Symbol.asyncDispose]()
    },
  }
}

async function text(upstream: Upstream, request = get()): Promise<string> {
  return (await (await upstream.request(request)).bytes(1_000_000)).toString('latin1')
}

/** Takes everything, slowly if told so. */
class Hashing extends Writable {
  readonly #hash = createHash('sha256')
  bytes = 0
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    // Late: a buffer that is used again too early is seen.
    setImmediate(() => {
      this.#hash.update(chunk)
      this.bytes += chunk.length
      done()
    })
  }
  digest() {
    return this.#hash.digest('hex')
  }
}

async function listening(server: Server): Promise<string> {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const freed = (upstream: Upstream, count = 0) =>
  waitFor(() => upstream.connections === count, { what: 'the connections to be freed' })

describe('connections that are kept', () => {
  test('one request after the other has the same one', async () => {
    await using scene = await between(({ socket }) => socket.write(OK))
    expect(await text(scene.upstream)).toBe('ok')
    expect(await text(scene.upstream)).toBe('ok')
    expect(scene.raw.connections).toBe(1)
  })

  test('requests at the same time have one each', async () => {
    await using scene = await between(({ socket }) => socket.write(OK))
    await Promise.all([text(scene.upstream), text(scene.upstream), text(scene.upstream)])
    expect(scene.raw.connections).toBe(3)
  })

  test.each([
    ['connection: close', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok'],
    ['HTTP/1.0', 'HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok'],
    ['bytes behind the answer', `${OK}HTTP/1.1 200 smuggled\r\n`],
  ])('not after %s', async (_, answer) => {
    await using scene = await between(({ socket }) => socket.write(answer))
    expect(await text(scene.upstream)).toBe('ok')
    expect(await text(scene.upstream)).toBe('ok')
    expect(scene.raw.connections).toBe(2)
  })

  test('not when something came on it that nobody asked for', async () => {
    let say = () => {}
    await using scene = await between(({ socket }) => {
      socket.write(OK)
      say = () => socket.write('HTTP/1.1 200 smuggled\r\ncontent-length: 2\r\n\r\nno')
    })
    expect(await text(scene.upstream)).toBe('ok')
    say()
    await freed(scene.upstream)
    expect(await text(scene.upstream)).toBe('ok')
  })

  test('an interim answer comes before the answer (RFC 9110, 15.2)', async () => {
    await using scene = await between(({ socket }) =>
      socket.write(`HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 x\r\nlink: <a>\r\n\r\n${OK}`),
    )
    expect(await text(scene.upstream)).toBe('ok')
    expect(await text(scene.upstream)).toBe('ok')
    expect(scene.raw.connections).toBe(1)
  })

  test('a head that comes byte by byte', async () => {
    await using scene = await between(({ socket }) => {
      const send = (rest: string) => {
        if (rest === '') return
        socket.write(rest.slice(0, 1))
        setImmediate(send, rest.slice(1))
      }
      send(OK)
    })
    expect(await text(scene.upstream)).toBe('ok')
  })

  test('the answer to HEAD, 204 and 304 keep it, whatever length they speak of', async () => {
    await using scene = await between(({ head, socket }) => {
      const status = head.startsWith('HEAD') ? 200 : Number(/\d{3}/.exec(head)?.[0])
      socket.write(`HTTP/1.1 ${status} x\r\ncontent-length: 5\r\n\r\n`)
    })
    for (const request of [{ ...get(), method: 'HEAD' }, get('/204'), get('/304')]) {
      expect(await text(scene.upstream, request)).toBe('')
    }
    expect(scene.raw.connections).toBe(1)
  })

  test('a short answer that nobody wants keeps it, a long one ends it', async () => {
    await using scene = await between(({ head, socket }) => {
      const length = head.includes('/long') ? 1_000_000 : 1_000
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${length}\r\n\r\n${'x'.repeat(length)}`)
    })
    for (const _ of [1, 2]) {
      ;(await scene.upstream.request(get())).discard()
      await new Promise(setImmediate)
    }
    expect(await text(scene.upstream)).toHaveLength(1_000)
    expect(scene.raw.connections).toBe(1)
    ;(await scene.upstream.request(get('/long'))).discard()
    await freed(scene.upstream)
  })
})

describe('a kept connection that the upstream has just closed (RFC 9110, 9.2.2 and 9112, 9.3.1)', () => {
  /** Answers the first request of each connection, and does this with the second. */
  const second = (act: (request: RawRequest) => void) => {
    const seen = new Set<number>()
    return (request: RawRequest) => {
      if (seen.has(request.connection)) return act(request)
      seen.add(request.connection)
      request.socket.write(OK)
    }
  }

  test('a request without a body is sent again, on a new one', async () => {
    await using scene = await between(second(({ socket }) => socket.destroy()))
    expect(await text(scene.upstream)).toBe('ok')
    expect(await text(scene.upstream)).toBe('ok')
    expect(scene.raw.connections).toBe(2)
  })

  test('not when it had begun to answer', async () => {
    await using scene = await between(second(({ socket }) => socket.end('HTTP/1.1 2')))
    expect(await text(scene.upstream)).toBe('ok')
    await expect(text(scene.upstream)).rejects.toThrow(UpstreamFailure)
    expect(scene.raw.connections).toBe(1)
  })

  test('not with a body: nobody knows how much of it was used', async () => {
    await using scene = await between(second(({ socket }) => socket.destroy()))
    expect(await text(scene.upstream)).toBe('ok')
    const body = { stream: Readable.from([Buffer.from('abc')]), length: 3 }
    const request = { ...get(), method: 'PUT', body }
    await expect(text(scene.upstream, request)).rejects.toThrow(UpstreamFailure)
    expect(scene.raw.connections).toBe(1)
  })

  test('not on a new connection', async () => {
    await using scene = await between(({ socket }) => socket.destroy())
    await expect(text(scene.upstream)).rejects.toThrow(UpstreamFailure)
    expect(scene.raw.connections).toBe(1)
  })
})

describe('the body of an answer', () => {
  test.each(['length', 'chunked', 'close'])('24 MiB by %s come unchanged', async (framing) => {
    const size = 24 * 1024 * 1024
    const block = Buffer.alloc(1_000_003)
    for (let index = 0; index < block.length; index += 1) block[index] = (index * 7) % 251
    const expected = createHash('sha256')
    await using scene = await between(({ socket }) => {
      const header = {
        length: `content-length: ${size}\r\n`,
        chunked: 'transfer-encoding: chunked\r\n',
        close: '',
      }[framing]
      socket.write(`HTTP/1.1 200 OK\r\n${header}\r\n`)
      for (let sent = 0; sent < size; sent += block.length) {
        const part = block.subarray(0, Math.min(block.length, size - sent))
        expected.update(part)
        if (framing === 'chunked') socket.write(`${part.length.toString(16)}\r\n`)
        socket.write(part)
        if (framing === 'chunked') socket.write('\r\n')
      }
      if (framing === 'chunked') socket.write('0\r\n\r\n')
      if (framing === 'close') socket.end()
    })
    const to = new Hashing()
    await (await scene.upstream.request(get())).pipe(to)
    await once(to.end(), 'finish')
    expect(to.bytes).toBe(size)
    expect(to.digest()).toBe(expected.digest('hex'))
  })

  test.each([
    ['a length', 'content-length: 10\r\n\r\nhello'],
    ['chunks', 'transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n'],
    ['chunks, within one', 'transfer-encoding: chunked\r\n\r\n5\r\nhel'],
  ])('one with %s that breaks off is never a short one', async (_, rest) => {
    await using scene = await between(({ socket }) => socket.end(`HTTP/1.1 200 OK\r\n${rest}`))
    const to = new PassThrough()
    await expect((await scene.upstream.request(get())).pipe(to)).rejects.toThrow(UpstreamFailure)
    expect(to.writableEnded).toBe(false)
    await expect(text(scene.upstream)).rejects.toThrow(UpstreamFailure)
  })

  test('one until the end of the connection that is reset is no whole one', async () => {
    await using scene = await between(({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\nhello', () => socket.resetAndDestroy())
    })
    const whole = scene.upstream.request(get()).then((answer) => answer.bytes(100))
    await expect(whole).rejects.toThrow(UpstreamFailure)
  })

  test('one that cannot be understood fails, and so does a head', async () => {
    await using scene = await between(({ head, socket }) =>
      socket.write(
        head.includes('/head')
          ? 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\nok'
          : 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
      ),
    )
    await expect(text(scene.upstream, get('/head'))).rejects.toThrow('a length and a coding')
    await expect(text(scene.upstream)).rejects.toThrow('size of a chunk')
    await freed(scene.upstream)
  })

  test('a head without end is given up', async () => {
    await using scene = await between(({ socket }) =>
      socket.write(`HTTP/1.1 200 OK\r\nx: ${'x'.repeat(40_000)}`),
    )
    await expect(text(scene.upstream)).rejects.toThrow('too long')
    await freed(scene.upstream)
  })

  test('one that is longer than may be held fails, and frees the connection', async () => {
    await using scene = await between(({ socket }) =>
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 500000\r\n\r\n${'x'.repeat(200_000)}`),
    )
    const answer = await scene.upstream.request(get())
    await expect(answer.bytes(1_000)).rejects.toThrow('too long')
    await freed(scene.upstream)
  })

  test('a client that does not read holds the upstream back', async () => {
    const size = 64 * 1024 * 1024
    let source: RawRequest['socket'] | undefined
    await using scene = await between(({ socket }) => {
      source = socket
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${size}\r\n\r\n`)
      for (let sent = 0; sent < 64; sent += 1) socket.write(Buffer.alloc(1024 * 1024))
    })
    let taken = 0
    let goOn = () => {}
    const to = new Writable({
      write(chunk: Buffer, _encoding, done) {
        taken += chunk.length
        if (taken === chunk.length) goOn = done
        else done()
      },
    })
    const answer = await scene.upstream.request(get())
    const piped = answer.pipe(to)
    // The kernel has its own buffers: no more than those and ours leave the source.
    let before = -1
    await waitFor(
      () => {
        const now = source?.writableLength ?? 0
        const isStill = now === before && taken > 0
        before = now
        return isStill
      },
      { what: 'the source to be held back', everyMs: 100 },
    )
    expect(before).toBeGreaterThan(size / 2)
    expect(to.writableLength).toBeLessThan(4 * 1024 * 1024)
    goOn()
    await piped
    expect(taken).toBe(size)
  })
})

describe('a client that is gone', () => {
  const endless = ({ socket }: RawRequest) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n')
    socket.write(Buffer.alloc(1_000_000))
  }

  test('within the answer frees the connection', async () => {
    await using scene = await between(endless)
    const to = new PassThrough()
    const piped = (await scene.upstream.request(get())).pipe(to)
    to.destroy()
    await expect(piped).rejects.toThrow('the client is gone')
    await freed(scene.upstream)
  })

  test('before the answer frees the connection', async () => {
    await using scene = await between(endless)
    const answer = await scene.upstream.request(get())
    const to = new PassThrough()
    await once(to.destroy(), 'close')
    await expect(answer.pipe(to)).rejects.toThrow('the client is gone')
    await freed(scene.upstream)
  })

  test('before there is an answer at all frees the connection', async () => {
    const gone = new AbortController()
    await using scene = await between(() => gone.abort())
    const request = { ...get(), signal: gone.signal }
    await expect(scene.upstream.request(request)).rejects.toThrow('the client is gone')
    await freed(scene.upstream)
  })

  test('before the request was sent asks for nothing', async () => {
    await using scene = await between(({ socket }) => socket.write(OK))
    const request = { ...get(), signal: AbortSignal.abort() }
    await expect(scene.upstream.request(request)).rejects.toThrow('the client is gone')
    expect(scene.raw.connections).toBe(0)
    expect(await text(scene.upstream)).toBe('ok')
  })

  test('within what it sends ends the connection: half a body must not look like a whole one', async () => {
    const stream = new PassThrough()
    await using scene = await between(() => stream.destroy())
    stream.write('half')
    const request = { ...get(), method: 'PATCH', body: { stream, length: undefined } }
    await expect(scene.upstream.request(request)).rejects.toThrow('the client is gone')
    await freed(scene.upstream)
    expect(scene.raw.received.join('')).not.toMatch(/\r\n0\r\n\r\n$/)
  })

  test('before anything of its body was sent', async () => {
    await using scene = await between(({ socket }) => socket.write(OK))
    const stream = new PassThrough()
    await once(stream.destroy(), 'close')
    const request = { ...get(), method: 'PATCH', body: { stream, length: 4 } }
    await expect(scene.upstream.request(request)).rejects.toThrow('the client is gone')
    await freed(scene.upstream)
  })
})

describe('the body of a request', () => {
  test('whose memory is given back part by part comes unchanged, also when the upstream reads late', async () => {
    const body = Buffer.alloc(24 * 1024 * 1024)
    for (let index = 0; index < body.length; index += 4) body.writeUInt32LE(index, index)
    const came = createHash('sha256')
    const readLate = async (request: IncomingMessage, response: ServerResponse) => {
      for await (const part of request) {
        await new Promise(setImmediate)
        came.update(part)
      }
      response.end('ok')
    }
    const behind = createServer((request, response) => void readLate(request, response))
    const upstream = new Upstream({ url: await listening(behind) })
    const sendOn = async (request: IncomingMessage, response: ServerResponse) => {
      const streamed = { stream: request, length: body.length }
      const answer = await upstream.request({ ...get(), method: 'PUT', body: streamed })
      response.end(await answer.bytes(10))
    }
    const front = createServer((request, response) => void sendOn(request, response))
    const answer = await fetch(await listening(front), { method: 'PUT', body })
    expect(await answer.text()).toBe('ok')
    expect(came.digest('hex')).toBe(createHash('sha256').update(body).digest('hex'))
    upstream.close()
    for (const server of [front, behind]) {
      server.closeAllConnections()
      await once(server.close(), 'close')
    }
  })

  test.each([
    ['with its length', 5, 'content-length: 5\r\n\r\nhello'],
    ['in chunks', undefined, 'transfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n'],
  ])('%s', async (_, length, expected) => {
    await using scene = await between(({ head, socket }) => {
      if (head.startsWith('GET')) return void socket.write(OK)
      const isWhole = () => scene.raw.received.join('').endsWith(expected)
      const timer = setInterval(() => isWhole() && socket.write(OK) && clearInterval(timer), 5)
    })
    const stream = Readable.from([Buffer.from('hel'), Buffer.from('lo')])
    const request = { ...get(), method: 'PATCH', body: { stream, length } }
    expect(await text(scene.upstream, request)).toBe('ok')
    expect(await text(scene.upstream)).toBe('ok')
    expect(scene.raw.connections).toBe(1)
  })

  test('none is said where one could be (RFC 9110, 8.6)', async () => {
    await using scene = await between(({ socket }) => socket.write(OK))
    for (const method of ['POST', 'PUT', 'PATCH']) {
      expect(await text(scene.upstream, { ...get(), method })).toBe('ok')
    }
    expect(scene.raw.received.join('').match(/content-length: 0/g)).toHaveLength(3)
  })

  test('an answer that comes before all of it: it is read, and the connection is not used again', async () => {
    await using scene = await between(({ socket }) =>
      socket.write('HTTP/1.1 401 x\r\ncontent-length: 2\r\n\r\nno'),
    )
    const stream = new PassThrough()
    stream.write(Buffer.alloc(10_000))
    const request = { ...get(), method: 'PUT', body: { stream, length: 10_000_000 } }
    const answer = await scene.upstream.request(request)
    expect(answer.status).toBe(401)
    expect((await answer.bytes(10)).toString()).toBe('no')
    await freed(scene.upstream)
    // What the client still sends is dropped, so that it gets to the answer.
    for (let sent = 0; sent < 10; sent += 1) {
      if (!stream.write(Buffer.alloc(100_000))) await once(stream, 'drain')
    }
    await once(stream.end(), 'end')
    const again = await scene.upstream.request(get())
    again.discard()
    expect(scene.raw.connections).toBe(2)
  })

  test('an upstream that does not read holds the client back', async () => {
    await using scene = await between(({ socket }) => socket.pause())
    let made = 0
    const stream = new Readable({
      read() {
        made += 1
        setImmediate(() => this.push(Buffer.alloc(1024 * 1024)))
      },
    })
    const request = { ...get(), method: 'PUT', body: { stream, length: 1024 ** 4 } }
    const asked = scene.upstream.request(request)
    let before = -1
    await waitFor(
      () => {
        const isStill = made > 0 && made === before
        before = made
        return isStill
      },
      { what: 'the client to be held back', everyMs: 100 },
    )
    expect(made).toBeLessThan(64)
    scene.upstream.close()
    await expect(asked).rejects.toThrow(UpstreamFailure)
    stream.destroy()
  })

  test('a header with a line break is refused, and takes no connection', async () => {
    await using scene = await between(({ socket }) => socket.write(OK))
    const request = { ...get(), headers: { accept: 'a\r\nx-smuggled: 1' } }
    await expect(scene.upstream.request(request)).rejects.toThrow('malformed')
    expect(scene.upstream.connections).toBe(0)
  })
})

describe('too many requests at once', () => {
  test('beyond 256 they wait for a connection, and those whose client is gone wait no more', async () => {
    const held: RawRequest[] = []
    await using scene = await between((request) => held.push(request))
    const first = Array.from({ length: 256 }, () => text(scene.upstream))
    await waitFor(() => held.length === 256, { what: 'all connections to be busy' })
    const gone = new AbortController()
    const impatient = scene.upstream.request({ ...get('/gone'), signal: gone.signal })
    const last = text(scene.upstream, get('/last'))
    gone.abort()
    await expect(impatient).rejects.toThrow('the client is gone')
    for (const { socket } of held.splice(0)) socket.write(OK)
    await Promise.all(first)
    await waitFor(() => held.length === 1, { what: 'the last one to have its turn' })
    held[0]?.socket.write(OK)
    expect(await last).toBe('ok')
    expect(scene.raw.received.join('')).not.toContain('/gone')
  })

  test('beyond 1,000 that wait they are refused; the end refuses all', async () => {
    await using scene = await between(() => undefined)
    const asked = Array.from({ length: 1_257 }, () =>
      scene.upstream.request(get()).catch((error: unknown) => error),
    )
    expect(String(await asked.at(-1))).toContain('too many requests wait')
    scene.upstream.close()
    const outcomes = await Promise.all(asked)
    expect(outcomes.filter((outcome) => outcome instanceof UpstreamFailure)).toHaveLength(1_257)
  })
})

describe('an upstream that', () => {
  test('says nothing is given up after the deadline', async () => {
    await using scene = await between(() => undefined, { silenceMs: 50 })
    await expect(text(scene.upstream)).rejects.toThrow('does not answer')
  })

  test('is sent a body that trickles is not given up, however long that takes', async () => {
    await using scene = await between(({ socket }) => socket.on('end', () => {}), {
      silenceMs: 1_000,
    })
    const stream = new PassThrough()
    let left = 15
    const timer = setInterval(() => {
      left -= 1
      if (left >= 0) stream.write('x')
      else stream.end()
    }, 100)
    const asked = text(scene.upstream, {
      ...get(),
      method: 'PATCH',
      body: { stream, length: undefined },
    })
    const all = waitFor(() => scene.raw.received[0]?.endsWith('0\r\n\r\n'), {
      what: 'all of it to arrive',
    })
    // It is given up after its end, when no answer comes; not before.
    await Promise.race([all, asked])
    clearInterval(timer)
    expect(left).toBe(-1)
    await expect(asked).rejects.toThrow('does not answer')
  })

  test('falls silent within a body is given up, too', async () => {
    const say = ({ socket }: RawRequest) =>
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello')
    await using scene = await between(say, { silenceMs: 50 })
    await expect(text(scene.upstream)).rejects.toThrow('does not answer')
  })

  test('is not there', async () => {
    const raw = await startRawUpstream(() => undefined)
    await raw[Symbol.asyncDispose]()
    await expect(text(new Upstream({ url: raw.url }))).rejects.toThrow('refuses connections')
  })

  test('has a path before every other, and gets the name that its address has', async () => {
    await using raw = await startRawUpstream(({ socket }) => socket.write(OK))
    const upstream = new Upstream({ url: `${raw.url}/behind/` })
    expect(await text(upstream, get('/v2/x?n=1'))).toBe('ok')
    upstream.close()
    expect(raw.received[0]).toContain(
      `GET /behind/v2/x?n=1 HTTP/1.1\r\nhost: ${new URL(raw.url).host}`,
    )
  })
})

describe('that something was changed is told', () => {
  const changed = async (request: Partial<UpstreamRequest>, says = OK) => {
    let told = 0
    await using raw = await startRawUpstream(({ socket }) => socket.end(says))
    const upstream = new Upstream({ url: raw.url, onChanged: () => (told += 1) })
    const asked = upstream.request({ ...get('/v2/a/manifests/x'), ...request })
    await asked.then(
      (answer) => answer.discard(),
      () => undefined,
    )
    upstream.close()
    return told > 0
  }

  test.each([
    [true, 'DELETE', '/v2/a/manifests/x'],
    [true, 'PUT', '/v2/a/manifests/x'],
    [true, 'DELETE', '/v2/a/blobs/sha256:x'],
    [true, 'DELETE', '/v2/a/blobs/uploads/b/manifests/x'],
    [true, 'POST', '/v2/_zot/ext/x'],
    [false, 'GET', '/v2/a/manifests/x'],
    [false, 'HEAD', '/v2/a/manifests/x'],
    [false, 'POST', '/v2/a/blobs/uploads/'],
    [false, 'PUT', '/v2/a/blobs/uploads/b?digest=sha256:x'],
  ])('%s: %s %s', async (expected, method, path) => {
    expect(await changed({ method, path })).toBe(expected)
  })

  test('also when nobody knows whether it was', async () => {
    expect(await changed({ method: 'DELETE' }, '')).toBe(true)
  })
})

describe('an upstream behind TLS', () => {
  test('has to have a certificate that is trusted, for its name', async () => {
    await using ca = await createCa()
    const [good, other] = await Promise.all([ca.issue('127.0.0.1'), ca.issue('elsewhere.test')])
    const answer = ({ socket }: RawRequest) => socket.write(OK)
    await using raw = await startRawUpstream(answer, good)
    await using wrong = await startRawUpstream(answer, other)
    const upstream = new Upstream({ url: raw.url })
    const elsewhere = new Upstream({ url: wrong.url })
    await expect(text(upstream)).rejects.toThrow(UpstreamFailure)
    const before = getCACertificates('default')
    setDefaultCACertificates([...before, ca.pem])
    try {
      expect(await text(upstream)).toBe('ok')
      expect(await text(upstream)).toBe('ok')
      await expect(text(elsewhere)).rejects.toThrow('altnames')
      expect(raw.received.filter((each) => each !== '')).toHaveLength(1)
      expect(wrong.received.join('')).toBe('')
    } finally {
      setDefaultCACertificates(before)
      upstream.close()
      elsewhere.close()
    }
  })

  test('sends large bodies unchanged to who reads slowly', async () => {
    await using ca = await createCa()
    const body = Buffer.alloc(8 * 1024 * 1024, 'fuchsbau')
    const tls = await ca.issue('127.0.0.1')
    await using raw = await startRawUpstream(({ socket }) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n`)
      socket.write(body)
    }, tls)
    const before = getCACertificates('default')
    setDefaultCACertificates([...before, ca.pem])
    const upstream = new Upstream({ url: raw.url })
    const to = new Hashing()
    try {
      await (await upstream.request(get())).pipe(to)
    } finally {
      setDefaultCACertificates(before)
      upstream.close()
    }
    await once(to.end(), 'finish')
    expect(to.digest()).toBe(createHash('sha256').update(body).digest('hex'))
  })
})
