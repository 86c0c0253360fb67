// Counts of lines, by whom they come from and where they go.
import type { Counter, Metrics } from '@fuchsbau/shared/metrics.ts'

export interface Traffic {
  fromClients: Counter
  toClients: Counter
  fromNetworks: Counter
  toNetworks: Counter
}

export function countTraffic(metrics: Metrics): Traffic {
  const counter = (side: string, direction: string) =>
    metrics.counter('fuchsbau_bouncer_lines_total', 'Lines, as they came and went.', {
      side,
      direction,
    })
  return {
    fromClients: counter('clients', 'in'),
    toClients: counter('clients', 'out'),
    fromNetworks: counter('networks', 'in'),
    toNetworks: counter('networks', 'out'),
  }
}
