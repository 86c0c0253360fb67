// Polling with a deadline: the only way tests wait for something another process does.
import { setTimeout as pause } from 'node:timers/promises'

/** How `waitFor` waits and what it says when it gives up. */
export interface WaitOptions {
  /** What is awaited, as the end of the sentence "waited 10 s for …". */
  what: string
  /** Deadline; 15 s when absent. */
  timeoutMs?: number
  /** Pause between two checks; 25 ms when absent. */
  everyMs?: number
  /** More for the failure message, such as the end of a log. */
  context?: () => string
}

/** Resolves with the first truthy value of `check`; a throwing check counts as "not yet". */
export async function waitFor<T>(
  check: () => T | Promise<T>,
  { what, timeoutMs = 15_000, everyMs = 25, context }: WaitOptions,
): Promise<NonNullable<T>> {
  const deadline = performance.now() + timeoutMs
  let last: unknown
  do {
    try {
      const value = await check()
      if (value) return value
      last = undefined
    } catch (error) {
      last = error
    }
    await pause(everyMs)
  } while (performance.now() < deadline)
  const details = [
    ...(last === undefined ? [] : [`last error: ${last}`]),
    ...(context === undefined ? [] : [context()]),
  ]
  throw new Error([`waited ${timeoutMs / 1000} s for ${what}`, ...details].join('\n'))
}
