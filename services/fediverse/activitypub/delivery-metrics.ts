// What the delivery engine tells Prometheus.

import type { Clock } from '@fuchsbau/shared/clock.ts'
import type { Metrics } from '@fuchsbau/shared/metrics.ts'
import type { Schedule } from './schedule.ts'

const endings = ['delivered', 'gone', 'refused', 'expired', 'dropped', 'lost'] as const
const kinds = ['delivered', 'gone', 'refused', 'failed'] as const

/** How a delivery ended: `expired` after its last retry, `dropped` by the operator, `lost` without its body. */
export type Ending = (typeof endings)[number]

const seconds = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
const prefix = 'fuchsbau_fediverse_deliver'

/** Registers gauges that read the schedule; returns what counts endings and attempts. */
export function countDeliveries(metrics: Metrics, clock: Clock, schedule: Schedule) {
  const ended = forEach(endings, (outcome) =>
    metrics.counter(`${prefix}ies_total`, 'Deliveries that ended.', { outcome }),
  )
  const took = forEach(kinds, (outcome) =>
    metrics.histogram(`${prefix}y_attempt_seconds`, 'Attempts at deliveries.', seconds, {
      outcome,
    }),
  )
  metrics.gauge(`${prefix}ies_queued`, 'Deliveries waiting or under way.', () => schedule.length)
  metrics.gauge(`${prefix}ies_in_flight`, 'Deliveries under way.', () => schedule.inFlight)
  metrics.gauge(`${prefix}y_oldest_seconds`, 'Age of the oldest delivery that is queued.', () => {
    const oldestAt = schedule.oldestAt()
    return oldestAt === undefined ? 0 : Math.max(0, clock.now() - oldestAt) / 1_000
  })
  metrics.gauge(
    `${prefix}y_waiting_hosts`,
    'Hosts that something is due for, and that wait for their turn.',
    () => schedule.waitingHosts,
  )
  metrics.gauge(
    `${prefix}y_open_circuits`,
    'Hosts that are held because they keep failing.',
    () => {
      let open = 0
      for (const { circuit } of schedule.hosts.values()) if (circuit.isOpen) open += 1
      return open
    },
  )
  return {
    ended: (ending: Ending, count: number) => ended[ending].inc(count),
    attempted: (kind: (typeof kinds)[number], ms: number) =>
      took[kind].observe(Math.max(0, ms) / 1_000),
  }
}

function forEach<K extends string, V>(keys: readonly K[], make: (key: K) => V): Record<K, V> {
  return Object.fromEntries(keys.map((key) => [key, make(key)])) as Record<K, V>
}
