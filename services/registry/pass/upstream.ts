// The upstream registry over HTTP: kept connections, requests whose bodies are streamed in, answers that are streamed out.
import type { Readable, Writable } from 'node:stream'
import { Connection, type Origin, type Receiver } from './connection.ts'
import { ClientGone, UpstreamFailure } from './failure.ts'
import type { ResponseHead } from './head.ts'
import { sendBody } from './send-body.ts'
import { BytesSink, PipeSink, type Sink } from './sink.ts'

export interface UpstreamRequest {
  method: string
  /** With its query. */
  path: string
  headers: Readonly<Record<string, string>>
  /** A body, of this length if it is known. */
  body?: { stream: Readable; length: number | undefined } | undefined
  /** The client is gone. */
  signal?: AbortSignal | undefined
}

/** An answer whose body has not been read yet: exactly one of the three must be called. */
export interface UpstreamAnswer extends ResponseHead {
  /** Writes the body, as fast as it is taken; resolves when all of it is written, and does not end `to`. */
  pipe(to: Writable): Promise<void>
  /** The body, of at most so many bytes; rejects when it is longer. */
  bytes(max: number): Promise<Buffer>
  /** Reads the body, and forgets it; a long one ends the connection. */
  discard(): void
}

export interface UpstreamOptions {
  /** `http://zot:5000`, with a path that stands before every other, if it has one. */
  url: string
  /** How long the upstream may be silent before it answers, and within a body. */
  silenceMs?: number
  /** Called when something that is no blob was changed there by a request of ours, or may have been: before its answer is known. */
  onChanged?(): void
}

export const MAX_CONNECTIONS = 256
const MAX_IDLE = 32
/** Shorter than any server keeps a connection open by itself. */
const IDLE_MS = 20_000
const MAX_WAITING = 1_000
/** A large blob may have to be read once more before its upload is answered. */
const SILENCE_MS = 600_000
const DISCARD_BYTES = 64 * 1024

type Waiting = { take(connection: Connection): void; fail(error: Error): void }

export class Upstream {
  readonly #origin: Origin
  readonly #host: string
  /** Path that stands before every other at the upstream; mostly empty. */
  readonly prefix: string
  readonly #silenceMs: number
  readonly #onChanged: () => void
  readonly #idle: { connection: Connection; timer: NodeJS.Timeout }[] = []
  readonly #open = new Set<Connection>()
  readonly #waiting: Waiting[] = []
  #isClosed = false

  constructor({ url, silenceMs = SILENCE_MS, onChanged = () => {} }: UpstreamOptions) {
    const { hostname, port, protocol, pathname, host } = new URL(url)
    const isTls = protocol === 'https:'
    const bare = hostname.replace(/^\[|\]$/g, '')
    this.#origin = { host: bare, port: Number(port || (isTls ? 443 : 80)), isTls }
    this.#host = host
    this.prefix = pathname.replace(/\/$/, '')
    this.#silenceMs = silenceMs
    this.#onChanged = onChanged
  }

  /** For metrics. */
  get connections(): number {
    return this.#open.size
  }

  /**
   * Sends a request; resolves at the head of the answer. Rejects with UpstreamFailure. What was not sent whole on a kept
   * connection that the upstream had just closed is sent again, when it has no body.
   */
  async request(request: UpstreamRequest): Promise<UpstreamAnswer> {
    try {
      return await this.#attempts(request)
    } finally {
      if (isChange(request)) this.#onChanged()
    }
  }

