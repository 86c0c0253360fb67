// The bouncer's side of a connection that the holder has: a stream of the network's bytes, as a socket is, and what is asked
// of the holder about it.
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { dataFrames, type Frame, FrameReader, frame, type Held, heldOf } from './frames.ts'
import { control, type Reply, type Request, readReply } from './messages.ts'

type Is = Reply['is']

/** The holder answers at once, whatever the network does. */
const ANSWER_MS = 5_000

/** What a holder has said that is no data. */
interface Waiter {
  wanted: readonly Is[]
  resolve(reply: Reply): void
  reject(error: Error): void
}

export class HeldSocket extends Duplex {
  readonly #unix: Socket
  readonly #reader = new FrameReader()
  #waiter: Waiter | undefined
  #isOver = false
  /** What is to be known before the first line, of one that is resumed. */
  state = Buffer.alloc(0)
  held: Held[] = []

  /** `unix`: connected, or connecting, to the holder. */
  constructor(unix: Socket) {
    super({ allowHalfOpen: false })
    this.#unix = unix
    unix.on('data', (bytes) => this.#take(bytes))
    unix.on('error', (error) => this.#lost(error))
    unix.on('close', () => this.#lost(new Error('the holder of the connection has ended')))
  }

  /** Asks, and waits for one of these answers. Rejects when the connection ends before; `signal` ends it. */
  async ask(
    request: Request,
    wanted: readonly Is[],
    signal = AbortSignal.timeout(ANSWER_MS),
  ): Promise<Reply> {
    const { promise, resolve, reject } = Promise.withResolvers<Reply>()
    this.#waiter = { wanted, resolve, reject }
    this.tell(request)
    const aborted = () => this.destroy(new Error('the holder did not answer in time'))
    signal.addEventListener('abort', aborted, { once: true })
    if (signal.aborted) aborted()
    try {
      return await promise
    } finally {
      signal.removeEventListener('abort', aborted)
    }
  }

  tell(request: Request): void {
    if (this.#unix.writable) this.#unix.write(control(request))
  }

  /** For the bouncer that comes next: the state, then the wish to keep. */
  keep(state: Buffer, request: Request & { do: 'keep' }): Promise<Reply> {
    this.#unix.write(frame('state', state))
    return this.ask(request, ['kept', 'not-kept', 'closed'])
  }

  /** Leaves the connection where it is. */
  letGo(): void {
    this.#isOver = true
    this.destroy()
  }

  override _read(): void {
    this.#unix.resume()
  }

  override _write(bytes: Buffer, _: BufferEncoding, done: (error?: Error) => void): void {
    let hasRoom = true
    for (const each of dataFrames(bytes)) hasRoom = this.#unix.write(each)
    if (hasRoom || this.#unix.destroyed) done()
    else this.#unix.once('drain', done)
  }

  override _final(done: () => void): void {
    this.tell({ do: 'end' })
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (!this.#isOver) this.tell({ do: 'destroy' })
    this.#isOver = true
    this.#waiter?.reject(error ?? new Error('the connection was ended'))
    this.#waiter = undefined
    // What it still says is not heard, but must be read for the end to be seen.
    this.#unix.end()
    this.#unix.resume()
    done(error)
  }

  #take(bytes: Buffer): void {
    try {
      this.#reader.add(bytes)
      for (let next = this.#reader.next(); next; next = this.#reader.next()) this.#heard(next)
    } catch (error) {
      this.#unix.destroy()
      this.#lost(error as Error)
    }
  }

  #heard({ type, payload }: Frame): void {
    if (this.#isOver) return
    if (type === 'data') {
      if (!this.push(payload)) this.#unix.pause()
    } else if (type === 'held') this.held.push(heldOf(payload))
    else if (type === 'state') this.state = Buffer.from(payload)
    else {
      const reply = readReply(payload)
      if (reply) this.#replied(reply)
    }
  }

  #replied(reply: Reply): void {
    const waiter = this.#waiter
    if (waiter?.wanted.includes(reply.is)) {
      this.#waiter = undefined
      waiter.resolve(reply)
    }
    if (reply.is === 'closed') this.#ended(reply.reason)
  }

  /** The network has closed it: told behind the last byte. */
  #ended(reason: string | undefined): void {
    this.#isOver = true
    this.once('end', () => this.destroy(reason === undefined ? undefined : new Error(reason)))
    this.push(null)
  }

  #lost(error: Error): void {
    this.#waiter?.reject(error)
    this.#waiter = undefined
    if (this.#isOver) return
    this.#isOver = true
    this.destroy(error)
  }
}
