// A blob of another repository is mounted only by who may read it there: the upstream is not asked to look.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#mounting-a-blob-from-another-repository
import { verdict } from '../account/rights.ts'
import { parseRepository } from '../name.ts'
import type { Exchange } from './serve.ts'

/**
 * The query of a request that begins an upload. A mount that is not allowed, or that does not say from where, becomes an
 * ordinary upload, as the specification has it for a registry that cannot mount.
 */
export function mountQuery({ registry, identified, query }: Exchange): string {
  const parameters = new URLSearchParams(query)
  if (!parameters.has('mount')) return query
  const from = parseRepository(parameters.get('from') ?? '')
  const isAllowed =
    from !== undefined &&
    parameters.getAll('from').length === 1 &&
    parameters.getAll('mount').length === 1 &&
    verdict(registry.policy.current, identified.caller, 'pull', from).isAllowed
  if (isAllowed) return query
  parameters.delete('mount')
  parameters.delete('from')
  return parameters.toString()
}
