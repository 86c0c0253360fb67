// Time, as something passed in: the system's clock for the services, a settable one for tests.

/** A pending task of a clock. */
export type Timer = {
  /** Forgets the task; does nothing when it has run. */
  cancel(): void
}

export type Clock = {
  /** Milliseconds since the epoch. */
  now(): number
  /** Runs `task` once, `ms` from now (at least 0). Keeps the process alive: cancel it on close. */
  after(ms: number, task: () => void): Timer
}

export type SettableClock = Clock & {
  /** Jumps to an instant without running anything that is due before it. */
  set(ms: number): void
  /** Moves on by `ms` and runs what falls due on the way, in order, each at its own instant. */
  advance(ms: number): void
}

/** The longest delay setTimeout takes; beyond it, it would fire at once. */
const longestTimeoutMs = 2 ** 31 - 1

/** The clock of the machine. Delays longer than setTimeout takes (24.8 days) are waited for in parts. */
export function systemClock(): Clock {
  return { now: () => Date.now(), after: afterTimeout }
}

function afterTimeout(ms: number, task: () => void): Timer {
  let handle: NodeJS.Timeout
  const wait = (leftMs: number) => {
    const partMs = Math.min(leftMs, longestTimeoutMs)
    handle = setTimeout(() => (leftMs > partMs ? wait(leftMs - partMs) : task()), partMs)
  }
  wait(Math.max(0, ms))
  return { cancel: () => clearTimeout(handle) }
}

/** A clock that stands still until told otherwise; it begins at `startMs`. */
export function settableClock(startMs = 0): SettableClock {
  let nowMs = startMs
  const waiting = new Set<{ atMs: number; task: () => void }>()
  const nextDue = (untilMs: number) => {
    let next: { atMs: number; task: () => void } | undefined
    for (const entry of waiting) {
      if (entry.atMs <= untilMs && (next === undefined || entry.atMs < next.atMs)) next = entry
    }
    return next
  }
  return {
    now: () => nowMs,
    after(ms, task) {
      const entry = { atMs: nowMs + Math.max(0, ms), task }
      waiting.add(entry)
      return { cancel: () => waiting.delete(entry) }
    },
    set(ms) {
      nowMs = ms
    },
    advance(ms) {
      const untilMs = nowMs + ms
      for (let next = nextDue(untilMs); next !== undefined; next = nextDue(untilMs)) {
        waiting.delete(next)
        nowMs = Math.max(nowMs, next.atMs)
        next.task()
      }
      nowMs = untilMs
    },
  }
}
