// What waits to be written to one client. Nothing is written before the store has committed the turn that it comes from.
import type { Wire } from './socket.ts'

/** With more waiting, a client is caught up from the history instead of being sent each line. */
export const HIGH_WATER_BYTES = 512 * 1024
/** With more waiting, it is cut off: it can come back and miss nothing. */
const MAX_BYTES = 8 * 1024 * 1024

export class Output {
  readonly #wire: Wire
  #text = ''
  #isOver = false

  constructor(wire: Wire) {
    this.#wire = wire
  }

  /** Bytes (about) that the client has not taken. */
  get waiting(): number {
    return this.#text.length + this.#wire.unsent
  }

  get isOver(): boolean {
    return this.#isOver
  }

  add(line: string): void {
    if (this.#isOver) return
    this.#text += `${line}\r\n`
    this.#isOver = this.waiting > MAX_BYTES
  }

  /** Forgets what is not written. */
  discard(): void {
    this.#text = ''
  }

  /** Writes what waits; true when there was something. */
  flush(): boolean {
    if (this.#text === '') return false
    const text = this.#text
    this.#text = ''
    this.#wire.write(text)
    return true
  }
}
