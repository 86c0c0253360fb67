// Deleting what is kept no longer: once an hour, a little at a time, so that nobody notices.
import type { Clock, Timer } from './clock.ts'

const EVERY_MS = 3_600_000
const FIRST_MS = 60_000
const USUAL_PAUSE_MS = 20

export interface SweepOptions {
  clock: Clock
  /** The work of one sweep: each step takes some milliseconds at most. */
  steps(): Iterator<void>
  /** Between steps. */
  pauseMs?: number
  /** When the store takes nothing: the rest waits for the next sweep. */
  onError(error: unknown): void
}

/** Sweeps each hour; returns how to stop that. */
export function startSweeps(options: SweepOptions): () => void {
  const { clock, steps, pauseMs = USUAL_PAUSE_MS, onError } = options
  let timer: Timer
  const sweep = () => {
    const work = steps()
    const step = () => {
      let isDone = true
      try {
        isDone = work.next().done === true
      } catch (error) {
        onError(error)
      }
      timer = isDone ? clock.after(EVERY_MS, sweep) : clock.after(pauseMs, step)
    }
    step()
  }
  timer = clock.after(FIRST_MS, sweep)
  return () => timer.cancel()
}
