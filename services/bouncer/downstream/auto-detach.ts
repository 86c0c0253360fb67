// Channels that are detached by themselves, after so long without a word in them.
import type { Timer } from '@fuchsbau/shared/clock.ts'
import { StoreUnavailable } from '@fuchsbau/shared/database/unavailable.ts'
import type { Bouncer } from '../bouncer.ts'
import type { Network } from '../network.ts'

const LOOK_EVERY_MS = 30_000

/** Looks twice a minute; returns how to stop that. */
export function startAutoDetach({ users, clock, store }: Bouncer): () => void {
  let timer: Timer
  const look = () => {
    timer = clock.after(LOOK_EVERY_MS, look)
    if (store.failure !== undefined) return
    try {
      for (const user of users.values()) {
        for (const network of user.networks.values()) detachQuiet(network, clock.now())
      }
    } catch (error) {
      // The listeners of failures know; what is left is done when the store works again.
      if (!(error instanceof StoreUnavailable)) throw error
    }
  }
  timer = clock.after(LOOK_EVERY_MS, look)
  return () => timer.cancel()
}

function detachQuiet(network: Network, now: number): void {
  for (const { name, isDetached, detachAfterMs } of [...network.channels.values()]) {
    if (isDetached || detachAfterMs <= 0 || !network.upstream?.channels.has(name)) continue
    const at = network.spokenAt.get(name)
    if (at === undefined) network.spokenAt.set(name, now)
    else if (now - at >= detachAfterMs) network.detach(name)
  }
}
