// What one client sends, line by line: so many in one turn that others get theirs, so many in a second, and none while
// the client does not read what it is sent. Until then nothing is read from its wire.
import type { Timer } from '@fuchsbau/shared/clock.ts'
import { StoreUnavailable } from '@fuchsbau/shared/database/unavailable.ts'
import { LineReader } from '../irc/line-reader.ts'
import type { Downstream } from './downstream.ts'
import { decode, MAX_LINE_BYTES } from './socket.ts'

/** Lines in one turn of the event loop, and ms after which no other is begun in it. */
const AT_ONCE = 50
const TURN_MS = 10
/** Lines in a row, and lines a second in the long run. */
const BURST = 5_000
const PER_SECOND = 500
/** Bytes that may wait to be read by the client before more of its requests are read. */
const MAX_UNREAD = 1024 * 1024
/** How soon it is looked again whether it has read. */
const LOOK_AGAIN_MS = 50

export class Intake {
  readonly #downstream: Downstream
  readonly #reader = new LineReader(MAX_LINE_BYTES)
  #allowance = BURST
  #refilledAt: number
  #timer: Timer | undefined
  #isHeld = false

  constructor(downstream: Downstream) {
    this.#downstream = downstream
    this.#refilledAt = downstream.clock.now()
  }

  /** Bytes from the wire. */
  take(bytes: Buffer): void {
    if (this.#downstream.isClosed) return
    this.#reader.add(bytes)
    if (!this.#timer && !this.#isHeld) this.#work()
  }

  close(): void {
    this.#timer?.cancel()
  }

  #work(): void {
    const { clock, user } = this.#downstream
    this.#refill()
    const waitMs = user?.work.waitMs ?? 0
    if (waitMs > 0) {
      this.#pause(waitMs)
      return
    }
    const begun = clock.now()
    this.#takeLines(() => clock.now() - begun < TURN_MS)
    user?.work.spend(clock.now() - begun)
  }

  #takeLines(isTime: () => boolean): void {
    const downstream = this.#downstream
    for (let count = 0; count < AT_ONCE && this.#allowance >= 1 && isTime(); count += 1) {
      if (downstream.waiting > MAX_UNREAD) {
        this.#pause(LOOK_AGAIN_MS)
        return
      }
      if (downstream.registration.isChecking) {
        this.#hold()
        return
      }
      const line = this.#reader.next()
      if (line === undefined) return
      this.#allowance -= 1
      if (line === 'too-long') downstream.numeric('417', 'Input line was too long')
      else handle(downstream, decode(line))
      if (downstream.isClosed) return
    }
    this.#pause(this.#allowance >= 1 ? 0 : (AT_ONCE / PER_SECOND) * 1000)
  }

  /** Until the password that came before is checked. */
  #hold(): void {
    const { wire, registration } = this.#downstream
    this.#isHeld = true
    wire.pause()
    registration.whenChecked(() => {
      this.#isHeld = false
      if (this.#downstream.isClosed) return
      this.#work()
      if (!this.#timer && !this.#isHeld) wire.resume()
    })
  }

  #pause(delayMs: number): void {
    const { wire, clock } = this.#downstream
    wire.pause()
    this.#timer = clock.after(delayMs, () => {
      this.#timer = undefined
      if (this.#downstream.isClosed) return
      this.#work()
      if (!this.#timer && !this.#isHeld) wire.resume()
    })
  }

  #refill(): void {
    const now = this.#downstream.clock.now()
    const grown = this.#allowance + ((now - this.#refilledAt) / 1000) * PER_SECOND
    this.#allowance = Math.max(0, Math.min(BURST, grown))
    this.#refilledAt = now
  }
}

/** One client's line must not be the end of all: what goes wrong with it ends that client alone. */
function handle(downstream: Downstream, line: string): void {
  downstream.bouncer.traffic.fromClients.inc()
  try {
    downstream.receive(line)
  } catch (error) {
    if (error instanceof StoreUnavailable) {
      downstream.close(`the bouncer cannot store anything now: ${error.message}`)
      return
    }
    downstream.log.error({ err: error, user: downstream.user?.record.name }, 'a line of a client')
    downstream.close('internal error; the log of the bouncer says more')
  }
}