  async #attempts(request: UpstreamRequest): Promise<UpstreamAnswer> {
    try {
      return await this.#attempt(request, false)
    } catch (error) {
      if (!(error instanceof Untouched) || request.body) throw failureOf(error)
    }
    try {
      return await this.#attempt(request, true)
    } catch (error) {
      throw failureOf(error)
    }
  }

  close(): void {
    this.#isClosed = true
    for (const { timer } of this.#idle.splice(0)) clearTimeout(timer)
    for (const connection of this.#open) connection.socket.destroy()
    for (const waiting of this.#waiting.splice(0)) waiting.fail(new Error('closing'))
  }

  async #attempt(request: UpstreamRequest, isFresh: boolean): Promise<UpstreamAnswer> {
    if (request.signal?.aborted) throw new ClientGone()
    const head = this.#headOf(request)
    const connection = await this.#connection(isFresh, request.signal)
    if (request.signal?.aborted) {
      this.#release(connection)
      throw new ClientGone()
    }
    return await new Promise<UpstreamAnswer>((resolve, reject) => {
      const exchange = new Exchange(connection, resolve, reject)
      connection.begin(request.method, exchange)
      connection.socket.setTimeout(this.#silenceMs, () =>
        connection.socket.destroy(new Error('the upstream does not answer')),
      )
      const abort = () => connection.socket.destroy(new ClientGone())
      request.signal?.addEventListener('abort', abort, { once: true })
      exchange.onDone = () => request.signal?.removeEventListener('abort', abort)
      connection.socket.write(head, 'latin1')
      if (request.body) sendBody(connection, request.body)
    })
  }

  #headOf({ method, path, headers, body }: UpstreamRequest): string {
    const lines = [`${method} ${this.prefix}${path} HTTP/1.1`, `host: ${this.#host}`]
    for (const [name, value] of Object.entries(headers)) {
      if (/[\r\n\0]/.test(value)) throw new UpstreamFailure(`the header ${name} is malformed`)
      lines.push(`${name}: ${value}`)
    }
    if (body) {
      lines.push(
        body.length === undefined ? 'transfer-encoding: chunked' : `content-length: ${body.length}`,
      )
    } else if (method === 'POST' || method === 'PUT' || method === 'PATCH') {
      lines.push('content-length: 0')
    }
    return `${lines.join('\r\n')}\r\n\r\n`
  }

  #connection(isFresh: boolean, signal: AbortSignal | undefined): Promise<Connection> {
    if (this.#isClosed) return Promise.reject(new UpstreamFailure('closing'))
    for (let kept = isFresh ? undefined : this.#idle.pop(); kept; kept = this.#idle.pop()) {
      clearTimeout(kept.timer)
      if (kept.connection.isUsable) return Promise.resolve(kept.connection)
    }
    if (this.#open.size < MAX_CONNECTIONS) return Promise.resolve(this.#dial())
    if (this.#waiting.length >= MAX_WAITING) {
      return Promise.reject(new UpstreamFailure('too many requests wait for the upstream'))
    }
    return new Promise((take, fail) => {
      const waiting: Waiting = { take, fail }
      this.#waiting.push(waiting)
      signal?.addEventListener('abort', () => {
        const index = this.#waiting.indexOf(waiting)
        if (index >= 0) this.#waiting.splice(index, 1)
        fail(new ClientGone())
      })
    })
  }

  #dial(): Connection {
    const connection = new Connection(this.#origin, (idle) => this.#release(idle))
    this.#open.add(connection)
    connection.socket.once('close', () => {
      this.#open.delete(connection)
      const index = this.#idle.findIndex((kept) => kept.connection === connection)
      if (index >= 0) clearTimeout(this.#idle.splice(index, 1)[0]?.timer)
      const next = this.#isClosed ? undefined : this.#waiting.shift()
      next?.take(this.#dial())
    })
    return connection
  }

  #release(connection: Connection): void {
    const { socket } = connection
    socket.setTimeout(0)
    socket.removeAllListeners('timeout')
    if (!connection.isUsable || this.#isClosed || this.#idle.length >= MAX_IDLE) {
      socket.destroy()
      return
    }
    const next = this.#waiting.shift()
    if (next) {
      next.take(connection)
      return
    }
    const timer = setTimeout(() => socket.destroy(), IDLE_MS).unref()
    this.#idle.push({ connection, timer })
  }
}

const isChange = ({ method, path }: UpstreamRequest) =>
  method !== 'GET' && method !== 'HEAD' && !/\/blobs\/uploads\/[^/?]*(?:\?|$)/.test(path)

/** The upstream had closed a kept connection before it read the request. */
class Untouched extends UpstreamFailure {
  override name = 'Untouched'
}

function failureOf(error: unknown): UpstreamFailure {
  if (error instanceof UpstreamFailure) return error
  const { message = String(error), code } = error as NodeJS.ErrnoException
  return new UpstreamFailure(code === 'ECONNREFUSED' ? 'it refuses connections' : message, {
    cause: error,
  })
}

/** One request and its answer on a connection. */
class Exchange implements Receiver {
  readonly #connection: Connection
  readonly #resolve: (answer: UpstreamAnswer) => void
  readonly #reject: (error: Error) => void
  #sink: Sink | undefined
  /** What came before anybody wanted it: what is in the read that held the head. */
  readonly #early: { part: Buffer; release: () => void }[] = []
  #outcome: { error: Error | undefined } | undefined
  onDone: () => void = () => undefined

  constructor(
    connection: Connection,
    resolve: (answer: UpstreamAnswer) => void,
    reject: (error: Error) => void,
  ) {
    this.#connection = connection
    this.#resolve = resolve
    this.#reject = reject
  }

  onHead(head: ResponseHead): void {
    this.#resolve({
      ...head,
      pipe: (to) => this.#into((done, failed) => new PipeSink(to, this.#connection, done, failed)),
      bytes: async (max) => {
        const parts: Buffer[] = []
        await this.#into((done, failed) => new BytesSink(parts, max, done, failed))
        return Buffer.concat(parts)
      },
      // Short bodies keep the connection.
      discard: () => {
        this.#into((done, failed) => new BytesSink([], DISCARD_BYTES, done, failed)).catch(
          () => undefined,
        )
      },
    })
  }

  onBody(part: Buffer, release: () => void): boolean {
    if (this.#sink) return this.#sink.take(part, release)
    this.#early.push({ part, release })
    return false
  }

  onEnd(): void {
    this.#finish(undefined)
  }

  onError(error: Error, isUntouched: boolean): void {
    this.#reject(isUntouched ? new Untouched(error.message) : error)
    this.#finish(error)
  }

  #finish(error: Error | undefined): void {
    this.#outcome = { error }
    this.onDone()
    this.#sink?.end(error)
  }

  #into(make: (done: () => void, failed: (error: Error) => void) => Sink): Promise<void> {
    return new Promise((resolve, reject) => {
      const sink = make(resolve, (error) => {
        // Once the answer is whole, the connection is somebody else's.
        if (!this.#outcome) this.#connection.socket.destroy(error)
        reject(error)
      })
      this.#sink = sink
      let canTakeMore = true
      for (const { part, release } of this.#early.splice(0)) canTakeMore = sink.take(part, release)
      if (this.#outcome) sink.end(this.#outcome.error)
      else if (canTakeMore) this.#connection.resume()
    })
  }
}
