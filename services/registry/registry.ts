// What every part of the service works with.
import type { Clock } from '@fuchsbau/shared/clock.ts'
import { StoreUnavailable } from '@fuchsbau/shared/database/unavailable.ts'
import type { Log } from '@fuchsbau/shared/log.ts'
import type { Metrics } from '@fuchsbau/shared/metrics.ts'
import type { Serial } from '@fuchsbau/shared/serial.ts'
import type { Throttle } from '@fuchsbau/shared/throttle.ts'
import { type Caller, credentialName, nameOf } from './account/caller.ts'
import { OciError } from './errors.ts'
import type { TrustedKey } from './images/signature.ts'
import type { ManifestCache } from './pass/manifest-cache.ts'
import type { Upstream } from './pass/upstream.ts'
import type { PolicyHolder } from './policy-holder.ts'
import type { Store } from './store/store.ts'
import type { IssueOptions } from './token/issue.ts'
import type { TokenVerifier } from './token/verify.ts'

export interface Registry {
  store: Store
  clock: Clock
  log: Log
  metrics: Metrics
  throttle: Throttle
  policy: PolicyHolder
  issue: IssueOptions
  verifier: TokenVerifier
  upstream: Upstream
  /** Of the last second. */
  manifests: ManifestCache
  /** Whether the upstream gets our tokens, and verifies them. */
  upstreamTakesTokens: boolean
  /** The Authorization header for an upstream that gets none of our tokens; undefined: none. */
  upstreamCredential: string | undefined
  /** Our address, without a slash at its end, and its host. */
  url: string
  host: string
  isEvaluation: boolean
  /** By which signatures are verified for the pages. */
  trustedKeys: readonly TrustedKey[]
  /** Changes of one tag, one after the other. */
  tagChanges: Serial
  /** Largest manifest, in bytes. */
  maxManifestBytes: number
}

/** Whose socket was closed meanwhile has no address any more, whatever the type says. */
export function addressOf(request: { ip: string | undefined }): string {
  return request.ip ?? ''
}

export interface AuditEntry {
  event: string
  caller: Caller
  address: string
  repository?: string | undefined
  reference?: string | undefined
  digest?: string | undefined
  outcome?: string
}

/**
 * Writes a line of the audit: to the store, and to the log. While nothing can be stored, only to the log: what must not
 * happen without it asks `mustStore` first.
 */
export function audit(registry: Registry, entry: AuditEntry): void {
  const { store, clock, log } = registry
  const { event, caller, address, repository = '', digest = '' } = entry
  // It may be what a stranger typed, and is shown in terminals.
  const reference = (entry.reference ?? '').replaceAll(/\p{C}/gu, '\u{fffd}')
  const outcome = entry.outcome ?? 'ok'
  const who = nameOf(caller)
  const credential = credentialName(caller, store)
  const line = { event, who, credential, repository, reference, digest, address, outcome }
  log.info({ audit: line }, event)
  try {
    store.audit.add({ at: clock.now(), ...line })
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error
  }
}

/** Throws while nothing can be stored: then nothing is changed at the upstream, either. */
export function mustStore({ store }: Registry): void {
  if (store.failure === undefined) return
  throw new OciError('UNAVAILABLE', 'Nothing can be stored here now. Try again later.', {
    headers: { 'retry-after': '30' },
  })
}
