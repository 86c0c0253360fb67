// Deletes lines of the audit that are older than they are kept: a few at a time.
import { startSweeps } from '@fuchsbau/shared/sweep.ts'
import type { Registry } from './registry.ts'

const PAUSE_MS = 100
/** So many at a time take some 5 ms. */
const MOST = 500

/** Sweeps each hour; returns how to stop that. */
export function startAuditRetention(
  { store, clock, log }: Pick<Registry, 'store' | 'clock' | 'log'>,
  keptMs: number,
): () => void {
  function* steps(): Generator<void> {
    while (store.failure === undefined && store.audit.expire(clock.now() - keptMs, MOST) === MOST)
      yield
  }
  const onError = (err: unknown) =>
    log.error({ err }, 'old lines of the audit could not be deleted')
  return startSweeps({ clock, steps, pauseMs: PAUSE_MS, onError })
}
