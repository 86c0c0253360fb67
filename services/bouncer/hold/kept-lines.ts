// What a network says while no bouncer is there: whole lines with the time of their arrival, bounded; its PING is answered.
import type { Clock } from '@fuchsbau/shared/clock.ts'
import { LineReader } from '../irc/line-reader.ts'
import { formatMessage, message, parseMessage } from '../irc/message.ts'
import { MAX_LINE_BYTES } from '../upstream/transport.ts'
import type { Held } from './frames.ts'

/** What an array entry and a buffer cost besides their bytes, about. */
const ENTRY_BYTES = 150

export class KeptLines {
  readonly #reader = new LineReader(MAX_LINE_BYTES)
  readonly #clock: Clock
  readonly #answer: (line: string) => void
  readonly #held: Held[] = []
  /** Memory that it takes, about. */
  bytes = 0

  /** `partial`: the beginning of a line that the bouncer has already. `answer` sends a line to the network. */
  constructor(partial: Buffer, clock: Clock, answer: (line: string) => void) {
    this.#clock = clock
    this.#answer = answer
    this.#reader.add(partial)
    this.#reader.next()
  }

  add(bytes: Buffer): void {
    const time = this.#clock.now()
    this.#reader.add(bytes)
    const lines: Buffer[] = []
    for (let line = this.#reader.next(); line; line = this.#reader.next()) {
      if (line !== 'too-long' && !this.#isPing(line)) lines.push(line, NEWLINE)
    }
    if (lines.length > 0) this.#keep({ time, bytes: Buffer.concat(lines) })
  }

  /** Everything, oldest first; at last the beginning of a line, if there is one. */
  take(): Held[] {
    const rest = this.#reader.rest()
    return rest.length > 0
      ? [...this.#held, { time: this.#clock.now(), bytes: rest }]
      : [...this.#held]
  }

  #keep(held: Held): void {
    this.#held.push(held)
    this.bytes += held.bytes.length + ENTRY_BYTES
  }

  #isPing(line: Buffer): boolean {
    const parsed = parseMessage(line.toString('latin1'))
    if (parsed?.command !== 'PING') return false
    this.#answer(formatMessage(message('PONG', ...parsed.params.slice(0, 2))))
    return true
  }
}

const NEWLINE = Buffer.from('\n')
