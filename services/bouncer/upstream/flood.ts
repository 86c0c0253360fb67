// Flood control: what is sent to a network goes through a token bucket, so that it never kills the user for excess.
import type { Clock, Timer } from '@fuchsbau/shared/clock.ts'

/** A burst of lines, then one each `everyMs`: what InspIRCd, UnrealIRCd, solanum and ngIRCd let through by default. */
export interface FloodLimits {
  burst: number
  everyMs: number
  /** Lines that may wait; more are refused. */
  queue: number
}

export const DEFAULT_FLOOD: FloodLimits = { burst: 5, everyMs: 2_000, queue: 200 }

/** A line costs more the longer it is, as RFC 1459 (8.10) servers count. */
const BYTES_PER_TOKEN = 450

export interface FloodControl {
  /** Sends now or later; false when too much waits, and the line was not taken. `first`: ahead of what waits. */
  send(line: string, options?: { first?: boolean }): boolean
  /** Lines that wait. */
  readonly waiting: number
  close(): void
}

/** @param write sends one line at once. */
export function createFloodControl(
  write: (line: string) => void,
  clock: Clock,
  { burst, everyMs, queue }: FloodLimits = DEFAULT_FLOOD,
): FloodControl {
  const waiting: string[] = []
  let tokens = burst
  let filledAt = clock.now()
  let timer: Timer | undefined

  const refill = () => {
    const now = clock.now()
    tokens = Math.min(burst, tokens + Math.max(0, now - filledAt) / everyMs)
    filledAt = now
  }
  const costOf = (line: string) => 1 + Math.floor(line.length / BYTES_PER_TOKEN)
  const drain = () => {
    timer = undefined
    refill()
    for (let line = waiting[0]; line !== undefined && tokens >= 1; line = waiting[0]) {
      waiting.shift()
      tokens -= costOf(line)
      write(line)
    }
    const waitMs = Math.ceil((1 - Math.min(tokens, 1)) * everyMs) + 1
    if (waiting.length > 0) timer = clock.after(waitMs, drain)
  }
  return {
    send(line, { first = false } = {}) {
      if (waiting.length >= queue) return false
      if (first) waiting.unshift(line)
      else waiting.push(line)
      if (timer === undefined) drain()
      return true
    },
    get waiting() {
      return waiting.length
    },
    close() {
      timer?.cancel()
      waiting.length = 0
    },
  }
}
