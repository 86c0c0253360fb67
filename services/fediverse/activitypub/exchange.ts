// One HTTP request and its answer, with a deadline over all of it and a bound on the bytes read. No
// redirects, no decompression, no exceptions: what may go wrong is a failure with a kind.
import type { IncomingHttpHeaders } from 'node:http'
import type { Dispatcher } from 'undici'

/** What may go wrong between us and another server. */
export type FailureKind =
  | 'bad-url'
  | 'private-address'
  | 'timeout'
  | 'network'
  | 'too-large'
  | 'busy'
  | 'not-found'
  | 'gone'
  | 'unauthorized'
  | 'status'
  | 'redirects'
  | 'bad-content-type'
  | 'bad-json'
  | 'bad-id'

/** A failed request; `message` is for the log and names no more than the peer itself said. */
export interface Failure {
  ok: false
  kind: FailureKind
  message: string
  /** The HTTP status, where there was an answer. */
  status?: number
  /** What the peer asked for in Retry-After, at most a day. */
  retryAfterMs?: number
}

export interface ExchangeRequest {
  method: 'GET' | 'POST'
  url: URL
  /** Names and values in turn. */
  fields: string[]
  body?: Buffer | undefined
  /** When the last byte of the answer must be here, on the clock of `performance`. */
  deadline: number
  /** Most bytes of the answer's body that are kept. */
  maxBytes: number
  /** What to do with a longer body: fail, or keep its beginning and hang up. */
  overflow: 'fail' | 'cut'
  /** Ends it as a failure. */
  signal?: AbortSignal | undefined
}

/** An answer as it came, whatever its status. */
export interface Answer {
  ok: true
  status: number
  headers: IncomingHttpHeaders
  body: Buffer
}

/** Makes one request. Resolves always. */
export function exchange(
  dispatcher: Dispatcher,
  request: ExchangeRequest,
): Promise<Answer | Failure> {
  return new Promise((resolve) => {
    const { url, method, fields, body, signal } = request
    if (signal?.aborted) return resolve(failure('network', CLOSING))
    const handler = new ExchangeHandler(request, resolve)
    const path = `${url.pathname}${url.search}`
    dispatcher.dispatch(
      { origin: url.origin, path, method, headers: fields, body: body ?? null },
      handler,
    )
  })
}

const CLOSING = 'given up: we are closing'

class ExchangeHandler implements Dispatcher.DispatchHandler {
  readonly #request: ExchangeRequest
  readonly #timer: NodeJS.Timeout
  readonly #onAbort = () => this.#stop(failure('network', CLOSING))
  #resolve: ((result: Answer | Failure) => void) | undefined
  #controller: Dispatcher.DispatchController | undefined
  #status = 0
  #headers: IncomingHttpHeaders = {}
  #chunks: Buffer[] = []
  #size = 0

  constructor(request: ExchangeRequest, resolve: (result: Answer | Failure) => void) {
    this.#request = request
    this.#resolve = resolve
    const leftMs = Math.max(0, request.deadline - performance.now())
    this.#timer = setTimeout(() => this.#stop(failure('timeout', 'no answer in time')), leftMs)
    request.signal?.addEventListener('abort', this.#onAbort)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#resolve === undefined) controller.abort(new Error('too late'))
  }

  onResponseStart(
    _: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    if (status < 200) return
    this.#status = status
    this.#headers = headers
    const { maxBytes, overflow } = this.#request
    if (overflow === 'fail' && Number(headers['content-length']) > maxBytes) this.#overflow()
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#size += chunk.length
    if (this.#size > this.#request.maxBytes) this.#overflow()
  }

  onResponseEnd(): void {
    this.#settle(this.#answer())
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#settle(failureOf(error))
  }

  #answer(): Answer {
    const body = Buffer.concat(this.#chunks).subarray(0, this.#request.maxBytes)
    return { ok: true, status: this.#status, headers: this.#headers, body }
  }

  #overflow(): void {
    const { overflow, maxBytes } = this.#request
    const isCut = overflow === 'cut'
    this.#stop(isCut ? this.#answer() : failure('too-large', `more than ${maxBytes} bytes`))
  }

  #stop(result: Answer | Failure): void {
    this.#settle(result)
    this.#controller?.abort(new Error('stopped'))
  }

  #settle(result: Answer | Failure): void {
    clearTimeout(this.#timer)
    this.#request.signal?.removeEventListener('abort', this.#onAbort)
    this.#resolve?.(result)
    this.#resolve = undefined
  }
}

/** A failure without an HTTP status. */
export function failure(kind: FailureKind, message: string): Failure {
  return { ok: false, kind, message }
}

const timeouts = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'ETIMEDOUT',
  'ETIMEOUT',
])

function failureOf(error: Error & { code?: string }): Failure {
  const { code = error.name, message } = error
  if (code === 'EPRIVATE') return failure('private-address', message)
  if (timeouts.has(code)) return failure('timeout', message)
  return failure('network', message === '' ? code : message)
}

const maxRetryAfterMs = 86_400_000

/** The failure that a status other than 2xx stands for, with the beginning of what the peer said. */
export function failureOfStatus(answer: Answer, now: number): Failure {
  const { status, body } = answer
  const said = body
    .toString('utf8', 0, 200)
    .replaceAll(/[^\x20-\x7e]+/g, ' ')
    .trim()
  const failed = failure(kindOfStatus(status), `HTTP ${status}${said === '' ? '' : `: ${said}`}`)
  const retryAfterMs = parseRetryAfter(answer.headers['retry-after'], now)
  return { ...failed, status, ...(retryAfterMs !== undefined && { retryAfterMs }) }
}

function kindOfStatus(status: number): FailureKind {
  if (status === 404) return 'not-found'
  if (status === 410) return 'gone'
  if (status === 401 || status === 403) return 'unauthorized'
  return status >= 300 && status < 400 ? 'redirects' : 'status'
}

/** Retry-After in milliseconds from now, 0 to a day. https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3 */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined
  const isSeconds = /^\d{1,9}$/.test(value)
  if (!isSeconds && !value.endsWith(' GMT')) return undefined
  const ms = isSeconds ? Number(value) * 1000 : Date.parse(value) - now
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), maxRetryAfterMs)
}
