// Where the body of an answer goes: to the client, or into memory.
import type { Writable } from 'node:stream'
import type { Connection } from './connection.ts'
import { ClientGone, UpstreamFailure } from './failure.ts'

export interface Sink {
  take(part: Buffer, release: () => void): boolean
  end(error: Error | undefined): void
}

/** To a client, as fast as it reads. */
export class PipeSink implements Sink {
  readonly #to: Writable
  readonly #connection: Connection
  readonly #done: () => void
  readonly #failed: (error: Error) => void
  readonly #onDrain = () => this.#connection.resume()
  readonly #onClose = () => this.#failed(new ClientGone())

  constructor(
    to: Writable,
    connection: Connection,
    done: () => void,
    failed: (error: Error) => void,
  ) {
    this.#to = to
    this.#connection = connection
    this.#done = done
    this.#failed = failed
    to.on('drain', this.#onDrain)
    to.once('close', this.#onClose)
    // It may have closed before anybody listened.
    if (to.destroyed) this.#onClose()
  }

  take(part: Buffer, release: () => void): boolean {
    return this.#to.write(part, release)
  }

  end(error: Error | undefined): void {
    this.#to.off('drain', this.#onDrain)
    this.#to.off('close', this.#onClose)
    if (error) this.#failed(new UpstreamFailure(error.message, { cause: error }))
    else this.#done()
  }
}

/** Into memory; fails beyond `max` bytes. */
export class BytesSink implements Sink {
  readonly #parts: Buffer[]
  readonly #max: number
  readonly #done: () => void
  readonly #failed: (error: Error) => void
  #bytes = 0

  constructor(parts: Buffer[], max: number, done: () => void, failed: (error: Error) => void) {
    this.#parts = parts
    this.#max = max
    this.#done = done
    this.#failed = failed
  }

  take(part: Buffer, release: () => void): boolean {
    this.#bytes += part.length
    if (this.#bytes > this.#max) this.#failed(new UpstreamFailure('the answer is too long'))
    else this.#parts.push(Buffer.from(part))
    release()
    return this.#bytes <= this.#max
  }

  end(error: Error | undefined): void {
    if (error) this.#failed(new UpstreamFailure(error.message, { cause: error }))
    else this.#done()
  }
}
