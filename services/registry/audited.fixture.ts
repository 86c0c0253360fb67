// What writing the audit takes, for tests of the parts that write it: nobody is told of anything.
import type { Clock } from '@fuchsbau/shared/clock.ts'
import { type Log, silentLog } from '@fuchsbau/shared/log.ts'
import { createMetrics, type Metrics } from '@fuchsbau/shared/metrics.ts'
import { Counts } from './counts.ts'
import type { Audited } from './registry.ts'
import type { Store } from './store/store.ts'
import { Announcer } from './webhook/announcer.ts'

export interface AuditedOptions {
  store: Store
  clock: Clock
  log?: Log
  metrics?: Metrics
}

export function auditedFixture({
  store,
  clock,
  log = silentLog(),
  metrics = createMetrics(),
}: AuditedOptions): Audited & { metrics: Metrics } {
  const url = 'http://registry.test'
  const webhooks = new Announcer({
    file: undefined,
    url,
    store,
    clock,
    log,
    metrics,
    random: Math.random,
  })
  return { store, clock, log, auditLog: log, metrics, counts: new Counts(metrics), webhooks }
}
