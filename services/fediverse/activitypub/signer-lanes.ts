// Order among activities: those of one signer one after the other, those of different signers side by side. Of what
// waits only the id is kept.

import type { AcceptedActivity } from '../store/accepted.ts'

interface Lane {
  waiting: string[]
  done: Promise<void>
}

/** Does one activity's work; `accepted` is at hand when it did not have to wait. Never rejects. */
export type LaneWork = (id: string, accepted?: AcceptedActivity) => Promise<void>

export class SignerLanes {
  readonly #work: LaneWork
  readonly #lanes = new Map<string, Lane>()

  constructor(work: LaneWork) {
    this.#work = work
  }

  /** How many wait behind the one that is worked on. */
  countWaiting(signer: string): number {
    return this.#lanes.get(signer)?.waiting.length ?? 0
  }

  /** Works on it now, or when those before it are done. */
  enter(signer: string, id: string, accepted?: AcceptedActivity): void {
    const lane = this.#lanes.get(signer)
    if (lane) {
      lane.waiting.push(id)
      return
    }
    const waiting: string[] = []
    const entered = { waiting, done: Promise.resolve() }
    this.#lanes.set(signer, entered)
    entered.done = this.#workOff(signer, id, accepted, waiting)
  }

  /** Resolves when nothing is worked on and nothing waits. */
  async idle(): Promise<void> {
    while (this.#lanes.size > 0) {
      await Promise.all(Array.from(this.#lanes.values(), ({ done }) => done))
    }
  }

  async #workOff(
    signer: string,
    first: string,
    accepted: AcceptedActivity | undefined,
    waiting: string[],
  ): Promise<void> {
    await this.#work(first, accepted)
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) await this.#work(id)
    this.#lanes.delete(signer)
  }
}
