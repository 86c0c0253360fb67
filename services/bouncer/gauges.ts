// What /metrics tells of the bouncer. Read at each scrape; only what happens all the time is counted as it happens.
import type { Bouncer } from './bouncer.ts'
import type { Network } from './network.ts'

const STATES = ['disabled', 'waiting', 'connecting', 'connected'] as const

export function addGauges({ metrics, store, users, downstreams }: Bouncer): void {
  const gauge = (name: string, help: string, read: () => number, labels = {}) =>
    metrics.gauge(`fuchsbau_bouncer_${name}`, help, read, labels)
  function* networks(): Generator<Network> {
    for (const user of users.values()) yield* user.networks.values()
  }
  gauge('users', 'Persons.', () => users.size)
  for (const state of STATES) {
    const count = () => [...networks()].filter(({ keeper }) => keeper.state === state).length
    gauge('networks', 'Networks of all persons, by state.', count, { state })
  }
  for (const isIn of [true, false]) {
    const state = isIn ? 'logged-in' : 'stranger'
    const count = () =>
      [...downstreams].filter(({ registration }) => registration.isDone === isIn).length
    gauge('clients', 'Connected clients, by whether they have logged in.', count, { state })
  }
  gauge('unread_bytes', 'Bytes that wait to be read by clients.', () =>
    [...downstreams].reduce((sum, { waiting }) => sum + waiting, 0),
  )
  gauge('network_lag_seconds', 'Lag of the slowest network, by PING.', () =>
    [...networks()].reduce(
      (most, { upstream }) => Math.max(most, (upstream?.lag.ms ?? 0) / 1000),
      0,
    ),
  )
  gauge('stored_lines', 'Lines in the history.', () => store.sizes().messages)
  gauge('database_bytes', 'Size of the database.', () => store.sizes().databaseBytes)
  gauge('log_bytes', "Size of the database's write-ahead log.", () => store.sizes().logBytes)
  gauge('upload_bytes', 'Size of all uploads.', () => store.sizes().uploadBytes)
  gauge(
    'search_lag_lines',
    'Lines that the search does not find yet.',
    () => store.sizes().indexLag,
  )
  gauge('commits', 'Commits since the start.', () => store.sizes().commits)
  gauge('store_failed', 'Whether the store takes nothing now.', () =>
    store.failure === undefined ? 0 : 1,
  )
}
