// What is to be done when a client has been sent all that it is owed now: the lines it is catching up with, and the answers
// to its requests that are still under way. Our PONG waits for that, so that a client's PING is a barrier: it comes
// behind the answers to all that the network was asked before it. What the flood control still holds the network has not
// been asked: PONG waits a moment for it, and no longer, because clients take the delay for a slow line.
import type { Timer } from '@fuchsbau/shared/clock.ts'
import type { Requester } from '../upstream/port.ts'
import type { Downstream } from './downstream.ts'

/** A network may never answer; a client that waits for PONG would give up. */
const DEADLINE_MS = 10_000
/** For what the flood control holds: irssi shows a lag from 1 s on. */
const HELD_MS = 900
const MOST_WAITING = 50

interface Barrier {
  /** Message up to which the history is owed. */
  upTo: number
  requesters: Set<Requester>
  timers: readonly Timer[]
  run(): void
}

export class Barriers {
  readonly #downstream: Downstream
  readonly #waiting: Barrier[] = []

  constructor(downstream: Downstream) {
    this.#downstream = downstream
  }

  /** Runs the task at once when nothing is owed; else when it was sent, at the latest in 10 s; what is not asked in 0.9 s is not owed. In order. */
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
    const timers = [
      clock.after(HELD_MS, () => this.#excuse(barrier)),
      clock.after(DEADLINE_MS, () => this.#expire(barrier)),
    ]
    const barrier: Barrier = { upTo, requesters, timers, run }
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
    for (const { timers } of this.#waiting.splice(0)) cancel(timers)
  }

  #isPassed({ upTo, requesters }: Barrier): boolean {
    const { isRunning, position } = this.#downstream.catchUp
    return requesters.size === 0 && (!isRunning || position >= upTo)
  }

  #excuse({ requesters }: Barrier): void {
    for (const requester of requesters) if (requester.isHeld) requesters.delete(requester)
    this.look()
  }

  #expire(barrier: Barrier): void {
    const index = this.#waiting.indexOf(barrier)
    for (let count = 0; count <= index; count += 1) this.#release()
  }

  #release(): void {
    const barrier = this.#waiting.shift()
    if (!barrier) return
    cancel(barrier.timers)
    barrier.run()
  }
}

function cancel(timers: readonly Timer[]): void {
  for (const timer of timers) timer.cancel()
}
