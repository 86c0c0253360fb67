// Deletes lines of the audit that are older than they are kept: a few at a time.
import type { Timer } from '@fuchsbau/shared/clock.ts'
import type { Registry } from './registry.ts'

const EVERY_MS = 3_600_000
const PAUSE_MS = 100
const FIRST_MS = 60_000
/** So many at a time take some 5 ms. */
const MOST = 500

/** Sweeps each hour; returns how to stop that. */
export function startAuditRetention(
  { store, clock, log }: Pick<Registry, 'store' | 'clock' | 'log'>,
  keptMs: number,
): () => void {
  let timer: Timer
  const step = () => {
    let deleted = 0
    try {
      if (store.failure === undefined) deleted = store.audit.expire(clock.now() - keptMs, MOST)
    } catch (error) {
      log.error({ err: error }, 'old lines of the audit could not be deleted')
    }
    timer = clock.after(deleted === MOST ? PAUSE_MS : EVERY_MS, step)
  }
  timer = clock.after(FIRST_MS, step)
  return () => timer.cancel()
}
