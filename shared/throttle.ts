// Slows down guessing of passwords, per address and per account, in bounded memory.
import type { Clock } from './clock.ts'

/**
 * An attempt that may be made: its failure is counted already. `succeed` takes that and those before back, `forget` only that,
 * when nobody can tell whether it was right; `done` ends it.
 */
export type Attempt =
  | { ok: true; succeed(): void; forget(): void; done(): void }
  | { ok: false; waitMs: number }

export type Throttle = {
  begin(address: string, account: string): Attempt
}

type Rule = { free: number; longestMs: number }

/** Failures that cost nothing; from then on the wait doubles from one second up to the longest. */
const addressRule: Rule = { free: 5, longestMs: 15 * 60_000 }
/** Shorter: else a stranger could keep the owner out. Addresses that signed in before are exempt. */
const accountRule: Rule = { free: 10, longestMs: 30_000 }
/** Failures are forgotten after so long without another. */
const FORGET_MS = 60 * 60_000
const MAX_KEYS = 5_000
/** Passwords are checked at the same time at most so often: each takes memory and a core. */
const MAX_AT_ONCE = 3

export function createThrottle(clock: Pick<Clock, 'now'>): Throttle {
  const failures = new Map<string, { count: number; lastAt: number }>()
  const known = new Map<string, true>()
  let running = 0

  const waitOf = (key: string, { free, longestMs }: Rule) => {
    const entry = failures.get(key)
    if (!entry || entry.count < free) return 0
    const delay = Math.min(longestMs, 1_000 * 2 ** Math.min(entry.count - free, 30))
    // Not longer when the clock was put back meanwhile.
    return Math.min(delay, Math.max(0, entry.lastAt + delay - clock.now()))
  }
  const fail = (key: string) => {
    const entry = failures.get(key)
    const isForgotten = !entry || entry.lastAt + FORGET_MS < clock.now()
    failures.delete(key)
    failures.set(key, { count: isForgotten ? 1 : entry.count + 1, lastAt: clock.now() })
    dropOldest(failures)
    return () => {
      const now = failures.get(key)
      if (now && now.count > 1) {
        failures.set(key, { count: now.count - 1, lastAt: entry?.lastAt ?? now.lastAt })
      } else failures.delete(key)
    }
  }
  return {
    begin(fullAddress, account) {
      const address = addressGroup(fullAddress)
      const addressKey = `address ${address}`
      const accountKey = `account ${account.slice(0, 100)}`
      const pair = `${address} ${accountKey}`
      const isKnown = known.has(pair)
      const waitMs = Math.max(
        waitOf(addressKey, addressRule),
        isKnown ? 0 : waitOf(accountKey, accountRule),
        running >= MAX_AT_ONCE ? 2_000 : 0,
      )
      if (waitMs > 0) return { ok: false, waitMs }
      running += 1
      const takeBack = [fail(addressKey), ...(isKnown ? [] : [fail(accountKey)])]
      return {
        ok: true,
        succeed() {
          failures.delete(addressKey)
          failures.delete(accountKey)
          known.set(pair, true)
          dropOldest(known)
        },
        forget() {
          for (const one of takeBack) one()
        },
        done() {
          running -= 1
        },
      }
    },
  }
}

function dropOldest(map: Map<string, unknown>): void {
  const oldest = map.size > MAX_KEYS ? map.keys().next().value : undefined
  if (oldest !== undefined) map.delete(oldest)
}

/** What counts as one address: of an IPv6 address its /64, because one person has all of it. */
export function addressGroup(address: string): string {
  if (!address.includes(':') || address.includes('.')) return address
  const [head = '', tail] = address.split('::', 2)
  const left = head.split(':').filter(Boolean)
  const right = (tail ?? '').split(':').filter(Boolean)
  const zeros =
    tail === undefined ? [] : Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0')
  return [...left, ...zeros, ...right].slice(0, 4).join(':')
}
