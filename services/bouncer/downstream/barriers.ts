// What is to be done when a client has been sent all that it is owed now: the lines it is catching up with, and the answers
// to its requests that are still under way. Our PONG waits for that, so that a client's PING is a barrier.
import type { Timer } from '@fuchsbau/shared/clock.ts'
import type { Requester } from '../upstream/port.ts'
import type { Downstream } from './downstream.ts'

/** A network may never answer; a client that waits for PONG would give up. */
const DEADLINE_MS = 10_000
const MOST_WAITING = 50

interface Barrier {
  /** Message up to which the history is owed. */
  upTo: number
  requesters: Set<Requester>
  timer: Timer
  run(): void
}

export class Barriers {
  readonly #downstream: Downstream
  readonly #waiting: Barrier[] = []

  constructor(downstream: Downstream) {
    this.#downstream = downstream
  }

  /** Runs the task at once when nothing is owed; else when it was sent, at the latest in 10 s. In order. */
  add(run: () => void): void {
    const { bouncer, catchUp, clock, labels, network } = this.#downstream
    const upTo = catchUp.isRunning && network ? bouncer.store.messages.lastId(network.record.id) : 0
    const requesters = new Set(labels.open)
    const isOwed = upTo > 0 || requesters.size > 0
    if (this.#waiting.length === 0 && !isOwed) {
      run()
      return
    }
    if (this.#waiting.length >= MOST_WAITING) this.#release()
    const timer = clock.after(DEADLINE_MS, () => this.#expire(barrier))
    const barrier: Barrier = { upTo, requesters, timer, run }
    this.#waiting.push(barrier)
  }

  /** A request was answered whole. */
  answered(requester: Requester): void {
    for (const { requesters } of this.#waiting) requesters.delete(requester)
    this.look()
  }

  /** Something was sent: whose turn has come? */
  look(): void {
    while (this.#waiting[0] && this.#isPassed(this.#waiting[0])) this.#release()
  }

  close(): void {
    for (const { timer } of this.#waiting.splice(0)) timer.cancel()
  }

  #isPassed({ upTo, requesters }: Barrier): boolean {
    const { isRunning, position } = this.#downstream.catchUp
    return requesters.size === 0 && (!isRunning || position >= upTo)
  }

  #expire(barrier: Barrier): void {
    const index = this.#waiting.indexOf(barrier)
    for (let count = 0; count <= index; count += 1) this.#release()
  }

  #release(): void {
    const barrier = this.#waiting.shift()
    barrier?.timer.cancel()
    barrier?.run()
  }
}
