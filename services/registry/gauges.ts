// What /metrics tells of the registry that is looked at for each scrape.
import type { Registry } from './registry.ts'

export function addGauges({
  metrics,
  store,
  clock,
  issue,
  counts,
  upstream,
  isEvaluation,
}: Registry): void {
  const gauge = (name: string, help: string, read: () => number) =>
    metrics.gauge(`fuchsbau_registry_${name}`, help, read)
  gauge('access_tokens', 'Access tokens that are neither expired nor revoked.', () =>
    store.accessTokens.countLiving(clock.now()),
  )
  gauge('uploads_in_flight', 'Requests whose bodies are on their way.', () => counts.uploads)
  gauge('upstream_connections', 'Connections to the upstream.', () => upstream.connections)
  gauge('signing_key_age_seconds', 'Age of the key that signs tokens.', () => {
    const { record } = issue.keys.active
    return (clock.now() - record.createdAt) / 1000
  })
  gauge(
    'evaluation_storage',
    'Whether images are kept by the built-in upstream, which is for evaluation.',
    () => Number(isEvaluation),
  )
  gauge('database_bytes', 'Size of the database.', () => store.sizes().databaseBytes)
  gauge('log_bytes', "Size of the database's write-ahead log.", () => store.sizes().logBytes)
  gauge('store_failed', 'Whether the store takes nothing now.', () =>
    store.failure === undefined ? 0 : 1,
  )
}
