// Flood control: what is sent to a network goes through a token bucket, so that it never kills the user for excess.
// PING, PONG and QUIT do not pass here. What is said and done goes ahead of questions: three programs
// that attach ask for the members and modes of all channels.
import type { Clock, Timer } from '@fuchsbau/shared/clock.ts'

/** A burst of lines, then one each `everyMs`. */
export interface FloodLimits {
  burst: number
  everyMs: number
  /** Lines that may wait; more are refused. */
  queue: number
  /** A line costs one more for each so many bytes. */
  bytesPerToken: number
}

/** What servers in the way of RFC 1459 (8.10) let through: five lines at once, then one each two seconds. */
export const DEFAULT_FLOOD: FloodLimits = {
  burst: 5,
  everyMs: 2_000,
  queue: 500,
  bytesPerToken: 450,
}

/**
 * Servers whose defaults allow more, by what 004 calls them: InspIRCd's `commandrate` is one PRIVMSG a second and its
 * `threshold` ten; Ergo reads two in a second; ngIRCd three, and waits rather than kills.
 */
export const FASTER_FLOOD: FloodLimits = {
  ...DEFAULT_FLOOD,
  burst: 8,
  everyMs: 1_100,
  bytesPerToken: Number.POSITIVE_INFINITY,
}

/** The limits for a server, by its version in 004. */
export function floodLimits(version: string): FloodLimits {
  return /^(?:inspircd|ergo|ngircd)/i.test(version) ? FASTER_FLOOD : DEFAULT_FLOOD
}

/** Commands that servers count as more than one line. */
const COSTS: Readonly<Record<string, number>> = {
  JOIN: 2,
  LIST: 5,
  NAMES: 2,
  WHO: 3,
  WHOIS: 2,
  WHOWAS: 2,
}

/** What changes nothing, so that its place does not matter. */
const QUERY =
  /^(?:@\S* )?(?:(?:CHATHISTORY|WHO|WHOIS|WHOWAS|NAMES|LIST|ISON|USERHOST)(?: |$)|MODE \S+(?: :?\+?[beIq])?$)/

export interface SendOptions {
  /** Ahead of what waits. */
  first?: boolean
  /** Called when it is written. */
  onWrite?: (() => void) | undefined
}

export interface FloodControl {
  /** Sends now or later; false when too much waits, and the line was not taken. */
  send(line: string, options?: SendOptions): boolean
  /** Takes other limits from now on. */
  limit(limits: FloodLimits): void
  /** Lines that wait. */
  readonly waiting: number
  /** Those lines, as they are sent. */
  lines(): string[]
  /** Begins without a burst: the network has just had one. */
  spend(): void
  close(): void
}

/** @param write sends one line at once. */
export function createFloodControl(
  write: (line: string) => void,
  clock: Clock,
  initial: FloodLimits = DEFAULT_FLOOD,
): FloodControl {
  const waiting: { line: string; onWrite: (() => void) | undefined }[] = []
  let limits = initial
  let tokens = limits.burst
  let filledAt = clock.now()
  let timer: Timer | undefined

  const refill = () => {
    const now = clock.now()
    tokens = Math.min(limits.burst, tokens + Math.max(0, now - filledAt) / limits.everyMs)
    filledAt = now
  }
  const placeOf = (line: string) =>
    QUERY.test(line) ? waiting.length : waiting.findLastIndex((each) => !QUERY.test(each.line)) + 1
  const drain = () => {
    timer = undefined
    refill()
    for (let next = waiting[0]; next !== undefined && tokens >= 1; next = waiting[0]) {
      waiting.shift()
      tokens -= costOf(next.line, limits)
      write(next.line)
      next.onWrite?.()
    }
    const waitMs = Math.ceil((1 - Math.min(tokens, 1)) * limits.everyMs) + 1
    if (waiting.length > 0) timer = clock.after(waitMs, drain)
  }
  return {
    send(line, { first = false, onWrite } = {}) {
      if (waiting.length >= limits.queue) return false
      waiting.splice(first ? 0 : placeOf(line), 0, { line, onWrite })
      if (timer === undefined) drain()
      return true
    },
    limit(next) {
      refill()
      limits = next
    },
    get waiting() {
      return waiting.length
    },
    lines: () => waiting.map(({ line }) => line),
    spend() {
      refill()
      tokens = 0
    },
    close() {
      timer?.cancel()
      waiting.length = 0
    },
  }
}

function costOf(line: string, { bytesPerToken }: FloodLimits): number {
  const [, command = ''] = /^(?:@\S* )?(\S+)/.exec(line) ?? []
  const cost = Object.hasOwn(COSTS, command) ? (COSTS[command] ?? 1) : 1
  return cost + Math.floor(line.length / bytesPerToken)
}
