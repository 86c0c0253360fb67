// Gives memory that V8 holds and does not need back to the system. It grows its young generation in a burst, up to 64 MB, and
// keeps it for as long as the process lives: its own way of giving it back waits for a low rate of allocation that it only
// learns of by collecting, which an idle process does not.
import { PerformanceObserver, performance } from 'node:perf_hooks'
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** How long it must have been quiet. */
const QUIET_MS = 400
/** Quiet is when the event loop was at work for no more than this part of the time: ten lines of IRC a second are not. */
const MOST_WORK = 0.005
/** A young generation of fewer bytes is worth no collection, which takes 50 to 100 ms. */
const WORTHWHILE_BYTES = 4 * 1024 * 1024
/** Collections take no more than this part of the time. */
const MOST_COLLECTING = 0.01

type Collect = (options: { type: 'major'; flavor: 'last-resort' }) => void

/** Looks after each collection of V8's whether the process has become quiet. Returns how to stop. */
export function giveBackSpareMemory(): () => void {
  let timer: NodeJS.Timeout | undefined
  let collect: Collect | undefined
  let notBefore = 0
  const look = (since: ReturnType<typeof performance.eventLoopUtilization>) => {
    timer = undefined
    if (
      performance.now() < notBefore ||
      performance.eventLoopUtilization(since).utilization > MOST_WORK
    ) {
      wait()
    } else if (youngBytes() >= WORTHWHILE_BYTES) {
      const began = performance.now()
      collect ??= collector()
      collect({ type: 'major', flavor: 'last-resort' })
      const end = performance.now()
      notBefore = end + (end - began) / MOST_COLLECTING
    }
  }
  const wait = () => {
    if (timer) return
    const delayMs = Math.max(QUIET_MS, notBefore - performance.now())
    const since = performance.eventLoopUtilization()
    timer = setTimeout(look, delayMs, since).unref()
  }
  const observer = new PerformanceObserver(wait)
  observer.observe({ entryTypes: ['gc'] })
  wait()
  return () => {
    observer.disconnect()
    clearTimeout(timer)
  }
}

function youngBytes(): number {
  const spaces = getHeapSpaceStatistics()
  return spaces.find(({ space_name: name }) => name === 'new_space')?.space_size ?? 0
}

/** V8's own function: it is there only in contexts that are made while the flag is on. */
function collector(): Collect {
  setFlagsFromString('--expose-gc')
  const collect: Collect = runInNewContext('gc')
  setFlagsFromString('--no-expose-gc')
  return collect
}
