// The socket below irc-framework's client: latin1 lines (byte for byte), never longer than the protocol allows, written
// through the flood control. TLS, pinned certificates and SOCKS are socket.ts's.
import { EventEmitter } from 'node:events'
import type { Duplex } from 'node:stream'
import { LineReader } from '../irc/line-reader.ts'

/** Longest line taken from a network: 8,191 bytes of tags and 512 of the rest, doubled for those that are generous. */
export const MAX_LINE_BYTES = 16_384

/** Opens the socket; rejects with a reason for a person. `signal` ends the attempt. */
export type OpenSocket = (signal: AbortSignal) => Promise<Duplex>

/** What irc-framework's Connection asks of a transport. */
export interface Transport extends EventEmitter {
  connect(): void
  writeLine(line: string, callback?: () => void): void
  close(force?: boolean): void
  disposeSocket(): void
  setEncoding(encoding: string): boolean
}

/** What comes from the network. It does not go through irc-framework. */
export interface Received {
  /** One line, as latin1, without its end. */
  onLine(line: string): void
  /** A line of more than 16 KiB was dropped. */
  onTooLong(): void
}

/** A transport class for one connection; irc-framework makes the instance, which is given to `made`. */
export function transportOn(
  open: OpenSocket,
  received: Received,
  made: (transport: LineTransport) => void,
): new () => Transport {
  return class extends LineTransport {
    constructor() {
      super(open, received)
      made(this)
    }
  }
}

export class LineTransport extends EventEmitter implements Transport {
  readonly #open: OpenSocket
  readonly #received: Received
  readonly #abort = new AbortController()
  readonly #reader = new LineReader(MAX_LINE_BYTES)
  #socket: Duplex | undefined
  #isClosed = false

  constructor(open: OpenSocket, received: Received) {
    super()
    this.#open = open
    this.#received = received
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

  #take(socket: Duplex): void {
    if (this.#abort.signal.aborted) {
      socket.destroy()
      return
    }
    this.adopt(socket)
    this.read()
    this.emit('open')
  }

  /** Has a socket that is open already; what comes is read from `read` on. */
  adopt(socket: Duplex): void {
    this.#socket = socket
    let failure: Error | undefined
    socket.on('error', (error) => {
      failure = error
    })
    socket.on('close', () => this.#closed(failure))
    if (socket.closed) this.#closed(failure)
  }

  read(): void {
    this.#socket?.on('data', (bytes: Buffer) => this.feed(bytes))
  }

  /** The beginning of a line that is not whole yet. */
  rest(): Buffer {
    return this.#reader.rest()
  }

  #closed(error: Error | undefined): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.emit('close', error ?? false)
  }

  /** Bytes of the network. */
  feed(bytes: Buffer): void {
    this.#reader.add(bytes)
    for (let line = this.#reader.next(); line && !this.#isClosed; line = this.#reader.next()) {
      if (line === 'too-long') this.#received.onTooLong()
      else if (line.length > 0) this.#received.onLine(line.toString('latin1'))
    }
  }
}
