// The socket below irc-framework's client: latin1 lines (byte for byte), never longer than the protocol allows, written
// through the flood control. TLS, pinned certificates and SOCKS are socket.ts's.
import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'

/** Longest line taken from a network: 8,191 bytes of tags and 512 of the rest, doubled for those that are generous. */
const MAX_LINE_BYTES = 16_384

/** Opens the socket; rejects with a reason for a person. `signal` ends the attempt. */
export type OpenSocket = (signal: AbortSignal) => Promise<Socket>

/** What irc-framework's Connection asks of a transport. */
export interface Transport extends EventEmitter {
  connect(): void
  writeLine(line: string, callback?: () => void): void
  close(force?: boolean): void
  disposeSocket(): void
  setEncoding(encoding: string): boolean
}

/** A transport class for one connection; irc-framework makes the instance. */
export function transportOn(open: OpenSocket): new () => Transport {
  return class extends LineTransport {
    constructor() {
      super(open)
    }
  }
}

class LineTransport extends EventEmitter implements Transport {
  readonly #open: OpenSocket
  readonly #abort = new AbortController()
  #socket: Socket | undefined
  #rest: Buffer | undefined
  /** Bytes of a line that is too long are dropped until it ends. */
  #isSkipping = false
  #isClosed = false

  constructor(open: OpenSocket) {
    super()
    this.#open = open
  }

  connect(): void {
    this.#open(this.#abort.signal).then(
      (socket) => this.#take(socket),
      (error: Error) => this.#closed(error),
    )
  }

  writeLine(line: string, callback?: () => void): void {
    // A line break inside would be a second command.
    const one = line.replace(/[\r\n\0]/g, ' ')
    if (this.#socket?.writable) this.#socket.write(`${one}\r\n`, 'latin1', () => callback?.())
    else if (callback) process.nextTick(callback)
  }

  close(force = false): void {
    this.#abort.abort()
    if (!this.#socket) this.#closed(undefined)
    else if (force) this.#socket.destroy()
    else this.#socket.end()
  }

  disposeSocket(): void {
    this.#abort.abort()
    this.#socket?.destroy()
  }

  setEncoding(): boolean {
    return true // latin1 always; the text's encoding is upstream/text.ts's
  }

  #take(socket: Socket): void {
    if (this.#abort.signal.aborted) {
      socket.destroy()
      return
    }
    this.#socket = socket
    let failure: Error | undefined
    socket.setNoDelay(true)
    socket.on('error', (error) => {
      failure = error
    })
    socket.on('close', () => this.#closed(failure))
    socket.on('data', (bytes: Buffer) => this.#read(bytes))
    this.emit('open')
  }

  #closed(error: Error | undefined): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.emit('close', error ?? false)
  }

  #read(bytes: Buffer): void {
    let start = 0
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
      this.#line(bytes.subarray(start, end))
      start = end + 1
      if (this.#isClosed) return
    }
    if (start < bytes.length) this.#keep(bytes.subarray(start))
  }

  #keep(part: Buffer): void {
    if (this.#isSkipping) return
    const rest = this.#rest ? Buffer.concat([this.#rest, part]) : Buffer.from(part)
    this.#isSkipping = rest.length > MAX_LINE_BYTES
    this.#rest = this.#isSkipping ? undefined : rest
  }

  #line(part: Buffer): void {
    const line = this.#rest ? Buffer.concat([this.#rest, part]) : part
    const isSkipped = this.#isSkipping || line.length > MAX_LINE_BYTES
    this.#rest = undefined
    this.#isSkipping = false
    if (isSkipped) {
      this.emit('extra', 'line too long')
      return
    }
    const end = line.at(-1) === 13 ? line.length - 1 : line.length
    this.emit('line', line.toString('latin1', 0, end))
  }
}
