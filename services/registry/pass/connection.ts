// One connection to the upstream: one request after the other. Bodies come in reads of up to 1 MiB and go on as they came, so
// that a big layer costs few turns of the event loop and no memory beyond what is under way.
import { connect as connectTcp, isIP, type OnReadOpts, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { type BodyReader, bodyReader } from './body.ts'
import { BadUpstream, parseHead, type ResponseHead } from './head.ts'

export interface Origin {
  host: string
  port: number
  isTls: boolean
}

/** What a request's answer is given to. */
export interface Receiver {
  onHead(head: ResponseHead): void
  /** A part of the body; it may be kept until `release` is called. Answers whether more can be taken now. */
  onBody(part: Buffer, release: () => void): boolean
  /** The body is whole. */
  onEnd(): void
  /** Nothing more comes. `isUntouched`: not a byte of an answer has come, on a connection that was used before. */
  onError(error: Error, isUntouched: boolean): void
}

const MAX_HEAD_BYTES = 32 * 1024
const SMALL_BYTES = 64 * 1024
const LARGE_BYTES = 1024 * 1024
/** Bodies with more than this to come are read in large pieces. */
const LARGE_FROM = 4 * SMALL_BYTES
const HEAD_END = '\r\n\r\n'
const CONNECT_MS = 10_000

export class Connection {
  readonly socket: Socket
  #receiver: Receiver | undefined
  #method = ''
  #head: Buffer = Buffer.alloc(0)
  #body: BodyReader | undefined
  #isKeptAlive = true
  #hasBytes = false
  /** Whether a request's body is still on its way: an answer that came before makes the connection useless. */
  isSending = false
  #uses = 0
  #failure: Error | undefined
  readonly #free: Buffer[] = []
  readonly #onIdle: (connection: Connection) => void

  /** `onIdle` is called when an answer is whole and the connection can take the next request. */
  constructor(origin: Origin, onIdle: (connection: Connection) => void) {
    this.#onIdle = onIdle
    this.socket = this.#connect(origin)
    this.socket.setNoDelay(true)
    const slow = setTimeout(
      () => this.socket.destroy(new Error('the upstream does not answer')),
      CONNECT_MS,
    )
    this.socket.once(origin.isTls ? 'secureConnect' : 'connect', () => clearTimeout(slow))
    this.socket.on('error', (error) => {
      this.#failure = error
    })
    this.socket.on('close', () => {
      clearTimeout(slow)
      this.#closed()
    })
  }

  get isUsable(): boolean {
    return this.#isKeptAlive && !this.socket.destroyed && this.socket.writable
  }

  /** Begins a request: the connection must be idle. Its head is written by the caller. */
  begin(method: string, receiver: Receiver): void {
    this.#receiver = receiver
    this.#method = method
    this.#hasBytes = false
    this.#uses += 1
    this.socket.ref()
  }

  /** The receiver can take more. */
  resume(): void {
    this.socket.resume()
  }

  #connect({ host, port, isTls }: Origin): Socket {
    if (isTls) {
      // An address is no name for this. https://www.rfc-editor.org/rfc/rfc6066#section-3
      const socket = connectTls({ host, port, servername: isIP(host) ? '' : host })
      socket.on('data', (bytes: Buffer) => {
        if (!this.#take(bytes, () => undefined)) socket.pause()
      })
      return socket
    }
    const onread: OnReadOpts = {
      buffer: () => this.#buffer(),
      callback: (length, bytes) => {
        const buffer = bytes as Buffer
        // Kept only while somebody still writes it out.
        return this.#take(buffer.subarray(0, length), () => this.#recycle(buffer))
      },
    }
    return connectTcp({ host, port, onread })
  }

  #buffer(): Buffer {
    const isLarge = (this.#body?.left ?? 0) > LARGE_FROM
    if (!isLarge) return Buffer.allocUnsafeSlow(SMALL_BYTES)
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(LARGE_BYTES)
  }

  #recycle(buffer: Buffer): void {
    if (buffer.length === LARGE_BYTES && this.#free.length < 4) this.#free.push(buffer)
  }

  /** Whether to read on. */
  #take(bytes: Buffer, release: () => void): boolean {
    if (!this.#receiver) {
      // Something that nobody asked for: the connection is not to be trusted any more.
      this.socket.destroy()
      return true
    }
    this.#hasBytes = true
    try {
      return this.#read(bytes, release)
    } catch (error) {
      this.socket.destroy(error instanceof Error ? error : new BadUpstream('unreadable'))
      return true
    }
  }

  #read(bytes: Buffer, release: () => void): boolean {
    if (this.#body) return this.#readBody(this.#body, bytes, release)
    const all = this.#head.length === 0 ? bytes : Buffer.concat([this.#head, bytes])
    const end = all.indexOf(HEAD_END)
    if (end < 0) {
      if (all.length > MAX_HEAD_BYTES) throw new BadUpstream('the head is too long')
      this.#head = all === bytes ? Buffer.from(bytes) : all
      release()
      return true
    }
    this.#head = Buffer.alloc(0)
    const head = parseHead(all.toString('latin1', 0, end), this.#method)
    const rest = all.subarray(end + HEAD_END.length)
    // 100 Continue and the like come before the answer.
    if (head.status < 200) return this.#read(rest, release)
    this.#isKeptAlive &&= head.isKeptAlive
    this.#body = bodyReader(head.framing)
    this.#receiver?.onHead(head)
    return this.#body ? this.#readBody(this.#body, rest, release) : true
  }

  #readBody(body: BodyReader, bytes: Buffer, release: () => void): boolean {
    let pending = 1
    const released = () => {
      pending -= 1
      if (pending === 0) release()
    }
    let canTakeMore = true
    const end = body.read(bytes, (part) => {
      pending += 1
      if (this.#receiver?.onBody(part, released) === false) canTakeMore = false
    })
    released()
    if (end === undefined) return canTakeMore
    if (end < bytes.length) this.#isKeptAlive = false
    this.#end()
    return true
  }

  #end(): void {
    const receiver = this.#receiver
    this.#receiver = undefined
    this.#body = undefined
    if (this.isUsable && !this.isSending) this.#onIdle(this)
    else this.socket.destroy()
    receiver?.onEnd()
  }

  #closed(): void {
    const receiver = this.#receiver
    this.#receiver = undefined
    if (!receiver) return
    if (this.#body?.endsByClose && !this.#failure) {
      this.#body = undefined
      receiver.onEnd()
      return
    }
    const isUntouched = !this.#hasBytes && this.#uses > 1
    receiver.onError(this.#failure ?? new Error('the upstream ended the connection'), isUntouched)
  }
}
