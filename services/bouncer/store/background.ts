// Work behind the commits, in short turns of its own: the search index, and sweeping away what was deleted. While there
// is some, one piece is done every few ms, so that lines of clients and networks come in between.

import type { Clock, Timer } from '@fuchsbau/shared/clock.ts'
import type { Turn } from '@fuchsbau/shared/database/turn.ts'
import { StoreUnavailable } from '@fuchsbau/shared/database/unavailable.ts'

export interface Chore {
  readonly isBehind: boolean
  /** Does a bounded piece. */
  step(): void
}

const PAUSE_MS = 10

/** Starts the chores, which are looked at after each commit; returns how to stop them. */
export function startChores(turn: Turn, clock: Clock, chores: readonly Chore[]): () => void {
  let timer: Timer | undefined
  /** Whose turn it is: the one that waited longest. */
  const queue = [...chores]
  const work = () => {
    timer = undefined
    const [chore] = queue.splice(
      Math.max(
        0,
        queue.findIndex(({ isBehind }) => isBehind),
      ),
      1,
    )
    if (!chore) return
    queue.push(chore)
    if (!chore.isBehind) return
    try {
      chore.step()
    } catch (error) {
      // The listeners know; after the store has recovered the next commit starts the chores again.
      if (!(error instanceof StoreUnavailable)) throw error
    }
    schedule()
  }
  const schedule = () => {
    if (turn.failure !== undefined) return
    if (chores.some(({ isBehind }) => isBehind)) timer ??= clock.after(PAUSE_MS, work)
  }
  const stopListening = turn.onSettled(schedule)
  schedule()
  return () => {
    stopListening()
    timer?.cancel()
  }
}
