// Asks the identity provider once a day about people whose credentials nobody uses: their refresh tokens end there when they
// are not used for long (Pocket ID: 30 days), and a token that a job uses once a month must not be lost by that.
import type { Timer } from '@fuchsbau/shared/clock.ts'
import type { Registry } from '../registry.ts'

const EVERY_MS = 600_000
const UNUSED_MS = 86_400_000
/** One after the other; the rest the next time. */
const MOST = 50

/** Returns how to stop. */
export function startRecheckSweep({
  store,
  clock,
  log,
  recheck,
}: Pick<Registry, 'store' | 'clock' | 'log' | 'recheck'>): () => void {
  let timer: Timer | undefined
  let isStopped = false
  const step = async () => {
    try {
      const before = clock.now() - UNUSED_MS
      const unused = store.people
        .list()
        .filter(({ refreshToken, checkedAt }) => refreshToken !== '' && checkedAt < before)
      for (const person of unused.slice(0, MOST)) if (!isStopped) await recheck.check(person)
    } catch (error) {
      log.error({ err: error }, 'people could not be asked about')
    }
    if (!isStopped) again()
  }
  const again = () => {
    timer = clock.after(EVERY_MS, () => void step())
  }
  again()
  return () => {
    isStopped = true
    timer?.cancel()
  }
}
