// A client of a registry on a bare socket: one request after the other, bodies into one buffer that all share and nobody
// looks at, so that it costs the machine less than what it measures.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

const BUFFER = Buffer.allocUnsafeSlow(1024 * 1024)
const MAX_HEAD = 16 * 1024

export interface Answer {
  status: number
  head: string
  /** Of the body. */
  bytes: number
}

export interface WireRequest {
  method: string
  path: string
  port: number
  token: string
  headers?: Record<string, string>
}

/** A request's head as it goes out. */
export function headOf({ method, path, port, token, headers = {} }: WireRequest): Buffer {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const host = `host: 127.0.0.1:${port}\r\nauthorization: Bearer ${token}\r\n`
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${host}${lines.join('')}\r\n`)
}

export class Wire {
  socket: Socket
  /** Whether the last answer left the connection open. */
  isKept = true
  /** What ends the request that is under way. */
  onFailed: ((error: Error) => void) | undefined
  readonly #port: number
  #head = ''
  #answer: Answer | undefined
  #left = 0
  #onAnswer: ((answer: Answer) => void) | undefined
  readonly #pauseMs: number

  /** `pauseMs`: how long it waits after each read. */
  constructor(port: number, { pauseMs = 0 } = {}) {
    this.#pauseMs = pauseMs
    this.#port = port
    this.socket = this.#connect()
  }

  #connect(): Socket {
    const callback = (length: number) => this.#take(BUFFER.subarray(0, length))
    const onread = { buffer: BUFFER, callback }
    const socket = connect({ port: this.#port, host: '127.0.0.1', onread })
    socket.setNoDelay(true)
    const failed = (error: Error) => {
      if (socket === this.socket) this.onFailed?.(error)
    }
    socket.on('error', failed)
    socket.on('close', () => failed(new Error('the connection ended')))
    return socket
  }

  async open(): Promise<this> {
    if (this.socket.connecting) await once(this.socket, 'connect')
    return this
  }

  async reopen(): Promise<void> {
    const before = this.socket
    this.socket = this.#connect()
    this.isKept = true
    before.destroy()
    await this.open()
  }

  /** Sends a head; resolves when its answer is whole. A body is written to the socket meanwhile. */
  ask(head: Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.onFailed = reject
      this.askAgain(head, resolve)
    })
  }

  /** The same without a promise; failures go to `onFailed`. */
  askAgain(head: Buffer, onAnswer: (answer: Answer) => void): void {
    this.#onAnswer = onAnswer
    this.socket.write(head)
  }

  close(): void {
    this.onFailed = undefined
    this.socket.destroy()
  }

  #take(bytes: Buffer): boolean {
    const rest = this.#answer ? bytes : this.#readHead(bytes)
    const answer = this.#answer
    if (answer && rest) {
      this.#left -= rest.length
      if (this.#left === 0) this.#end(answer)
      else if (this.#left < 0) this.socket.destroy(new Error('more than the answer'))
    }
    if (this.#pauseMs === 0) return true
    void pause(this.#pauseMs).then(() => this.socket.resume())
    return false
  }

  /** What is behind the head, once that is there. */
  #readHead(bytes: Buffer): Buffer | undefined {
    const before = this.#head.length
    const text = this.#head + bytes.toString('latin1', 0, Math.min(bytes.length, MAX_HEAD))
    const end = text.indexOf('\r\n\r\n')
    if (end < 0) {
      this.#head = text
      return
    }
    this.#head = ''
    const head = text.slice(0, end)
    const status = Number(head.slice(9, 12))
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
    if (length === undefined && status !== 204) {
      this.socket.destroy(new Error(`an answer without a length: ${head}`))
    }
    this.#left = Number(length ?? 0)
    this.isKept = !/\r\nconnection: *close/i.test(head)
    this.#answer = { status, head, bytes: this.#left }
    return bytes.subarray(end + 4 - before)
  }

  #end(answer: Answer): void {
    this.#answer = undefined
    this.#onAnswer?.(answer)
  }
}
