// What every part of the service works with.
import type { Clock } from '@fuchsbau/shared/clock.ts'
import { StoreUnavailable } from '@fuchsbau/shared/database/unavailable.ts'
import type { Log } from '@fuchsbau/shared/log.ts'
import type { RelyingParty } from '@fuchsbau/shared/login/oidc.ts'
import type { Metrics } from '@fuchsbau/shared/metrics.ts'
import type { Serial } from '@fuchsbau/shared/serial.ts'
import type { Throttle } from '@fuchsbau/shared/throttle.ts'
import { type Caller, credentialName, nameOf } from './account/caller.ts'
import type { ToldUses } from './account/note-login.ts'
import type { Recheck } from './account/recheck.ts'
import type { Counts } from './counts.ts'
import { OciError } from './errors.ts'
import type { TrustedKey } from './images/signature.ts'
import type { DevicePolls } from './login/device-polls.ts'
import type { IssuerKeys } from './login/issuer-keys.ts'
import type { FairShare } from './pass/fair-share.ts'
import type { ManifestCache } from './pass/manifest-cache.ts'
import type { Upstream } from './pass/upstream.ts'
import type { PolicyHolder } from './policy-holder.ts'
import type { AuditRecord } from './store/records.ts'
import type { Store } from './store/store.ts'
import type { IssueOptions } from './token/issue.ts'
import type { TokenVerifier } from './token/verify.ts'
import type { Announcer } from './webhook/announcer.ts'
import type { EventRequest, PushedManifest } from './webhook/event.ts'

export interface Registry {
  store: Store
  clock: Clock
  log: Log
  /** For the lines of the audit alone, which name credentials and show none. */
  auditLog: Log
  metrics: Metrics
  counts: Counts
  toldUses: ToldUses
  throttle: Throttle
  /** The identity provider; undefined when none is configured. */
  party: RelyingParty | undefined
  recheck: Recheck
  policy: PolicyHolder
  webhooks: Announcer
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
  /** Whom people are told to ask. */
  contact: string
  /** By which signatures are verified for the pages. */
  trustedKeys: readonly TrustedKey[]
  /** Of the ID tokens of CI jobs. `refusals` slows down those that are not good. */
  idTokens: { keys: IssuerKeys; refusals: Throttle }
  devicePolls: DevicePolls
  /** The longest lifetime of access tokens. */
  maxTokenAgeMs: number
  /** Requests that are under way at the upstream, by who makes them. */
  places: FairShare
  /** Changes of one repository's tags, and what is deleted there: one after the other. */
  changes: Serial
  /** Largest manifest, in bytes. */
  maxManifestBytes: number
}

/** Whose socket was closed meanwhile has no address any more, whatever the type says. */
export function addressOf(request: { ip: string | undefined }): string {
  return request.ip ?? ''
}

/** What writing the audit takes. */
export type Audited = Pick<Registry, 'store' | 'clock' | 'log' | 'auditLog' | 'counts' | 'webhooks'>

export interface AuditEntry {
  event: string
  /** `operator`: whoever uses the command line. */
  caller: Caller | 'operator'
  address: string
  repository?: string | undefined
  reference?: string | undefined
  digest?: string | undefined
  outcome?: string
  /** What was pushed, and by which request: for the webhooks. */
  manifest?: PushedManifest | undefined
  request?: EventRequest | undefined
}

/**
 * Writes a line of the audit: to the store, and to the log; with it goes what webhooks are to be told. While nothing can be
 * stored, only to the log: what must not happen without it asks `mustStore` first.
 */
export function audit(registry: Audited, entry: AuditEntry): void {
  const { store, clock, auditLog, counts } = registry
  const { event, caller, address, repository = '', digest = '' } = entry
  // It may be what a stranger typed, and is shown in terminals.
  const reference = (entry.reference ?? '').replaceAll(/\p{C}/gu, '\u{fffd}')
  const outcome = entry.outcome ?? 'ok'
  const who = caller === 'operator' ? caller : nameOf(caller)
  const credential = caller === 'operator' ? 'command-line' : credentialName(caller, store)
  const line = { event, who, credential, repository, reference, digest, address, outcome }
  auditLog.info({ audit: line }, event)
  counts.audited(event)
  try {
    const at = clock.now()
    store.audit.add({ at, ...line })
    store.pushes.follow({ at, ...line })
    if (outcome === 'ok') announce(registry, entry, { ...line, at })
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error
  }
}

/** A push or a deletion of a manifest: layers come and go without a word. */
function announce(
  { webhooks }: Audited,
  { event, manifest, request }: AuditEntry,
  line: Pick<AuditRecord, 'at' | 'who' | 'repository' | 'reference' | 'digest' | 'address'>,
): void {
  if ((event !== 'push' && event !== 'delete') || line.reference === '') return
  webhooks.announce({
    ...line,
    kind: event === 'push' && manifest?.refersTo ? 'signature' : event,
    tag: line.reference.includes(':') ? undefined : line.reference,
    manifest,
    request: request ?? { id: '', method: '', userAgent: '' },
  })
}

/** Throws while nothing can be stored: then nothing is changed at the upstream, either. */
export function mustStore({ store }: Registry): void {
  if (store.failure === undefined) return
  throw new OciError('UNAVAILABLE', 'Nothing can be stored here now. Try again later.', {
    headers: { 'retry-after': '30' },
  })
}
