// What goes wrong with one client outside of its own lines, by a timer or at the end of a turn: an exception there would
// end the process, and so everybody.
import { StoreUnavailable } from '@fuchsbau/shared/database/unavailable.ts'
import type { Downstream } from './downstream.ts'

/** Runs a task for a client. If it fails, that client alone is ended, with the reason. */
export function guarded(downstream: Downstream, what: string, task: () => void): void {
  try {
    task()
  } catch (error) {
    if (error instanceof StoreUnavailable) {
      downstream.close(`the history cannot be read now: ${error.message}`)
      return
    }
    noteFault(downstream, what, error)
    downstream.close('internal error; the log of the bouncer says more')
  }
}

/** Writes to a client. If it fails, nothing more can be said to it: it is cut off. */
export function flushGuarded(downstream: Downstream): void {
  try {
    downstream.flush()
  } catch (error) {
    noteFault(downstream, 'writing to a client', error)
    downstream.wire.destroy()
    downstream.lost()
  }
}

function noteFault({ log, user }: Downstream, what: string, err: unknown): void {
  log.error({ err, user: user?.record.name }, what)
}
