// How long uploads are kept.
import type { Clock } from '@fuchsbau/shared/clock.ts'
import { startSweeps } from '@fuchsbau/shared/sweep.ts'
import type { Store } from '../store/store.ts'

/** Files in one step. */
const MOST_REMOVED = 50

export interface UploadExpiry {
  store: Store
  clock: Clock
  /** Age at which they are deleted, ms; 0: never. */
  keptMs: number
  /** When the store takes nothing. */
  onError(error: unknown): void
}

/** Deletes what is too old, each hour; returns how to stop that. */
export function startUploadExpiry({ store, clock, keptMs, onError }: UploadExpiry): () => void {
  function* steps(): Generator<void> {
    while (store.uploads.expire(clock.now() - keptMs, MOST_REMOVED) > 0) yield
  }
  return keptMs > 0 ? startSweeps({ clock, steps, onError }) : () => {}
}
