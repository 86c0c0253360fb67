// A blob of another repository is mounted only by who may read it there: the upstream is not asked to look.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#mounting-a-blob-from-another-repository
import { verdict } from '../account/rights.ts'
import { parseRepository, type Repository } from '../name.ts'
import type { Scope } from '../scope.ts'
import { challenge } from '../token/challenge.ts'
import { grants } from '../token/verify.ts'
import type { Exchange } from './exchange.ts'
import { scopesOf } from './needs.ts'

/** Where a request wants to mount a blob from, if it says so in one way. */
export function mountFrom(query: string): Repository | undefined {
  const parameters = new URLSearchParams(query)
  const [from, ...others] = parameters.getAll('from')
  if (from === undefined || others.length > 0) return
  return parameters.getAll('mount').length === 1 ? parseRepository(from) : undefined
}

/**
 * The query of a request that begins an upload. A mount that is not allowed, or that does not say from where, becomes an
 * ordinary upload, as the specification has it for a registry that cannot mount. Throws a challenge when only the token is
 * not made for it.
 */
export function mountQuery({ registry, identified, query, need }: Exchange): string {
  const parameters = new URLSearchParams(query)
  if (!parameters.has('mount') && !parameters.has('from')) return query
  const from = mountFrom(query)
  const { claims, caller } = identified
  if (from && verdict(registry.policy.current, caller, 'pull', from).isAllowed) {
    // Written anew, so that the upstream reads what we have read.
    if (!claims || grants(claims, from, 'pull')) return parameters.toString()
    const reading: Scope = { type: 'repository', name: from, actions: ['pull'] }
    throw challenge(registry, [...scopesOf(need), reading], 'insufficient_scope')
  }
  parameters.delete('mount')
  parameters.delete('from')
  return parameters.toString()
}
