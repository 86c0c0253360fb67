// Finds out that a client is gone without a word: it is asked after a while of silence, and left when it says nothing.
import type { Timer } from '@fuchsbau/shared/clock.ts'
import { message } from '../irc/message.ts'
import type { Downstream } from './downstream.ts'

/** Silence after which it is asked, and again before it is left. */
const SILENCE_MS = 120_000

export class Keepalive {
  readonly #downstream: Downstream
  #heardAt: number
  #isAsked = false
  #timer: Timer

  constructor(downstream: Downstream) {
    const { clock } = downstream
    this.#downstream = downstream
    this.#heardAt = clock.now()
    this.#timer = clock.after(SILENCE_MS, () => this.#look())
  }

  /** Something came. */
  heard(): void {
    this.#heardAt = this.#downstream.clock.now()
    this.#isAsked = false
  }

  close(): void {
    this.#timer.cancel()
  }

  #look(): void {
    const downstream = this.#downstream
    if (downstream.isClosed) return
    const { clock, registration } = downstream
    const leftMs = this.#heardAt + SILENCE_MS - clock.now()
    if (leftMs <= 0 && this.#isAsked) {
      downstream.close('nothing was heard of this client')
      return
    }
    if (leftMs <= 0) {
      this.#isAsked = true
      // Before the welcome there is another deadline.
      if (registration.isDone) downstream.send(message('PING', 'fuchsbau-alive'))
    }
    this.#timer = clock.after(leftMs > 0 ? leftMs : SILENCE_MS, () => this.#look())
  }
}
