// What is counted as it happens, for /metrics. Every label takes its values from a list that stands here or in the code: what
// strangers type never becomes one.
import type { Counter, Metrics } from '@fuchsbau/shared/metrics.ts'
import type { Endpoint } from './endpoint.ts'

/** What a request was for; `none` is an address where there is nothing. */
export const REQUEST_KINDS = [
  'base',
  'catalog',
  'tags',
  'manifest',
  'blob',
  'uploads',
  'upload',
  'referrers',
  'extension',
  'token',
  'keys',
  'none',
] as const satisfies readonly (Endpoint['kind'] | 'token' | 'keys' | 'none')[]
export type RequestKind = (typeof REQUEST_KINDS)[number]

const OUTCOMES = [
  'ok',
  'unauthorized',
  'denied',
  'not_found',
  'limited',
  'invalid',
  'failed',
  'aborted',
] as const
type Outcome = (typeof OUTCOMES)[number]

/** Why somebody who is known may not: no rule of the policy, her token, or what a tag is. */
const DENIALS = ['policy', 'token', 'immutable'] as const
export type Denial = (typeof DENIALS)[number]

/** By what somebody tried to log in; `unknown` when it was nothing that we know. */
const CREDENTIALS = ['session', 'password', 'access-token', 'refresh-token', 'unknown'] as const
type LoginBy = (typeof CREDENTIALS)[number]
const LOGINS = ['ok', 'wrong', 'over', 'throttled'] as const
type Login = (typeof LOGINS)[number]

/**
 * A token was shown that must not be used: it had expired, was revoked, its owner is not here any more, or it was used under
 * another's name; `ended` is a short token whose access token or session is over.
 */
const MISUSES = ['expired', 'revoked', 'owner', 'name', 'ended'] as const
export type Misuse = (typeof MISUSES)[number]

const HOLDERS = ['anonymous', 'person', 'robot'] as const
type Holder = (typeof HOLDERS)[number]

const PREFIX = 'fuchsbau_registry'

export class Counts {
  readonly #metrics: Metrics
  readonly #requests
  readonly #denials
  readonly #logins
  readonly #misuses
  readonly #tokens
  readonly #audit = new Map<string, Counter>()
  /** Bytes of bodies that went to clients, and that came from them. */
  readonly pulled: Counter
  readonly pushed: Counter
  /** Requests with a body that is not stored yet. */
  uploads = 0

  constructor(metrics: Metrics) {
    this.#metrics = metrics
    const count = (name: string, help: string, labels = {}) =>
      metrics.counter(`${PREFIX}_${name}_total`, help, labels)
    this.#requests = byName(REQUEST_KINDS, (kind) =>
      byName(OUTCOMES, (outcome) =>
        count('requests', 'Requests of the registry protocol, by what for and outcome.', {
          kind,
          outcome,
        }),
      ),
    )
    this.#denials = byName(DENIALS, (reason) =>
      count('denials', 'Requests of somebody known that were denied, by what denied them.', {
        reason,
      }),
    )
    this.#logins = byName(CREDENTIALS, (by) =>
      byName(LOGINS, (outcome) =>
        count('logins', 'Names and secrets that were shown, by kind and outcome.', { by, outcome }),
      ),
    )
    this.#misuses = byName(MISUSES, (reason) =>
      count('token_misuse', 'Tokens that were shown and are over, or under a wrong name.', {
        reason,
      }),
    )
    this.#tokens = byName(HOLDERS, (holder) =>
      count('tokens_issued', 'Short tokens that were issued to clients.', { holder }),
    )
    this.pulled = count('pulled_bytes', 'Bytes that were sent to clients, with their heads.')
    this.pushed = count('pushed_bytes', 'Bytes of bodies that came from clients.')
  }

  /** A request of the registry protocol has ended. `isWhole`: its answer was sent to the end. */
  request(kind: RequestKind, status: number, isWhole: boolean): void {
    this.#requests[kind][isWhole ? outcomeOf(status) : 'aborted'].inc()
  }

  denied(reason: Denial): void {
    this.#denials[reason].inc()
  }

  login(by: LoginBy, outcome: Login): void {
    this.#logins[by][outcome].inc()
  }

  misused(reason: Misuse): void {
    this.#misuses[reason].inc()
  }

  issued(holder: Holder): void {
    this.#tokens[holder].inc()
  }

  /** A line of the audit. `event` is a word of the code. */
  audited(event: string): void {
    const known = this.#audit.get(event)
    const counter =
      known ??
      this.#metrics.counter(`${PREFIX}_audit_lines_total`, 'Lines of the audit, by event.', {
        event,
      })
    if (!known) this.#audit.set(event, counter)
    counter.inc()
  }
}

function outcomeOf(status: number): Outcome {
  if (status < 400) return 'ok'
  if (status >= 500) return 'failed'
  switch (status) {
    case 401:
      return 'unauthorized'
    case 403:
      return 'denied'
    case 404:
      return 'not_found'
    case 429:
      return 'limited'
    default:
      return 'invalid'
  }
}

function byName<K extends string, V>(names: readonly K[], make: (name: K) => V): Record<K, V> {
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<K, V>
}
